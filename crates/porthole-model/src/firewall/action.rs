//! What a rule does with a packet.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Lookup;
use crate::Port;

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The packet leaves the base chain and meets the next one.
    Accept,
    /// The packet ends, silently.
    Drop,
    /// The next rule (nftables' `continue`).
    Continue,
    /// Back to the chain that led here; in a base chain, the policy.
    Return,
    /// On in that chain, then back here.
    Jump(String),
    /// On in that chain, and from there back to where this chain was come to from.
    Goto(String),
    /// The kernel's own use: another part of it took the packet.
    Stolen,
}

/// Address translation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nat {
    /// Of what.
    pub kind: NatKind,
    /// To what.
    pub target: NatTarget,
    /// Its flags in words: `random`, `fully-random`, `persistent`, `netmap`.
    pub flags: Vec<String>,
}

/// The kinds of address translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NatKind {
    /// The source becomes that of the target.
    Source,
    /// The destination becomes that of the target.
    Destination,
    /// The source becomes the address of the interface it leaves by.
    Masquerade,
    /// The destination becomes this host, on the interface it came in by.
    Redirect,
}

/// What an address is translated to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NatTarget {
    /// One of these addresses and ports; what is `None` stays, or is as the kind says.
    Fixed {
        /// The addresses.
        addresses: Option<AddressRange>,
        /// The ports.
        ports: Option<PortRange>,
    },
    /// What a map says: its outcome holds the address, the port, or both in that order.
    Mapped {
        /// The map for the address, and the port where the map has both.
        addresses: Option<Lookup>,
        /// The map for the port alone.
        ports: Option<Lookup>,
    },
}

/// A range of addresses, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRange {
    /// The lowest.
    pub from: IpAddr,
    /// The highest.
    pub to: IpAddr,
}

/// A range of ports, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortRange {
    /// The lowest.
    pub from: Port,
    /// The highest.
    pub to: Port,
}

/// How a packet is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    /// With a TCP reset.
    TcpReset,
    /// With an ICMP message.
    Icmp {
        /// In whose numbering the code is.
        family: IcmpFamily,
        /// The code of "destination unreachable": 3 is "port unreachable" in ICMP, 4 in `ICMPv6`, 1 in nftables' own.
        code: u8,
    },
}

/// Whose codes an ICMP code is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IcmpFamily {
    /// ICMP.
    V4,
    /// `ICMPv6`.
    V6,
    /// nftables' `icmpx`: 0 no route, 1 port unreachable, 2 host unreachable, 3 administratively prohibited.
    Either,
}

/// A queue to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// The first queue.
    pub first: u16,
    /// How many queues share the packets.
    pub count: u16,
    /// Whether the packet is accepted when no program listens.
    pub bypass: bool,
}

/// A mark being set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkChange {
    /// Whether the mark of the connection is set and not that of the packet.
    pub of_connection: bool,
    /// From what.
    pub source: MarkSource,
}

/// What a mark is set from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkSource {
    /// From itself: `(mark & keep) ^ flip`. Keeping nothing sets it to `flip`.
    Itself {
        /// The bits that stay.
        keep: u32,
        /// The bits that are then turned over.
        flip: u32,
    },
    /// From the other mark (the connection's, or the packet's): `(mark & keep) ^ (other & take)`.
    Other {
        /// The bits of this mark that stay.
        keep: u32,
        /// The bits of the other one that are taken.
        take: u32,
    },
}
