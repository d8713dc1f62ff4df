//! What the kernel tells of a packet that it traces through its nftables rules.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::firewall::TableFamily;
use crate::{InterfaceIndex, Port};

/// Packets to trace: those that agree with every field that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TraceFlow {
    /// The number of the protocol above IP: 6 is TCP, 17 UDP, 1 ICMP, 58 `ICMPv6`.
    pub protocol: u8,
    /// Who sends.
    pub source: Option<IpAddr>,
    /// Who is sent to, before any rule changes it.
    pub destination: Option<IpAddr>,
    /// The port it is sent from.
    pub source_port: Option<Port>,
    /// The port it is sent to, before any rule changes it.
    pub destination_port: Option<Port>,
}

/// One thing that happened to a traced packet in a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleTraceEvent {
    /// The kernel's number for the packet. Later packets get it again, and one that goes through the loopback
    /// interface changes it on the way.
    pub packet: u32,
    /// The family of the table.
    pub family: TableFamily,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// What happened.
    pub step: TraceStep,
    /// The packet's mark, where it has one.
    pub mark: Option<u32>,
    /// The interface it came in by.
    pub input: Option<InterfaceIndex>,
    /// The interface it leaves by.
    pub output: Option<InterfaceIndex>,
    /// The packet itself; with the first event of each base chain alone.
    pub headers: Option<TracedHeaders>,
}

/// What happened to a traced packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceStep {
    /// A rule applied to it.
    Rule {
        /// The rule's number in its table.
        handle: u64,
        /// What the rule said.
        verdict: TraceVerdict,
    },
    /// It came to the end of a chain.
    End,
    /// The policy of a base chain decided.
    Policy(TraceVerdict),
}

/// A verdict, as a trace tells it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceVerdict {
    /// On to the next rule.
    Continue,
    /// The rule does not apply after all.
    Break,
    /// To another chain, and back at its end.
    Jump(String),
    /// To another chain.
    Goto(String),
    /// Back to the chain that jumped here.
    Return,
    /// Dropped; a packet that a rule refuses with an answer is dropped, too.
    Drop,
    /// Accepted by this base chain.
    Accept,
    /// Taken by the rule.
    Stolen,
    /// Handed to a program.
    Queue,
    /// Any other, by its number.
    Other(i32),
}

/// A traced packet's headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedHeaders {
    /// Who sends.
    pub source: IpAddr,
    /// Who is sent to.
    pub destination: IpAddr,
    /// The number of the protocol above IP.
    pub protocol: u8,
    /// The port it is sent from; of TCP, UDP and SCTP.
    pub source_port: Option<Port>,
    /// The port it is sent to.
    pub destination_port: Option<Port>,
    /// The hops that it may still make.
    pub hop_limit: u8,
    /// What stays the same on the packet's whole way, whatever translates its addresses.
    pub identity: PacketIdentity,
}

/// What tells two packets of a flow apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PacketIdentity {
    /// The identification of IPv4, the flow label of IPv6.
    pub network: u32,
    /// The length of what IP carries.
    pub length: u16,
    /// TCP's sequence number and acknowledgement; of ICMP its type, identifier and sequence number.
    pub transport: u64,
    /// TCP's flags.
    pub flags: u8,
}

/// A packet's way through the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TracedPacket {
    /// The packet as it was first seen.
    pub headers: TracedHeaders,
    /// What happened to it, in order.
    pub events: Vec<RuleTraceEvent>,
}
