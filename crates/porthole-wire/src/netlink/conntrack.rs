//! UDP entries of connection tracking: `IPCTNL_MSG_CT_GET` and its answers
//! (`include/uapi/linux/netfilter/nfnetlink_conntrack.h`).

use std::net::SocketAddr;

use porthole_model::UdpFlow;

use super::NetlinkError;
use super::attribute::Attributes;
use super::attribute_list::AttributeList;
use super::message::Request;
use super::netfilter::{self, Subsystem};
use crate::AddressFamily;

const WHAT: &str = "connection tracking entry";
const IPCTNL_MSG_CT_GET: u8 = 1;
const CTA_TUPLE_ORIG: u16 = 1;
const CTA_TUPLE_REPLY: u16 = 2;
const CTA_STATUS: u16 = 3;
const CTA_TIMEOUT: u16 = 7;
const CTA_FILTER: u16 = 25;
const CTA_FILTER_ORIG_FLAGS: u16 = 1;
const CTA_FILTER_REPLY_FLAGS: u16 = 2;
const FILTER_BY_PROTOCOL: u32 = 1 << 3;
const CTA_TUPLE_IP: u16 = 1;
const CTA_TUPLE_PROTO: u16 = 2;
const CTA_IP_V4_SRC: u16 = 1;
const CTA_IP_V4_DST: u16 = 2;
const CTA_IP_V6_SRC: u16 = 3;
const CTA_IP_V6_DST: u16 = 4;
const CTA_PROTO_NUM: u16 = 1;
const CTA_PROTO_SRC_PORT: u16 = 2;
const CTA_PROTO_DST_PORT: u16 = 3;
const IPPROTO_UDP: u8 = 17;
const IPS_SEEN_REPLY: u32 = 1 << 1;

/// Asks for the UDP entries of a family. Kernels before 5.8 pass over the filter and give all entries.
pub fn udp_request(family: AddressFamily) -> Request {
    let protocol = AttributeList::new().bytes(CTA_PROTO_NUM, &[IPPROTO_UDP]);
    let tuple = AttributeList::new().nested(CTA_TUPLE_PROTO, &protocol);
    let filter = AttributeList::new()
        .bytes(CTA_FILTER_ORIG_FLAGS, &FILTER_BY_PROTOCOL.to_ne_bytes())
        .bytes(CTA_FILTER_REPLY_FLAGS, &0u32.to_ne_bytes());
    let outer = AttributeList::new().nested(CTA_TUPLE_ORIG, &tuple).nested(CTA_FILTER, &filter);
    Subsystem::Conntrack.dump(IPCTNL_MSG_CT_GET, family.number()).with_fixed(&outer.into_bytes())
}

/// Decodes an entry; `None` for one of another protocol.
pub fn decode_udp(payload: &[u8]) -> Result<Option<UdpFlow>, NetlinkError> {
    let (_, attributes) = netfilter::split(WHAT, payload)?;
    let Some((source, destination)) = tuple(attributes, CTA_TUPLE_ORIG)? else { return Ok(None) };
    let Some((reply_source, reply_destination)) = tuple(attributes, CTA_TUPLE_REPLY)? else {
        return Ok(None);
    };
    let number = |kind| attributes.find(kind).and_then(|attribute| attribute.be32());
    Ok(Some(UdpFlow {
        source,
        destination,
        reply_source,
        reply_destination,
        seen_reply: number(CTA_STATUS).is_some_and(|status| status & IPS_SEEN_REPLY != 0),
        expires_in: number(CTA_TIMEOUT),
    }))
}

/// Source and destination of one direction, where that is of UDP.
fn tuple(
    attributes: Attributes<'_>,
    direction: u16,
) -> Result<Option<(SocketAddr, SocketAddr)>, NetlinkError> {
    let tuple = nested(attributes, direction, "direction")?;
    let protocol = nested(tuple, CTA_TUPLE_PROTO, "protocol")?;
    if protocol.find(CTA_PROTO_NUM).and_then(|number| number.u8()) != Some(IPPROTO_UDP) {
        return Ok(None);
    }
    let addresses = nested(tuple, CTA_TUPLE_IP, "address")?;
    let end = |kinds: [u16; 2], port| {
        let address = kinds.iter().find_map(|kind| addresses.find(*kind)?.ip_address());
        let address = address.ok_or(NetlinkError::Lacks { what: WHAT, part: "address" })?;
        let port = protocol.find(port).and_then(|attribute| attribute.be16());
        Ok(SocketAddr::new(address, port.ok_or(NetlinkError::Lacks { what: WHAT, part: "port" })?))
    };
    let source = end([CTA_IP_V4_SRC, CTA_IP_V6_SRC], CTA_PROTO_SRC_PORT)?;
    let destination = end([CTA_IP_V4_DST, CTA_IP_V6_DST], CTA_PROTO_DST_PORT)?;
    Ok(Some((source, destination)))
}

fn nested<'a>(outer: Attributes<'a>, kind: u16, part: &'static str) -> Result<Attributes<'a>, NetlinkError> {
    outer.find(kind).ok_or(NetlinkError::Lacks { what: WHAT, part })?.nested(WHAT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn direction(source: [u8; 4], destination: [u8; 4], ports: (u16, u16), protocol: u8) -> AttributeList {
        let addresses = AttributeList::new().bytes(CTA_IP_V4_SRC, &source).bytes(CTA_IP_V4_DST, &destination);
        let protocol = AttributeList::new()
            .bytes(CTA_PROTO_NUM, &[protocol])
            .bytes(CTA_PROTO_SRC_PORT, &ports.0.to_be_bytes())
            .bytes(CTA_PROTO_DST_PORT, &ports.1.to_be_bytes());
        AttributeList::new().nested(CTA_TUPLE_IP, &addresses).nested(CTA_TUPLE_PROTO, &protocol)
    }

    fn entry(protocol: u8) -> Vec<u8> {
        let attributes = AttributeList::new()
            .nested(CTA_TUPLE_ORIG, &direction([10, 77, 0, 1], [10, 77, 0, 2], (40000, 5353), protocol))
            .nested(CTA_TUPLE_REPLY, &direction([172, 17, 0, 2], [10, 77, 0, 1], (53, 40000), protocol))
            .number(CTA_STATUS, 0x1a)
            .number(CTA_TIMEOUT, 28);
        [&[2, 0, 0, 0][..], &attributes.into_bytes()].concat()
    }

    #[test]
    fn an_entry_with_its_translation() {
        let flow = decode_udp(&entry(IPPROTO_UDP)).unwrap().unwrap();
        let text = |address: &str| address.parse::<SocketAddr>().unwrap();
        assert_eq!((flow.source, flow.destination), (text("10.77.0.1:40000"), text("10.77.0.2:5353")));
        assert_eq!(flow.reply_source, text("172.17.0.2:53"));
        assert_eq!((flow.seen_reply, flow.expires_in), (true, Some(28)));
    }

    #[test]
    fn entries_of_other_protocols_are_passed_over() {
        assert_eq!(decode_udp(&entry(6)), Ok(None));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = decode_udp(&bytes).is_ok();
        }

        #[test]
        fn any_attributes_give_no_panic(kind in 0u16..32, value in prop::collection::vec(any::<u8>(), 0..64)) {
            let list = AttributeList::new().nested(CTA_TUPLE_ORIG, &AttributeList::new().bytes(kind, &value));
            let _ = decode_udp(&[&[2, 0, 0, 0][..], &list.into_bytes()].concat()).is_ok();
        }
    }
}
