//! The table of our own that tells the kernel which packets to trace: requests to make it, to remove it, and to find
//! those that were left.
//!
//! Its chains come before all others where a packet begins its way, and have one rule for each flow.

mod rule;

use porthole_model::TraceFlow;

use super::attribute::Attributes;
use super::attribute_list::AttributeList;
use super::message::Request;
use super::{NetlinkError, fixed};

const WHAT: &str = "table";
const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFNL_MSG_BATCH_BEGIN: u16 = 0x10;
const NFNL_MSG_BATCH_END: u16 = 0x11;
const NFT_MSG_NEWTABLE: u16 = NFNL_SUBSYS_NFTABLES << 8;
const NFT_MSG_GETTABLE: u16 = NFT_MSG_NEWTABLE | 1;
const NFT_MSG_DELTABLE: u16 = NFT_MSG_NEWTABLE | 2;
const NFT_MSG_NEWCHAIN: u16 = NFT_MSG_NEWTABLE | 3;
const NFT_MSG_NEWRULE: u16 = NFT_MSG_NEWTABLE | 6;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;

const NFTA_TABLE_NAME: u16 = 1;
const NFTA_TABLE_FLAGS: u16 = 2;
const NFT_TABLE_F_OWNER: u32 = 0x2;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_POLICY: u16 = 5;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NF_ACCEPT: u32 = 1;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;

/// Where a packet begins its way through a host: it arrives, or is sent (`NF_INET_PRE_ROUTING`,
/// `NF_INET_LOCAL_OUT`; a bridge counts them the same).
const HOOKS: [(&str, u32); 2] = [("arriving", 0), ("sent", 3)];

/// Before connection tracking, before the raw tables, and before what others put in front of these.
const PRIORITY: i32 = -450;

/// The families whose packets are traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceTableFamily {
    /// IPv4 and IPv6.
    Inet,
    /// Frames in bridges.
    Bridge,
}

impl TraceTableFamily {
    fn number(self) -> u8 {
        match self {
            Self::Inet => 1,
            Self::Bridge => 7,
        }
    }
}

/// Who removes the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceTableOwner {
    /// The kernel, when the socket that made it is closed (`NFT_TABLE_F_OWNER`, Linux 5.12).
    Socket,
    /// Whoever asks.
    Nobody,
}

/// The changes that make the table.
pub fn install(family: TraceTableFamily, name: &str, owner: TraceTableOwner, flows: &[TraceFlow]) -> Batch {
    let flags = if owner == TraceTableOwner::Socket { NFT_TABLE_F_OWNER } else { 0 };
    let table = AttributeList::new().text(NFTA_TABLE_NAME, name).number(NFTA_TABLE_FLAGS, flags);
    let mut batch = Batch::new(family).with(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, table);
    for (chain, hook) in HOOKS {
        batch = batch.with(NFT_MSG_NEWCHAIN, NLM_F_CREATE, base_chain(name, chain, hook));
        for flow in flows {
            let rule = AttributeList::new()
                .text(NFTA_RULE_TABLE, name)
                .text(NFTA_RULE_CHAIN, chain)
                .nested(NFTA_RULE_EXPRESSIONS, &rule::expressions(flow));
            batch = batch.with(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, rule);
        }
    }
    batch
}

/// The change that removes the table.
pub fn remove(family: TraceTableFamily, name: &str) -> Batch {
    Batch::new(family).with(NFT_MSG_DELTABLE, 0, AttributeList::new().text(NFTA_TABLE_NAME, name))
}

/// Asks for every table of a family.
pub fn tables(family: TraceTableFamily) -> Request {
    Request::dump(NFT_MSG_GETTABLE).with_fixed(&[family.number(), 0, 0, 0])
}

/// The name of a table of such a dump.
pub fn table_name(payload: &[u8]) -> Result<String, NetlinkError> {
    let (_, attributes) = fixed::<4>(WHAT, payload)?;
    let name = Attributes::check(WHAT, attributes)?.find(NFTA_TABLE_NAME);
    Ok(name.ok_or(NetlinkError::Lacks { what: WHAT, part: "name" })?.text())
}

fn base_chain(table: &str, name: &str, hook: u32) -> AttributeList {
    let place = AttributeList::new()
        .number(NFTA_HOOK_HOOKNUM, hook)
        .number(NFTA_HOOK_PRIORITY, PRIORITY.cast_unsigned());
    AttributeList::new()
        .text(NFTA_CHAIN_TABLE, table)
        .text(NFTA_CHAIN_NAME, name)
        .nested(NFTA_CHAIN_HOOK, &place)
        .text(NFTA_CHAIN_TYPE, "filter")
        .number(NFTA_CHAIN_POLICY, NF_ACCEPT)
}

/// Changes of which the kernel makes all or none, and acknowledges each.
#[derive(Clone, Debug)]
pub struct Batch {
    family: TraceTableFamily,
    changes: Vec<Request>,
}

impl Batch {
    fn new(family: TraceTableFamily) -> Self {
        Self { family, changes: Vec::new() }
    }

    fn with(mut self, message_type: u16, flags: u16, attributes: AttributeList) -> Self {
        let change = Request::change(message_type, flags | NLM_F_ACK)
            .with_fixed(&[self.family.number(), 0, 0, 0])
            .with_fixed(&attributes.into_bytes());
        self.changes.push(change);
        self
    }

    /// How many changes there are to be acknowledged.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The bytes to send; each change has the next number, beginning with this one.
    pub fn finish(self, sequence: u32) -> Vec<u8> {
        let [high, low] = NFNL_SUBSYS_NFTABLES.to_be_bytes();
        let frame = |kind| Request::change(kind, 0).with_fixed(&[0, 0, high, low]).finish(0);
        let changes = self.changes.into_iter().zip(sequence..).map(|(change, number)| change.finish(number));
        let begin = std::iter::once(frame(NFNL_MSG_BATCH_BEGIN));
        begin.chain(changes).chain(std::iter::once(frame(NFNL_MSG_BATCH_END))).flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::{Body, Messages};
    use super::*;

    #[test]
    fn a_batch_is_framed_and_its_changes_are_numbered() {
        let flow = TraceFlow {
            protocol: 6,
            source: None,
            destination: Some("fd00::1".parse().unwrap()),
            source_port: None,
            destination_port: Some(porthole_model::Port(80)),
        };
        let batch = install(TraceTableFamily::Inet, "t", TraceTableOwner::Socket, &[flow]);
        assert_eq!(batch.len(), 5);
        let bytes = batch.finish(7);
        let messages: Vec<_> = Messages::of(&bytes).map(Result::unwrap).collect();
        let kinds = messages.iter().map(|message| match message.body {
            Body::Data { message_type, .. } => message_type,
            _ => panic!("a change is data"),
        });
        assert_eq!(kinds.collect::<Vec<_>>(), [0x10, 0xa00, 0xa03, 0xa06, 0xa03, 0xa06, 0x11]);
        let numbers: Vec<_> = messages.iter().map(|message| message.sequence).collect();
        assert_eq!(numbers, [0, 7, 8, 9, 10, 11, 0]);
    }
}
