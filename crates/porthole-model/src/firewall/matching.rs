//! Conditions on a packet: a field, and the values it may have.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{IpPrefix, MacAddress};

/// A condition on one field of a packet.
///
/// It holds when the packet has the field and one of the tests holds for it; negated, when the packet has the field
/// and none does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The field.
    pub field: Field,
    /// Whether none of the tests may hold.
    pub negated: bool,
    /// The tests.
    pub tests: Vec<ValueTest>,
}

impl Match {
    /// The condition that the field has this one value.
    pub fn is(field: Field, value: Value) -> Self {
        Self { field, negated: false, tests: vec![ValueTest::Is(value)] }
    }
}

/// What can be asked of a packet, with the type of its [`Value`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The name of the interface it came in by or goes out by. A packet that has none (made or delivered here) has an empty name. `Name`.
    Interface(InterfaceSide),
    /// That interface's index; 0 where there is none. `Number`.
    InterfaceIndex(InterfaceSide),
    /// That interface's group. `Number`.
    InterfaceGroup(InterfaceSide),
    /// The bridge whose port that interface is. `Name`.
    Bridge(InterfaceSide),
    /// The bridge port by which a bridged packet came in or goes out (`-m physdev`). `Name`.
    BridgePort(InterfaceSide),
    /// Whether the packet came in by, goes out by a bridge port. `Number`, 1 for yes.
    HasBridgePort(InterfaceSide),
    /// Whether the packet is bridged and not routed (`--physdev-is-bridged`). `Number`, 1 for yes.
    IsBridged,
    /// The network protocol: 2 is IPv4, 10 IPv6. `Number`.
    NetworkProtocol,
    /// The Ethernet type: 0x0800 is IPv4. `Number`.
    EtherType,
    /// The transport protocol, behind all extension headers: 6 is TCP. `Number`.
    Protocol,
    /// The next header that the IPv6 header itself names. `Number`.
    NextHeader,
    /// `Address`.
    Address(PacketSide),
    /// TCP, UDP, SCTP, DCCP or UDP-Lite port. `Number`.
    Port(PacketSide),
    /// Source or destination port: holds when either does. `Number`.
    EitherPort,
    /// Ethernet address. `Mac`.
    Mac(PacketSide),
    /// TCP flags, as in the header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32. `Number`.
    TcpFlags,
    /// `Number`.
    IcmpType,
    /// `Number`.
    IcmpCode,
    /// `Number`.
    Icmp6Type,
    /// `Number`.
    Icmp6Code,
    /// Whether this is a fragment other than the first. `Number`, 1 for yes.
    IsFragment,
    /// Length in bytes, IP header and all. `Number`.
    Length,
    /// Time to live, or IPv6 hop limit. `Number`.
    TimeToLive,
    /// Differentiated services code point. `Number`.
    Dscp,
    /// How its link layer addressed it: 0 to this host, 1 broadcast, 2 multicast, 3 to another host. `Number`.
    PacketType,
    /// The state of its connection. `State`.
    ConntrackState,
    /// The status bits of its connection (`IPS_*`): seen reply 2, assured 4, confirmed 8, source NAT 16, destination NAT 32. `Number`.
    ConntrackStatus,
    /// Which ends of its connection are translated (`--ctstate SNAT,DNAT`): source 16, destination 32; 0 for a packet that has none. `Number`.
    ConntrackTranslation,
    /// Whether it goes in the direction of the connection's first packet (0) or back (1). `Number`.
    ConntrackDirection,
    /// An address of the connection's first packet, or of the expected answer. `Address`.
    ConntrackAddress(ConntrackSide),
    /// A port there. `Number`.
    ConntrackPort(ConntrackSide),
    /// The transport protocol of the connection. `Number`.
    ConntrackProtocol,
    /// The mark of its connection. `Number`.
    ConntrackMark,
    /// The zone of its connection. `Number`.
    ConntrackZone,
    /// The helper of its connection. `Name`.
    ConntrackHelper,
    /// The packet's own mark. `Number`.
    Mark,
    /// What kind of address it is by the routing tables. `AddressKind`.
    AddressKind(RouteQuestion),
    /// The index of the interface a route to the address leads out by, 0 where there is none. `Number`.
    RouteInterfaceIndex(RouteQuestion),
    /// The name of that interface. `Name`.
    RouteInterface(RouteQuestion),
    /// Whether there is such a route. `Number`, 1 for yes.
    RouteExists(RouteQuestion),
    /// The user that owns the socket it was sent by. `Number`.
    SocketUid,
    /// The group that owns that socket. `Number`.
    SocketGid,
    /// Whether it was sent by a socket of this host. `Number`, 1 for yes.
    HasSocket,
    /// Any other, by nft's name. `Number`, `Name` or `Bytes`.
    Other(String),
}

/// Which of a packet's interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceSide {
    /// It came in by it.
    In,
    /// It goes out by it.
    Out,
}

/// Which end of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacketSide {
    /// Where it comes from.
    Source,
    /// Where it goes.
    Destination,
}

/// Which end of which direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConntrackSide {
    /// The source of the first packet, before any translation.
    OriginalSource,
    /// The destination of the first packet, before any translation.
    OriginalDestination,
    /// The source of the answers.
    ReplySource,
    /// The destination of the answers.
    ReplyDestination,
    /// The source in the direction that this packet has.
    Source,
    /// The destination in the direction that this packet has.
    Destination,
}

/// A question to the routing tables about a packet's address (`fib`, `-m addrtype`, `-m rpfilter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RouteQuestion {
    /// Which address.
    pub side: PacketSide,
    /// Whether only routes by that interface of the packet count.
    pub interface: Option<InterfaceSide>,
    /// Whether the packet's mark takes part.
    pub with_mark: bool,
}

/// A test of a field's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueTest {
    /// It is this one.
    Is(Value),
    /// It lies between these, or is one of them.
    Range {
        /// The lowest.
        from: Value,
        /// The highest.
        to: Value,
    },
    /// It lies in this network.
    Prefix(IpPrefix),
    /// It begins so: the interfaces `veth*`.
    NamePrefix(String),
    /// The bits under the mask are these; `value` has no others. For `Address` and `Number`.
    Masked {
        /// The bits that count.
        mask: Value,
        /// What they are.
        value: Value,
    },
    /// At least one of these bits is set.
    AnyBit(u64),
}

/// A value of a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A number, as a person writes it: a port, a mark, an index.
    Number(u64),
    /// An IPv4 or IPv6 address; a packet of the other family has no such field.
    Address(IpAddr),
    /// The name of an interface or of another thing.
    Name(String),
    /// An Ethernet address.
    Mac(MacAddress),
    /// A state of a connection.
    State(ConntrackState),
    /// A kind of address.
    AddressKind(AddressKind),
    /// What has no type that is known here: the bytes as the kernel has them.
    Bytes(Vec<u8>),
}

/// The state of a packet's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConntrackState {
    /// It belongs to none and could not begin one.
    Invalid,
    /// Both sides were heard.
    Established,
    /// It belongs to another connection: an ICMP error, FTP data.
    Related,
    /// It begins one.
    New,
    /// It is not tracked.
    Untracked,
}

/// Kinds of addresses (`rtm_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// No route says.
    Unspecified,
    /// Of another host.
    Unicast,
    /// Of this host.
    Local,
    /// Broadcast.
    Broadcast,
    /// Anycast.
    Anycast,
    /// Multicast.
    Multicast,
    /// Dropped silently.
    Blackhole,
    /// Refused: unreachable.
    Unreachable,
    /// Refused: prohibited.
    Prohibit,
    /// Any other, by its number.
    Other(u8),
}
