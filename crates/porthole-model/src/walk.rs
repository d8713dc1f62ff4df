//! A packet's way through a host as it must be by what was read: routing, bridges, rules, to a verdict.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::firewall::{ConntrackState, Hook, Nat, Reject, TableFamily, Verdict};
use crate::{InterfaceIndex, MacAddress, Port, RouteKind};

/// A packet whose way is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// Where it enters.
    pub origin: PacketOrigin,
    /// Who sends it.
    pub source: IpAddr,
    /// Who it is sent to.
    pub destination: IpAddr,
    /// What it carries.
    pub transport: Transport,
    /// The state of its connection.
    pub connection: PacketConnection,
    /// Its mark.
    pub mark: u32,
    /// The Ethernet address that its frame is sent to; otherwise it is told from the addresses and routes of the host.
    pub frame_destination: Option<MacAddress>,
    /// The Ethernet address that its frame comes from.
    pub frame_source: Option<MacAddress>,
    /// Its length in bytes, IP header and all.
    pub length: Option<u16>,
    /// Its time to live, or hop limit.
    pub hop_limit: Option<u8>,
    /// The user whose process sends it, where this host does.
    pub uid: Option<u32>,
}

/// Where a packet enters the network namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacketOrigin {
    /// A process in it sends it.
    Local,
    /// It arrives at this interface: an uplink, the host's end of a container's veth pair.
    Interface(InterfaceIndex),
}

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// TCP.
    Tcp {
        /// From this port.
        source: Port,
        /// To this port.
        destination: Port,
        /// With these flags: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.
        flags: u8,
    },
    /// UDP.
    Udp {
        /// From this port.
        source: Port,
        /// To this port.
        destination: Port,
    },
    /// ICMP, or `ICMPv6` where the addresses are of IPv6.
    Icmp {
        /// Its type: 8 asks for an echo, in `ICMPv6` 128.
        kind: u8,
        /// Its code.
        code: u8,
    },
    /// Another protocol, by its number.
    Other(u8),
}

/// What connection tracking knows of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketConnection {
    /// The state.
    pub state: ConntrackState,
    /// Whether it goes against the direction of the connection's first packet.
    pub is_reply: bool,
    /// What its addresses become, where the connection is there already and is translated.
    pub translation: Option<Translation>,
}

/// What an established connection's addresses become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// The source, and its port.
    pub source: Option<(IpAddr, Option<Port>)>,
    /// The destination, and its port.
    pub destination: Option<(IpAddr, Option<Port>)>,
}

/// All ways that a packet may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// One way where all is known, and otherwise one for each answer to what is not known. The first one is taken
    /// when no match that is not understood holds.
    pub ways: Vec<Way>,
    /// Whether there are so many ways that some were left out.
    pub is_cut: bool,
}

impl Walk {
    /// The end of the packet, if it is the same whatever holds of what is not known.
    pub fn outcome(&self) -> Option<&Outcome> {
        let (first, others) = self.ways.split_first()?;
        let is_same = !self.is_cut && others.iter().all(|way| way.outcome == first.outcome);
        is_same.then_some(&first.outcome)
    }
}

/// One way of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// What is taken for granted on this way and not known.
    pub assumptions: Vec<Assumption>,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// The end.
    pub outcome: Outcome,
    /// The addresses and ports that the packet has at the end.
    pub packet: PacketHeader,
}

impl Way {
    /// The chains that it leads through, in order; one comes again after each of its rules that applied.
    pub fn chains(&self) -> impl Iterator<Item = &ChainReference> {
        self.steps.iter().filter_map(|step| match step {
            Step::Rule { rule, .. } => Some(&rule.chain),
            Step::End(chain) | Step::Policy { chain, .. } => Some(chain),
            _ => None,
        })
    }
}

/// Something that only the kernel could tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumption {
    /// The rule that depends on it, where it is one.
    pub rule: Option<RuleReference>,
    /// What is not known: the match as it is worded, the sysctl that was not read.
    pub condition: String,
    /// Whether it is taken to hold.
    pub holds: bool,
}

/// The addresses of a packet on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketHeader {
    /// Who sends it.
    pub source: IpAddr,
    /// Who it is sent to.
    pub destination: IpAddr,
    /// The port it is sent from, where it has one.
    pub source_port: Option<Port>,
    /// The port it is sent to.
    pub destination_port: Option<Port>,
}

/// Something that happens to a packet on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A rule applied to it.
    Rule {
        /// The rule.
        rule: RuleReference,
        /// What the rule did.
        action: RuleAction,
    },
    /// It came to the end of a chain.
    End(ChainReference),
    /// No rule of a base chain decided, so its policy did.
    Policy {
        /// The base chain.
        chain: ChainReference,
        /// Whether it drops.
        drops: bool,
    },
    /// Its addresses were translated.
    Translated(PacketHeader),
    /// A route was looked up.
    Routed {
        /// What the route says.
        kind: RouteKind,
        /// The table it is in.
        table: u32,
        /// The interface it leads out by.
        interface: Option<InterfaceIndex>,
        /// The next hop, where the destination is not on the link.
        gateway: Option<IpAddr>,
    },
    /// A bridge took its frame in, to pass it up to this host or on to another port.
    Bridge {
        /// The bridge.
        bridge: InterfaceIndex,
        /// The port that the frame came by.
        from: InterfaceIndex,
        /// Whether this host takes it.
        up: bool,
    },
    /// It goes through the loopback interface and arrives again.
    Loopback,
}

/// A chain, and the hook at which a packet came to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReference {
    /// The hook at which the packet is.
    pub hook: Hook,
    /// The family of the table.
    pub family: TableFamily,
    /// Whether it is a table of iptables-legacy, which the kernel's rule trace does not show.
    pub legacy: bool,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
}

/// A rule that a packet met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleReference {
    /// Its chain.
    pub chain: ChainReference,
    /// Its place in the chain, from 1.
    pub position: u32,
    /// Its number in nftables.
    pub handle: Option<u64>,
    /// Its words.
    pub text: String,
}

/// What a rule did with a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    /// Decided, or sent it elsewhere; `Continue` where the rule has no verdict.
    Verdict(Verdict),
    /// Translated its addresses, and accepted it.
    Nat(Box<Nat>),
    /// Ended it and told its sender.
    Reject(Reject),
    /// Handed it to a program.
    Queue,
    /// Did something that was not understood.
    Unknown(String),
}

/// The end of a packet's way through a network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is given to whatever listens at this address, on this host.
    Delivered {
        /// The address.
        address: IpAddr,
        /// The port, where it has one.
        port: Option<Port>,
    },
    /// It leaves by an interface.
    Sent {
        /// The interface.
        interface: InterfaceIndex,
        /// The port of the bridge, where the interface is one and knows where the next hop is.
        bridge_port: Option<InterfaceIndex>,
        /// The next hop; the destination itself where it is on the link.
        next_hop: IpAddr,
    },
    /// A bridge passes its frame on.
    Bridged {
        /// The bridge.
        bridge: InterfaceIndex,
        /// The port that the frame leaves by, where it is known; otherwise by all of them.
        port: Option<InterfaceIndex>,
    },
    /// A rule dropped it.
    Dropped(RuleReference),
    /// The policy of a base chain dropped it.
    DroppedByPolicy(ChainReference),
    /// A rule refused it.
    Rejected {
        /// The rule.
        rule: RuleReference,
        /// With what answer.
        with: Reject,
    },
    /// There is no route, or one that refuses.
    NoRoute {
        /// What the route says, where there is one.
        kind: Option<RouteKind>,
    },
    /// It is for another host, and this one does not forward.
    NotForwarded {
        /// The setting that would have it forwarded.
        sysctl: String,
    },
    /// The kernel ends it before any rule decides.
    Discarded(Discard),
    /// A rule hands it to a program, which decides.
    Queued(RuleReference),
    /// A rule that was not understood decides.
    Undecided(RuleReference),
    /// It goes in a circle.
    Loops,
}

/// Why the kernel ends a packet by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discard {
    /// The interface is down.
    InterfaceDown(InterfaceIndex),
    /// The port of the bridge does not pass frames.
    PortBlocked(InterfaceIndex),
    /// The frame would have to leave by the port it came by, whose hairpin mode is off.
    HairpinOff(InterfaceIndex),
    /// Both ports of the bridge are isolated.
    Isolated,
    /// A loopback address came from or goes to a real interface, where `route_localnet` is off.
    LoopbackAddress,
    /// It came with a source that is this host's own.
    OwnSource,
    /// The way back to its source leads elsewhere (`rp_filter`).
    ReversePath,
    /// It has no hops left.
    HopLimit,
}
