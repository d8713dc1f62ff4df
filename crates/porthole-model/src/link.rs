//! Interfaces of a network namespace and what belongs to them: addresses, routes, neighbours, FDB entries.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{InterfaceIndex, IpPrefix, MacAddress, NetnsId, Observed};

/// A network interface, as `RTM_GETLINK` reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its index in its namespace.
    pub index: InterfaceIndex,
    /// Its name.
    pub name: String,
    /// What drives it.
    pub kind: LinkKind,
    /// Its Ethernet address, if it has one.
    pub mac: Option<MacAddress>,
    /// The largest packet it sends, in bytes.
    pub mtu: u32,
    /// Whether it was set up (`IFF_UP`).
    pub up: bool,
    /// Whether it has a carrier (`IFF_LOWER_UP`).
    pub carrier: bool,
    /// The operational state of RFC 2863.
    pub operational_state: OperationalState,
    /// The bridge (or bond) it is a port of.
    pub master: Option<InterfaceIndex>,
    /// The other end of a veth pair, or the lower device of a macvlan, VLAN or VXLAN.
    pub peer: Option<LinkPeer>,
    /// Its settings as a port of a bridge.
    pub bridge_port: Option<BridgePort>,
    /// Its settings as a bridge.
    pub bridge: Option<BridgeDetails>,
}

/// The drivers that matter on a Docker host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// `lo`.
    Loopback,
    /// One end of a veth pair.
    Veth,
    /// A bridge.
    Bridge,
    /// A macvlan.
    Macvlan,
    /// An ipvlan.
    Ipvlan,
    /// A VLAN.
    Vlan,
    /// A VXLAN, as overlay networks use it.
    Vxlan,
    /// A TUN or TAP device.
    Tun,
    /// A dummy.
    Dummy,
    /// A device without a kind: hardware, or what a hypervisor shows as such.
    Device,
    /// Any other kind, by its name in the kernel.
    Other(String),
}

/// RFC 2863's operational state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationalState {
    /// The driver does not say.
    Unknown,
    /// No such hardware any more.
    NotPresent,
    /// Down.
    Down,
    /// An interface below it is down.
    LowerLayerDown,
    /// In a test.
    Testing,
    /// Waiting for an event, such as authentication.
    Dormant,
    /// Up.
    Up,
}

/// The other end of a veth pair, or a lower device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPeer {
    /// The index in the peer's namespace.
    pub index: InterfaceIndex,
    /// The peer's namespace.
    pub namespace: Observed<NetnsId>,
}

/// A bridge port's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgePort {
    /// The spanning tree state; frames pass only in `Forwarding`.
    pub state: BridgePortState,
    /// Whether a frame may leave by the port it came in.
    pub hairpin: bool,
    /// Whether it is kept from other isolated ports.
    pub isolated: bool,
}

/// The spanning tree states (IEEE 802.1D).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BridgePortState {
    /// No frame passes; the link is down.
    Disabled,
    /// Listening for other bridges.
    Listening,
    /// Learning addresses.
    Learning,
    /// Frames pass.
    Forwarding,
    /// Blocked.
    Blocking,
}

/// A bridge's own settings.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the kernel")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BridgeDetails {
    /// Whether the spanning tree protocol runs.
    pub spanning_tree: bool,
    /// Whether frames are filtered by VLAN.
    pub vlan_filtering: bool,
    /// Whether iptables rules see the IPv4 packets that it passes on, whatever `bridge-nf-call-iptables` says.
    #[serde(default)]
    pub calls_iptables: bool,
    /// The same of IPv6 and `bridge-nf-call-ip6tables`.
    #[serde(default)]
    pub calls_ip6tables: bool,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterfaceAddress {
    /// The interface.
    pub interface: InterfaceIndex,
    /// The address and its prefix.
    pub prefix: IpPrefix,
    /// Who gave it, where the kernel says so: from Linux 5.18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<AddressOrigin>,
    /// Whether it goes away unless it is given anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expires: bool,
}

impl InterfaceAddress {
    /// An address that stays, of which nobody said who gave it.
    pub fn new(interface: InterfaceIndex, prefix: IpPrefix) -> Self {
        Self { interface, prefix, origin: None, expires: false }
    }
}

/// Who gave an interface its address (`IFA_PROTO`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressOrigin {
    /// The kernel, since it is the loopback address.
    Loopback,
    /// A router, by an advertisement that the kernel took.
    RouterAdvertisement,
    /// The kernel, since every interface with IPv6 has an address of the link.
    LinkLocal,
    /// A program, by its number.
    Other(u8),
}

/// What a router told this host of a path: no larger packet gets there (`ip route show cache`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathMtu {
    /// Where the path leads.
    pub destination: IpAddr,
    /// The next hop on it, if the destination is not on the link.
    pub gateway: Option<IpAddr>,
    /// The interface by which packets leave for it.
    pub interface: Option<InterfaceIndex>,
    /// The size of the largest packet that gets there.
    pub mtu: u32,
}

/// An entry of a routing table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where it leads; a length of 0 is the default route.
    pub destination: IpPrefix,
    /// What happens to a packet that takes it.
    pub kind: RouteKind,
    /// The next hop, if it is not on the link.
    pub gateway: Option<IpAddr>,
    /// The interface packets leave by; the first one of a multipath route.
    pub interface: Option<InterfaceIndex>,
    /// The source address it suggests.
    pub preferred_source: Option<IpAddr>,
    /// The metric; lower is preferred.
    pub metric: Option<u32>,
    /// The routing table: 254 is main, 255 local.
    pub table: u32,
    /// The number in rtnetlink's `rtm_protocol`: 2 is the kernel, 3 boot, 4 static, 16 DHCP.
    pub protocol: u8,
    /// Whether the kernel marked it dead or link-down.
    pub link_down: bool,
    /// The size of the largest packet that may take it, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtu: Option<u32>,
}

impl Route {
    /// The number of the main routing table.
    pub const MAIN_TABLE: u32 = 254;

    /// Whether it leads everything out for which the main table has no other route.
    pub fn is_default(&self) -> bool {
        self.destination.length == 0 && self.kind == RouteKind::Unicast && self.table == Self::MAIN_TABLE
    }
}

/// A rule of routing policy, as `RTM_GETRULE` reports it: which routing table which packets look in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutingRule {
    /// Its place: lower comes first.
    pub priority: u32,
    /// Whether it is one of IPv4; otherwise of IPv6.
    pub is_ipv4: bool,
    /// Whether it holds for the packets that it does not describe.
    pub negated: bool,
    /// For packets from this network.
    pub source: Option<IpPrefix>,
    /// For packets to this network.
    pub destination: Option<IpPrefix>,
    /// For packets that came in by the interface of this name; `lo` means those that this host made.
    pub input: Option<String>,
    /// For packets of sockets that are bound to the interface of this name.
    pub output: Option<String>,
    /// For packets whose mark is this under this mask.
    pub mark: Option<(u32, u32)>,
    /// What it depends on besides: users, ports, a service class.
    pub further: bool,
    /// Routes of a network that is no longer than this are not taken.
    pub suppressed_length: Option<u32>,
    /// What it does.
    pub action: RoutingAction,
}

/// What a rule of routing policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutingAction {
    /// Looks in this table, and goes on to the next rule where that has no route.
    Table(u32),
    /// Goes on at the rule of this priority.
    Goto(u32),
    /// Drops, refuses, or goes on to the next rule.
    Refuse(RouteKind),
    /// Nothing.
    Nothing,
}

/// What a route does with a packet (`rtm_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteKind {
    /// Forwarded or sent.
    Unicast,
    /// Delivered here.
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
    /// Any other type, by its number.
    Other(u8),
}

/// An entry of the neighbour table (ARP, NDP).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neighbour {
    /// The interface.
    pub interface: InterfaceIndex,
    /// The neighbour's address.
    pub address: IpAddr,
    /// Its Ethernet address, when it is resolved.
    pub mac: Option<MacAddress>,
    /// How much the kernel trusts the entry.
    pub state: NeighbourState,
}

/// Neighbour unreachability detection (`NUD_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeighbourState {
    /// Being asked for.
    Incomplete,
    /// Confirmed.
    Reachable,
    /// Not confirmed lately.
    Stale,
    /// About to be probed.
    Delay,
    /// Being probed.
    Probe,
    /// Nobody answered.
    Failed,
    /// Needs no resolution.
    NoArp,
    /// Set by hand.
    Permanent,
    /// None of these.
    None,
}

/// An entry of a bridge's forwarding database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FdbEntry {
    /// The address.
    pub mac: MacAddress,
    /// The port frames to it leave by.
    pub port: InterfaceIndex,
    /// The bridge; `None` for an entry of the device's own list (`self`).
    pub bridge: Option<InterfaceIndex>,
    /// The VLAN, if any.
    pub vlan: Option<u16>,
    /// `Permanent` for the port's own address, `Reachable` or `Stale` for a learnt one.
    pub state: NeighbourState,
}
