//! The rule that sets a flow's packets to be traced, as the kernel's expressions.

use std::net::IpAddr;

use porthole_model::{Port, TraceFlow};

use super::super::attribute_list::AttributeList;

const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_META_DREG: u16 = 1;
const NFTA_META_KEY: u16 = 2;
const NFTA_META_SREG: u16 = 3;
const NFT_META_PROTOCOL: u32 = 1;
const NFT_META_NFTRACE: u32 = 12;
const NFT_META_L4PROTO: u32 = 16;
const NFTA_PAYLOAD_DREG: u16 = 1;
const NFTA_PAYLOAD_BASE: u16 = 2;
const NFTA_PAYLOAD_OFFSET: u16 = 3;
const NFTA_PAYLOAD_LEN: u16 = 4;
const NFT_PAYLOAD_NETWORK_HEADER: u32 = 1;
const NFT_PAYLOAD_TRANSPORT_HEADER: u32 = 2;
const NFTA_CMP_SREG: u16 = 1;
const NFTA_CMP_OP: u16 = 2;
const NFTA_CMP_DATA: u16 = 3;
const NFT_CMP_EQ: u32 = 0;
const NFTA_IMMEDIATE_DREG: u16 = 1;
const NFTA_IMMEDIATE_DATA: u16 = 2;
const NFTA_DATA_VALUE: u16 = 1;

/// The only register that is used.
const REGISTER: u32 = 1;

const ETH_P_IP: u16 = 0x0800;
const ETH_P_IPV6: u16 = 0x86dd;

/// The rule's expressions: what the flow says, then `meta nftrace set 1`.
///
/// The kernel takes addresses as they are, so the kind of packet is compared before them.
pub(super) fn expressions(flow: &TraceFlow) -> AttributeList {
    let mut rule = Rule(AttributeList::new());
    if let Some(is_ipv4) = flow.source.or(flow.destination).map(|address| address.is_ipv4()) {
        let kind = if is_ipv4 { ETH_P_IP } else { ETH_P_IPV6 };
        rule = rule.load_meta(NFT_META_PROTOCOL).compare(&kind.to_be_bytes());
    }
    rule = rule.load_meta(NFT_META_L4PROTO).compare(&[flow.protocol]);
    for (address, at) in [(flow.source, (12, 8)), (flow.destination, (16, 24))] {
        rule = rule.address(address, at);
    }
    for (port, at) in [(flow.source_port, 0), (flow.destination_port, 2)] {
        rule = rule.port(port, at);
    }
    rule.trace().0
}

/// Expressions being written.
struct Rule(AttributeList);

impl Rule {
    fn with(self, name: &str, data: &AttributeList) -> Self {
        let expression = AttributeList::new().text(NFTA_EXPR_NAME, name).nested(NFTA_EXPR_DATA, data);
        Self(self.0.element(&expression))
    }

    fn load_meta(self, key: u32) -> Self {
        let data = AttributeList::new().number(NFTA_META_DREG, REGISTER).number(NFTA_META_KEY, key);
        self.with("meta", &data)
    }

    fn load_payload(self, base: u32, offset: u32, length: u32) -> Self {
        let data = AttributeList::new()
            .number(NFTA_PAYLOAD_DREG, REGISTER)
            .number(NFTA_PAYLOAD_BASE, base)
            .number(NFTA_PAYLOAD_OFFSET, offset)
            .number(NFTA_PAYLOAD_LEN, length);
        self.with("payload", &data)
    }

    fn compare(self, value: &[u8]) -> Self {
        let data = AttributeList::new()
            .number(NFTA_CMP_SREG, REGISTER)
            .number(NFTA_CMP_OP, NFT_CMP_EQ)
            .nested(NFTA_CMP_DATA, &AttributeList::new().bytes(NFTA_DATA_VALUE, value));
        self.with("cmp", &data)
    }

    /// Its place in the header is another one for each kind of address.
    fn address(self, address: Option<IpAddr>, (in_ipv4, in_ipv6): (u32, u32)) -> Self {
        match address {
            Some(IpAddr::V4(address)) => {
                self.load_payload(NFT_PAYLOAD_NETWORK_HEADER, in_ipv4, 4).compare(&address.octets())
            }
            Some(IpAddr::V6(address)) => {
                self.load_payload(NFT_PAYLOAD_NETWORK_HEADER, in_ipv6, 16).compare(&address.octets())
            }
            None => self,
        }
    }

    fn port(self, port: Option<Port>, at: u32) -> Self {
        match port {
            Some(Port(port)) => {
                self.load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, at, 2).compare(&port.to_be_bytes())
            }
            None => self,
        }
    }

    fn trace(self) -> Self {
        let on = AttributeList::new().bytes(NFTA_DATA_VALUE, &[1]);
        let data =
            AttributeList::new().number(NFTA_IMMEDIATE_DREG, REGISTER).nested(NFTA_IMMEDIATE_DATA, &on);
        let set =
            AttributeList::new().number(NFTA_META_KEY, NFT_META_NFTRACE).number(NFTA_META_SREG, REGISTER);
        self.with("immediate", &data).with("meta", &set)
    }
}
