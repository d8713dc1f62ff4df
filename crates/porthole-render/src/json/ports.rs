//! Published ports, stage by stage, as JSON.

use std::net::{IpAddr, SocketAddr};

use porthole_model::firewall::Counter;
use porthole_model::{
    Barrier, ChainReference, Decision, DockerProxy, MetRule, NetworkExit, PacketWay, PortChain, ProbeVerdict,
    ProbedStage, ProxyDuty, ProxyDutyKind, ProxyReview, ProxyState, PublishedPorts, Sender, Socket,
    SocketEndpoint, StageProbe, WayEnd, WithoutProxy,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::gap::{MissingFact, known};
use super::report::FindingItem;
use super::{SCHEMA_VERSION, pretty};
use crate::ports::end_word;

/// Published ports, what docker-proxy is there for, and the ways out of networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole ports")]
pub struct PortsDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The engine: `Docker 28.5.2`.
    pub engine: Option<String>,
    /// Each published port at each place of the host.
    pub ports: Vec<PortItem>,
    /// From where stages were tried from outside; null where none was.
    pub outside: Option<OutsideItem>,
    /// What docker-proxy is there for.
    pub docker_proxy: Option<ProxyReviewItem>,
    /// The way out of each network, for each of its ranges.
    pub exits: Vec<ExitItem>,
    /// What the checks of doctor find about these ports.
    pub findings: Vec<FindingItem>,
    /// What could not be read.
    pub gaps: Vec<MissingFact>,
}

/// A published port at one place of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PortItem {
    /// The container's name.
    pub container: String,
    /// Its id.
    pub container_id: String,
    /// The network by which it is published.
    pub network: Option<String>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
    /// The host's address; unspecified for all of a family.
    pub host_address: IpAddr,
    /// The host's port.
    pub host_port: u16,
    /// The container's port.
    pub container_port: u16,
    /// Its docker-proxy.
    pub docker_proxy: Option<ProxyItem>,
    /// The sockets that hold the host's port.
    pub host_sockets: Option<Vec<ListenerItem>>,
    /// Where the host sends what comes: the container's address and port.
    pub target: Option<SocketAddr>,
    /// The ways of packets by what was read.
    pub ways: Option<Vec<WayItem>>,
    /// The sockets on the port in the container.
    pub listeners: Option<Vec<ListenerItem>>,
    /// Whether one of them takes what is sent to the target.
    pub served: Option<bool>,
    /// What was tried.
    pub probes: Vec<PortProbeItem>,
}

/// A stage that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PortProbeItem {
    /// `outside`, `host`, `loopback`, `itself`, `target` (from the host to the container's address), `inside` (from the
    /// container to its own address), `world` (from a container to the next router) or `world_from_host`.
    pub stage: &'static str,
    /// To whom it was sent.
    pub to: SocketAddr,
    /// The address it was sent from.
    pub source: Option<SocketAddr>,
    /// `works`, `fails` or `unclear`.
    pub verdict: &'static str,
    /// What came of it, in words.
    pub outcome: String,
    /// How long that took; over TCP, until the connection stood or failed.
    pub took_microseconds: u64,
}

/// The network of porthole's own from which stages were tried from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OutsideItem {
    /// The interface of the host that its packets came in by. Rules for another one did not see them.
    pub interface: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

/// A port's docker-proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProxyItem {
    /// `runs`, `gone`, or `unused` where the engine does without.
    pub state: &'static str,
    /// Its process.
    pub pid: Option<u32>,
    /// Where it listens, by its arguments.
    pub host: Option<SocketAddr>,
    /// Where it connects to, by its arguments.
    pub container: Option<SocketAddr>,
}

/// A socket that takes what comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListenerItem {
    /// The address that it is bound to.
    pub local: SocketAddr,
    /// The processes that hold it; null where that could not be read.
    pub owners: Option<Vec<HolderItem>>,
}

/// A process that holds a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HolderItem {
    /// The process.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

/// The way of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WayItem {
    /// `outside`, `host`, `loopback`, `itself`, `other_network`, `answer`, or `network` for a way out.
    pub from: &'static str,
    /// To whom it is sent.
    pub to: SocketAddr,
    /// The interface of the host that it comes in by; null where the host sends it.
    pub interface: Option<String>,
    /// `container`, `docker_proxy`, `program`, `reservation`, `nobody`, `elsewhere`, `world`, `stopped` or `not_offered`.
    pub end: &'static str,
    /// Whether it ends there whatever holds of what is not known.
    pub certain: bool,
    /// What is not known, and decides.
    pub depends_on: Vec<String>,
    /// The rule that gives it another destination.
    pub dnat: Option<RuleItem>,
    /// What the forward chains decided.
    pub forward: Vec<RuleItem>,
    /// The rule that gives it another source.
    pub masquerade: Option<RuleItem>,
    /// The source that it ends with, where that is another.
    pub source: Option<SocketAddr>,
    /// Where it goes astray, or who takes it.
    pub detail: Option<String>,
    /// The rule or policy that stops it.
    pub stopped_by: Option<RuleItem>,
    /// Why it is stopped by design; null where it is not.
    pub design: Option<String>,
}

/// A rule or the policy of a base chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleItem {
    /// `ip`, `ip6`, `inet`, `bridge`, `arp` or `netdev`.
    pub family: &'static str,
    /// Whether it is of iptables-legacy.
    pub legacy: bool,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// Its place in the chain, from 1; null for a policy.
    pub position: Option<u32>,
    /// Its number in nftables.
    pub handle: Option<u64>,
    /// Its words, or `policy accept`, `policy drop`.
    pub text: String,
    /// How many packets it counted, where it counts.
    pub packets: Option<u64>,
    /// How many bytes.
    pub bytes: Option<u64>,
    /// How many packets it counted since the reading before: with `--watch` the last one, else that before the probes.
    pub new_packets: Option<u64>,
}

/// What docker-proxy is there for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProxyReviewItem {
    /// Whether the engine starts it.
    pub used: bool,
    /// How many of its processes run.
    pub processes: usize,
    /// The kinds of connections it is for.
    pub duties: Vec<ProxyDutyItem>,
}

/// A kind of connections that docker-proxy is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProxyDutyItem {
    /// `outside`, `loopback`, `loopback6`, `hairpin`, `other_networks` or `ipv6_to_ipv4`.
    pub kind: &'static str,
    /// The ports whose connections of this kind go by it now.
    pub ports: Vec<String>,
    /// What would become of them without it: `same`, `kernel`, `lost` or `unknown`.
    pub without: &'static str,
    /// Why.
    pub because: String,
}

/// The way out of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExitItem {
    /// The network.
    pub network: String,
    /// Its bridge.
    pub bridge: Option<String>,
    /// The range of addresses.
    pub range: String,
    /// Whether it was made without a way out.
    pub internal: bool,
    /// The containers on it that run.
    pub containers: Vec<String>,
    /// The way of a packet from there to the world.
    pub way: Option<WayItem>,
    /// The next router, asked from a container and from the host.
    pub probes: Vec<PortProbeItem>,
    /// The networks that it is kept apart from.
    pub apart_from: Vec<BarrierItem>,
    /// Why its containers do not reach each other, where they do not.
    pub peers_apart: Option<BarrierItem>,
}

/// Something that is kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BarrierItem {
    /// The network on the other side.
    pub network: String,
    /// The way that shows it.
    pub way: WayItem,
}

/// Published ports as JSON.
pub fn ports(ports: &PublishedPorts) -> String {
    pretty(&document(ports))
}

/// The same in one line, of which `--watch` writes one for each reading.
pub fn ports_line(ports: &PublishedPorts) -> String {
    super::compact(&document(ports))
}

fn document(ports: &PublishedPorts) -> PortsDocument {
    let mut gaps = Vec::new();
    let items = ports.ports.iter().enumerate().map(|(place, chain)| port(chain, place, &mut gaps)).collect();
    let review = known(&ports.proxying, || "docker_proxy".to_owned(), &mut gaps).map(review);
    let exits = ports.exits.iter().enumerate().map(|(place, each)| exit(each, place, &mut gaps)).collect();
    for gap in &ports.gaps {
        if !gaps.iter().any(|known| known.what == gap.what && known.cause == gap.cause) {
            gaps.push(MissingFact::at(None, gap));
        }
    }
    PortsDocument {
        schema_version: SCHEMA_VERSION,
        engine: ports.engine.clone(),
        ports: items,
        outside: ports.outside.value().map(|place| OutsideItem {
            interface: place.interface.clone(),
            addresses: place.addresses.clone(),
        }),
        docker_proxy: review,
        exits,
        findings: ports.findings.iter().map(FindingItem::from).collect(),
        gaps,
    }
}

fn port(port: &PortChain, place: usize, gaps: &mut Vec<MissingFact>) -> PortItem {
    let path = |field: &str| format!("ports[{place}].{field}");
    PortItem {
        container: port.container.clone(),
        container_id: port.container_id.to_string(),
        network: port.network.clone(),
        protocol: port.binding.protocol.to_string(),
        host_address: port.binding.host_address,
        host_port: port.binding.host_port.0,
        container_port: port.binding.container_port.0,
        docker_proxy: known(&port.proxy, || path("docker_proxy"), gaps).map(proxy),
        host_sockets: known(&port.host_sockets, || path("host_sockets"), gaps).map(|all| listeners(all)),
        target: known(&port.target, || path("target"), gaps).copied(),
        ways: known(&port.ways, || path("ways"), gaps).map(|ways| ways.iter().map(way).collect()),
        listeners: known(&port.listeners, || path("listeners"), gaps).map(|all| listeners(all)),
        served: known(&port.is_served, || path("served"), gaps).copied(),
        probes: port.probes.iter().filter_map(probe).collect(),
    }
}

fn probe(planned: &StageProbe) -> Option<PortProbeItem> {
    let probe = planned.probe.as_ref()?;
    let stage = match planned.stage {
        ProbedStage::Outside => "outside",
        ProbedStage::Host => "host",
        ProbedStage::Loopback => "loopback",
        ProbedStage::Itself => "itself",
        ProbedStage::Target => "target",
        ProbedStage::Inside => "inside",
        ProbedStage::World => "world",
        ProbedStage::WorldFromHost => "world_from_host",
    };
    let verdict = match planned.verdict()? {
        ProbeVerdict::Works => "works",
        ProbeVerdict::Fails => "fails",
        ProbeVerdict::Unclear => "unclear",
    };
    Some(PortProbeItem {
        stage,
        to: probe.request.target,
        source: probe.source,
        verdict,
        outcome: probe.outcome.to_string(),
        took_microseconds: probe.took,
    })
}

fn proxy(state: &ProxyState) -> ProxyItem {
    let (word, process) = match state {
        ProxyState::Runs(process) => ("runs", Some(process)),
        ProxyState::Gone => ("gone", None),
        ProxyState::Unused => ("unused", None),
    };
    let host = |process: &DockerProxy| SocketAddr::new(process.host_address, process.host_port.0);
    let container =
        |process: &DockerProxy| SocketAddr::new(process.container_address, process.container_port.0);
    ProxyItem {
        state: word,
        pid: process.map(|process| process.pid.0),
        host: process.map(host),
        container: process.map(container),
    }
}

fn listeners(sockets: &[Socket]) -> Vec<ListenerItem> {
    let item = |socket: &Socket| {
        let SocketEndpoint::Internet(internet) = &socket.endpoint else { return None };
        let owner =
            |owner: &porthole_model::SocketOwner| HolderItem { pid: owner.pid.0, name: owner.name.clone() };
        let owners = socket.owners.value().map(|owners| owners.iter().map(owner).collect());
        Some(ListenerItem { local: internet.local, owners })
    };
    sockets.iter().filter_map(item).collect()
}

fn way(way: &PacketWay) -> WayItem {
    let (detail, stopped_by, design) = match &way.end {
        WayEnd::Stopped { reason, by, design } => {
            (Some(reason.clone()), by.as_ref().map(decision), design.clone())
        }
        WayEnd::Proxy(pid) => (Some(format!("pid {pid}")), None, None),
        WayEnd::Program(name) => (Some(name.clone()), None, None),
        WayEnd::Elsewhere(address) => (Some(address.to_string()), None, None),
        _ => (None, None, None),
    };
    WayItem {
        from: sender(way.sender),
        to: way.destination,
        interface: way.interface.clone(),
        end: end_word(&way.end),
        certain: way.is_certain(),
        depends_on: way.unless.clone(),
        dnat: way.translation.as_ref().map(rule),
        forward: way.permissions.iter().map(decision).collect(),
        masquerade: way.masquerade.as_ref().map(rule),
        source: way.source,
        detail,
        stopped_by,
        design,
    }
}

fn sender(sender: Sender) -> &'static str {
    match sender {
        Sender::Outside => "outside",
        Sender::Host => "host",
        Sender::Loopback => "loopback",
        Sender::Itself => "itself",
        Sender::OtherNetwork => "other_network",
        Sender::Answer => "answer",
        Sender::Network => "network",
    }
}

fn decision(decision: &Decision) -> RuleItem {
    match decision {
        Decision::Rule(met) => rule(met),
        Decision::Policy { chain, drops, counter } => {
            let text = if *drops { "policy drop" } else { "policy accept" };
            item(chain, text.to_owned(), *counter)
        }
    }
}

fn rule(met: &MetRule) -> RuleItem {
    RuleItem {
        position: Some(met.rule.position),
        handle: met.rule.handle,
        new_packets: met.gained.map(|gained| gained.packets),
        ..item(&met.rule.chain, met.rule.text.clone(), met.counter)
    }
}

fn item(chain: &ChainReference, text: String, counter: Option<Counter>) -> RuleItem {
    RuleItem {
        family: chain.family.name(),
        legacy: chain.legacy,
        table: chain.table.clone(),
        chain: chain.chain.clone(),
        position: None,
        handle: None,
        text,
        packets: counter.map(|counter| counter.packets),
        bytes: counter.map(|counter| counter.bytes),
        new_packets: None,
    }
}

fn review(review: &ProxyReview) -> ProxyReviewItem {
    let duty = |duty: &ProxyDuty| ProxyDutyItem {
        kind: match duty.kind {
            ProxyDutyKind::Outside => "outside",
            ProxyDutyKind::Loopback => "loopback",
            ProxyDutyKind::Loopback6 => "loopback6",
            ProxyDutyKind::Hairpin => "hairpin",
            ProxyDutyKind::OtherNetworks => "other_networks",
            ProxyDutyKind::Ipv6ToIpv4 => "ipv6_to_ipv4",
        },
        ports: duty.ports.clone(),
        without: match duty.without {
            WithoutProxy::Same => "same",
            WithoutProxy::Kernel => "kernel",
            WithoutProxy::Lost => "lost",
            WithoutProxy::Unknown => "unknown",
        },
        because: duty.because.clone(),
    };
    ProxyReviewItem {
        used: review.is_used,
        processes: review.processes,
        duties: review.duties.iter().map(duty).collect(),
    }
}

fn exit(exit: &NetworkExit, place: usize, gaps: &mut Vec<MissingFact>) -> ExitItem {
    let barrier = |barrier: &Barrier| BarrierItem { network: barrier.from.clone(), way: way(&barrier.way) };
    ExitItem {
        network: exit.network.clone(),
        bridge: exit.bridge.clone(),
        range: exit.subnet.to_string(),
        internal: exit.internal,
        containers: exit.containers.clone(),
        way: known(&exit.way, || format!("exits[{place}].way"), gaps).map(way),
        probes: exit.probes.iter().filter_map(probe).collect(),
        apart_from: exit.apart_from.iter().map(barrier).collect(),
        peers_apart: exit.peers_apart.as_ref().map(barrier),
    }
}
