//! ipsets: the sets that `-m set` looks up, which several tables and namespaces' programs share.

use serde::{Deserialize, Serialize};

use super::{Counter, PacketSide, ValueTest};

/// An ipset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpSet {
    /// Its name.
    pub name: String,
    /// Its type: `hash:ip,port`, `list:set`.
    pub kind: String,
    /// The family of its addresses, where its type has any: 2 is IPv4, 10 IPv6.
    pub family: u8,
    /// How many rules and sets refer to it.
    pub references: u32,
    /// What is in it.
    pub members: Vec<IpSetMember>,
}

/// A member of an ipset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpSetMember {
    /// The parts of the key in the order of the type's name: addresses, ports, interfaces, marks, names of sets.
    pub parts: Vec<ValueTest>,
    /// The transport protocol that goes with a port.
    pub protocol: Option<u8>,
    /// Whether it is an exception: what it holds for is not in the set.
    pub exception: bool,
    /// For how many seconds it is still in the set; `None` for always.
    pub expires_in: Option<u32>,
    /// How many packets it was found for, where the set counts.
    pub counter: Option<Counter>,
    /// What its author noted.
    pub comment: Option<String>,
}

/// A look into an ipset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpSetLookup {
    /// The set's name.
    pub set: String,
    /// From which end of the packet each part of the key is taken.
    pub sides: Vec<PacketSide>,
    /// Whether it holds where the set does not have the packet.
    pub negated: bool,
    /// Further conditions in words, such as on the member's counter; where there are any, only the kernel knows.
    pub conditions: Vec<String>,
}
