//! nftables: the requests for what the kernel holds, and its answers as tables.
//!
//! Layouts follow `include/uapi/linux/netfilter/nf_tables.h`. Rules come as expressions over registers; the translator
//! names what is loaded and compared, and keeps whatever it does not know as an unknown statement.

mod act;
mod backend;
mod chain;
mod compare;
mod data;
mod data_type;
mod keys;
mod kind;
mod load;
mod part;
mod payload;
mod registers;
mod rule;
mod set;
mod table;
mod translator;

pub use chain::ChainRecord;
pub use rule::RuleRecord;
pub use set::{RawElement, SetRecord, Sets};
pub use table::{TableRecord, assemble};

use porthole_model::firewall::TableFamily;

use crate::netlink::NetlinkError;
use crate::netlink::message::Request;
use crate::netlink::netfilter::{Subsystem, split};

const GETTABLE: u8 = 1;
const GETCHAIN: u8 = 4;
const GETRULE: u8 = 7;
const GETSET: u8 = 10;
const GETSETELEM: u8 = 13;
const GETGEN: u8 = 16;

/// Asks for all tables.
pub fn tables_request() -> Request {
    Subsystem::Nftables.dump(GETTABLE, 0)
}

/// Asks for all chains of all tables.
pub fn chains_request() -> Request {
    Subsystem::Nftables.dump(GETCHAIN, 0)
}

/// Asks for all sets of all tables.
pub fn sets_request() -> Request {
    set::request()
}

/// Asks for the generation: a number that every change makes larger.
pub fn generation_request() -> Request {
    Subsystem::Nftables.get(GETGEN, 0)
}

/// Decodes the generation.
pub fn generation(payload: &[u8]) -> Result<u32, NetlinkError> {
    let (_, attributes) = split("generation", payload)?;
    let id = attributes.find(1).and_then(|id| id.be32());
    id.ok_or(NetlinkError::Lacks { what: "generation", part: "number" })
}

/// The family by its number (`NFPROTO_*`).
pub(super) fn family(number: u8) -> Option<TableFamily> {
    Some(match number {
        1 => TableFamily::Inet,
        2 => TableFamily::Ip,
        3 => TableFamily::Arp,
        5 => TableFamily::Netdev,
        7 => TableFamily::Bridge,
        10 => TableFamily::Ip6,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::IpSetNames;
    use super::*;

    /// A message whose attributes have their type and length right at each level, with any content.
    fn attributes(depth: u32) -> impl Strategy<Value = Vec<u8>> {
        let leaf = prop::collection::vec(any::<u8>(), 0..24).boxed();
        leaf.prop_recursive(depth, 64, 6, |inner| {
            prop::collection::vec((1u16..12, inner), 0..6).prop_map(|list| {
                list.iter().fold(Vec::new(), |bytes, (kind, value)| attribute(bytes, *kind, value))
            })
        })
    }

    fn attribute(mut bytes: Vec<u8>, kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len() + 4).unwrap_or(4);
        bytes.extend(length.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn expressions() -> impl Strategy<Value = Vec<u8>> {
        let names = prop::sample::select(vec![
            "meta",
            "ct",
            "fib",
            "payload",
            "immediate",
            "bitwise",
            "byteorder",
            "cmp",
            "range",
            "lookup",
            "match",
            "target",
            "nat",
            "masq",
            "redir",
            "reject",
            "counter",
            "limit",
            "queue",
            "objref",
            "log",
        ]);
        let number = prop::sample::select(vec![0u32, 1, 2, 3, 4, 6, 8, 9, 10, 16]);
        let values = prop::collection::vec((1u16..10, number.prop_map(|n| n.to_be_bytes().to_vec())), 0..7);
        let expression = (names, values).prop_map(|(name, values)| {
            let data = values.iter().fold(Vec::new(), |bytes, (kind, value)| attribute(bytes, *kind, value));
            attribute(attribute(Vec::new(), 1, name.as_bytes()), 2, &data)
        });
        prop::collection::vec(expression, 0..12).prop_map(|list| {
            list.iter().fold(Vec::new(), |bytes, expression| attribute(bytes, 1, expression))
        })
    }

    fn decode_all(payload: &[u8]) {
        let _ = generation(payload);
        let _ = TableRecord::decode(payload);
        let _ = ChainRecord::decode(payload);
        let _ = RuleRecord::decode(payload, &Sets::default(), &IpSetNames::new());
        let _ = RawElement::decode(payload);
        if let Ok(set) = SetRecord::decode(payload) {
            let _ = RawElement::decode(payload).map(|raw| set.join(raw));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_without_panic(bytes: Vec<u8>) {
            decode_all(&bytes);
        }

        #[test]
        fn any_attributes_end_without_panic(family: u8, bytes in attributes(4)) {
            decode_all(&[&[family, 0, 0, 0], bytes.as_slice()].concat());
        }

        #[test]
        fn any_expressions_are_understood_or_unknown(expressions in expressions()) {
            let mut bytes = vec![2, 0, 0, 0];
            bytes = attribute(bytes, 1, b"filter\0");
            bytes = attribute(bytes, 2, b"FORWARD\0");
            bytes = attribute(bytes, 4, &expressions);
            let rule = RuleRecord::decode(&bytes, &Sets::default(), &IpSetNames::new());
            prop_assert!(rule.is_ok());
        }
    }
}
