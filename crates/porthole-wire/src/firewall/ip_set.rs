//! ipsets: `IPSET_CMD_LIST` and its answers (`include/uapi/linux/netfilter/ipset/ip_set.h`).

use std::net::IpAddr;

use porthole_model::firewall::{Counter, IpSet, IpSetMember, Value, ValueTest};
use porthole_model::{IpPrefix, MacAddress};

use crate::netlink::NetlinkError;
use crate::netlink::attribute::{Attribute, Attributes};
use crate::netlink::message::Request;
use crate::netlink::netfilter::{Subsystem, split};

const WHAT: &str = "ipset";
const LIST: u8 = 7;
/// Since kernel 4.20; it gives the numbers by which rules name the sets. Older kernels know version 6 alone.
const PROTOCOL: u8 = 7;
const OLD_PROTOCOL: u8 = 6;

/// Asks for all sets and their members.
pub fn request() -> Request {
    list(PROTOCOL)
}

/// The same request to a kernel older than 4.20.
pub fn old_request() -> Request {
    list(OLD_PROTOCOL)
}

fn list(protocol: u8) -> Request {
    Subsystem::IpSet.dump(LIST, 0).with_attribute(1, &[protocol])
}

/// A part of a set: the kernel tells a large one in several messages, of which the first alone has its details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpSetRecord {
    /// The number by which rules name it.
    pub index: Option<u16>,
    /// The set, or some of its members.
    pub set: IpSet,
}

impl IpSetRecord {
    /// Decodes a message.
    pub fn decode(payload: &[u8]) -> Result<Self, NetlinkError> {
        let (_, attributes) = split(WHAT, payload)?;
        let text = |kind| attributes.find(kind).map(|value| value.text());
        let kind = text(3).unwrap_or_default();
        let mut set = IpSet {
            name: text(2).ok_or(NetlinkError::Lacks { what: WHAT, part: "name" })?,
            family: attributes.find(5).and_then(|family| family.u8()).unwrap_or(0),
            references: 0,
            members: Vec::new(),
            kind,
        };
        if let Some(details) = attributes.find(7) {
            set.references = details.nested(WHAT)?.find(25).and_then(|count| count.be32()).unwrap_or(0);
        }
        if let Some(members) = attributes.find(8) {
            for one in members.nested(WHAT)? {
                set.members.push(member(one.nested(WHAT)?));
            }
        }
        let index = attributes.find(11).and_then(|index| index.be16());
        Ok(Self { index, set })
    }
}

/// Joins the parts of sets that came in several messages.
pub fn join(records: Vec<IpSetRecord>) -> Vec<IpSetRecord> {
    let mut joined: Vec<IpSetRecord> = Vec::new();
    for record in records {
        match joined.last_mut().filter(|last| last.set.name == record.set.name) {
            Some(last) => last.set.members.extend(record.set.members),
            None => joined.push(record),
        }
    }
    joined
}

/// A member: its parts by the kinds of attributes that it has.
///
/// They are in the order in which every type of set names them: address, port, second address, interface, mark,
/// Ethernet address, name of a set.
fn member(attributes: Attributes<'_>) -> IpSetMember {
    let flags = number(attributes, 8).unwrap_or(0);
    let parts = [
        addresses(attributes, [1, 2, 3]),
        ports(attributes),
        number(attributes, 10).map(|mark| ValueTest::Is(Value::Number(mark.into()))),
        ether(attributes),
        addresses(attributes, [20, 22, 21]),
        interface(attributes, flags),
        name(attributes),
    ];
    IpSetMember {
        parts: parts.into_iter().flatten().collect(),
        protocol: attributes.find(7).and_then(|protocol| protocol.u8()),
        exception: flags & 1 << 2 != 0,
        expires_in: number(attributes, 6).filter(|seconds| *seconds != 0),
        counter: counter(attributes),
        comment: attributes.find(26).map(|comment| comment.text()),
    }
}

fn number(attributes: Attributes<'_>, kind: u16) -> Option<u32> {
    attributes.find(kind)?.be32()
}

/// An address, with its last one or the length of its prefix where it is a range or a network.
fn addresses(attributes: Attributes<'_>, [first, last, length]: [u16; 3]) -> Option<ValueTest> {
    let from = address(attributes.find(first)?)?;
    if let Some(to) = attributes.find(last).and_then(address).filter(|to| *to != from) {
        return Some(ValueTest::Range { from: Value::Address(from), to: Value::Address(to) });
    }
    let longest = if from.is_ipv4() { 32 } else { 128 };
    let length = attributes.find(length).and_then(|length| length.u8()).filter(|length| *length < longest);
    Some(match length {
        Some(length) => ValueTest::Prefix(IpPrefix { address: from, length }),
        None => ValueTest::Is(Value::Address(from)),
    })
}

/// `IPSET_ATTR_IPADDR_*`.
fn address(attribute: Attribute<'_>) -> Option<IpAddr> {
    let nested = attribute.nested(WHAT).ok()?;
    nested.find(1).or_else(|| nested.find(2))?.ip_address()
}

fn ports(attributes: Attributes<'_>) -> Option<ValueTest> {
    let from = attributes.find(4)?.be16()?;
    let to = attributes.find(5).and_then(|to| to.be16()).unwrap_or(from);
    Some(if from == to {
        ValueTest::Is(Value::Number(from.into()))
    } else {
        ValueTest::Range { from: Value::Number(from.into()), to: Value::Number(to.into()) }
    })
}

fn ether(attributes: Attributes<'_>) -> Option<ValueTest> {
    let mac: MacAddress = attributes.find(17)?.mac()?;
    Some(ValueTest::Is(Value::Mac(mac)))
}

/// `IPSET_FLAG_IFACE_WILDCARD`: the name is the beginning of names.
fn interface(attributes: Attributes<'_>, flags: u32) -> Option<ValueTest> {
    let name = attributes.find(23)?.text();
    let is_open = flags & 1 << 7 != 0;
    Some(if is_open { ValueTest::NamePrefix(name) } else { ValueTest::Is(Value::Name(name)) })
}

fn name(attributes: Attributes<'_>) -> Option<ValueTest> {
    Some(ValueTest::Is(Value::Name(attributes.find(18)?.text())))
}

fn counter(attributes: Attributes<'_>) -> Option<Counter> {
    Some(Counter { bytes: attributes.find(24)?.be64()?, packets: attributes.find(25)?.be64()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_end_without_panic(bytes: Vec<u8>) {
            let _ = IpSetRecord::decode(&bytes);
        }
    }
}
