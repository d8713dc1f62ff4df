//! The scene of the firewall checks: an engine that keeps rules in this host's firewall, and packets to send through.

use std::cell::OnceCell;
use std::rc::Rc;

use porthole_model::firewall::{
    Backend, Chain, ConntrackSide, Field, Firewall, FirewallTable, PacketSide, Rule, Statement,
};
use porthole_model::{
    ChainReference, Container, Engine, EngineInfo, EngineKind, Gap, GapKind, Network, Packet, Port,
    PortBinding, Subject, TransportProtocol,
};

use super::docker::{self, DockerRules};
use super::exceptions;
use super::journeys::{Aim, Fate, Journey, Journeys, Seat, Stop, Uplink};
use crate::attachment::has_bridge;
use crate::case::Case;
use crate::checks::{about_network, about_port};
use crate::places::engine_namespace;
use crate::ports;

/// An engine that keeps rules in the firewall of this host.
#[derive(Debug)]
pub(crate) struct Scene<'s> {
    pub(crate) engine: &'s Engine,
    pub(crate) rules: DockerRules,
    pub(crate) journeys: Rc<Journeys<'s>>,
    firewall: &'s Firewall,
    inbound: OnceCell<Result<Vec<Inbound<'s>>, Gap>>,
    outbound: OnceCell<Vec<Outbound<'s>>>,
}

/// Whose rule or policy stops a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Culprit {
    /// A rule of Docker's own.
    Docker,
    /// The policy of the chain FORWARD in which Docker's rules are.
    ForwardPolicy,
    /// The other one of iptables-nft and iptables-legacy than that which Docker uses; for an engine with tables of its
    /// own, the policy of either one's FORWARD.
    OtherIptables,
    /// Anybody else's rule or policy.
    Foreign,
}

/// What somebody meets who asks a published port.
#[derive(Clone, Debug)]
pub(crate) struct Inbound<'s> {
    pub(crate) container: &'s Container,
    pub(crate) binding: &'s PortBinding,
    /// The first packet that somebody far away sends.
    pub(crate) journey: Journey,
    /// The interface it comes in by.
    pub(crate) interface: String,
    /// What stops it, if that stops everybody at every uplink.
    pub(crate) stop: Option<Stop>,
}

/// What a container meets that asks somebody far away.
#[derive(Clone, Debug)]
pub(crate) struct Outbound<'s> {
    pub(crate) seat: Seat<'s>,
    pub(crate) journey: Journey,
    /// What stops it, if that stops everything.
    pub(crate) stop: Option<Stop>,
}

/// A packet that should arrive and does not.
#[derive(Clone, Debug)]
pub(crate) enum Victim<'s> {
    Inbound(Inbound<'s>),
    Outbound(Outbound<'s>),
}

impl Victim<'_> {
    /// The packet, in words: from where to where.
    pub(crate) fn packet(&self) -> String {
        let (journey, way) = match self {
            Self::Inbound(each) => (&each.journey, format!(" by {}", each.interface)),
            Self::Outbound(each) => (&each.journey, format!(" on network {}", each.seat.network.name)),
        };
        format!("from {}{way} to {}", journey.packet.source, journey.packet.destination)
    }

    /// What it was for: the port, or the network and the outside.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Inbound(each) => {
                let PortBinding { host_port, protocol, .. } = each.binding;
                format!("port {host_port}/{protocol} of the host, for container '{}'", each.container.name)
            }
            Self::Outbound(each) => {
                format!("what containers on network '{}' send out", each.seat.network.name)
            }
        }
    }

    /// What it concerns.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Inbound(each) => {
                about_port(each.container, each.binding.container_port, each.binding.protocol)
            }
            Self::Outbound(each) => about_network(each.seat.network),
        }
    }
}

impl<'s> Scene<'s> {
    /// `None` where the engine keeps no rules: it was told not to, or has no network with a bridge.
    pub(crate) fn of(case: &Case<'s>) -> Result<Option<Self>, Gap> {
        let snapshot = case.snapshot;
        let engine = snapshot.engine.known()?;
        let networks = engine.networks.known()?;
        if engine.version.kind != EngineKind::Docker || !networks.iter().any(has_bridge) {
            return Ok(None);
        }
        if engine.info.value().is_some_and(EngineInfo::is_rootless) {
            let reason = "the engine runs without root, and its packets leave the host in other ways";
            return Err(Gap::new(GapKind::Unsupported, "rules of the engine", reason));
        }
        let firewall = engine_namespace(snapshot)?.stack.known()?.firewall.known()?;
        let rules =
            DockerRules::of(firewall, engine.info.value().is_some_and(EngineInfo::keeps_rules_by_nftables));
        if rules.are_gone() && engine.settings.known()?.iptables == Some(false) {
            return Ok(None);
        }
        Ok(Some(Self {
            engine,
            rules,
            journeys: case.journeys()?,
            firewall,
            inbound: OnceCell::new(),
            outbound: OnceCell::new(),
        }))
    }

    /// Whose rule or policy a stop is; `None` where no chain stops it.
    pub(crate) fn culprit(&self, stop: &Stop) -> Option<Culprit> {
        let chain = stop.chain()?;
        let is_iptables = stop.backend.is_some_and(|backend| backend != Backend::Nftables);
        if self.rules.has_own_tables {
            return Some(if docker::is_in_own_table(chain) {
                Culprit::Docker
            } else if is_iptables && is_forward_policy(stop, chain) {
                Culprit::OtherIptables
            } else {
                Culprit::Foreign
            });
        }
        Some(if is_iptables && self.rules.backend.is_some() && stop.backend != self.rules.backend {
            Culprit::OtherIptables
        } else if docker::is_dockers(chain) && is_iptables {
            Culprit::Docker
        } else if is_iptables && is_forward_policy(stop, chain) {
            Culprit::ForwardPolicy
        } else {
            Culprit::Foreign
        })
    }

    /// What one of these stops of what comes in and goes out, by rule or policy.
    pub(crate) fn stopped_by(&self, culprits: &[Culprit]) -> Result<Vec<(Stop, Vec<Victim<'s>>)>, Gap> {
        let is_one = |stop: &&Stop| self.culprit(stop).is_some_and(|culprit| culprits.contains(&culprit));
        let by_one = |stop: &Option<Stop>| stop.as_ref().filter(is_one).cloned();
        let inbound = self.inbound()?.iter();
        let inbound = inbound.filter_map(|each| Some((by_one(&each.stop)?, Victim::Inbound(each.clone()))));
        let outbound = self.outbound().iter();
        let outbound =
            outbound.filter_map(|each| Some((by_one(&each.stop)?, Victim::Outbound(each.clone()))));
        Ok(by_stop(inbound.chain(outbound)))
    }

    /// The program that keeps Docker's rules.
    pub(crate) fn iptables(&self) -> &'static str {
        match self.rules.backend {
            Some(Backend::IptablesLegacy) => "iptables-legacy",
            _ => "iptables",
        }
    }

    /// Where its rules are: a table of iptables, or its own one.
    pub(crate) fn place(&self, table: &str) -> String {
        if self.rules.has_own_tables {
            "nft, table ip docker-bridges".to_owned()
        } else {
            format!("{}, table {table}", self.iptables())
        }
    }

    /// The command that lists a table of its rules, or its own one.
    pub(crate) fn listing(&self, table: &str) -> String {
        if self.rules.has_own_tables {
            "nft list table ip docker-bridges".to_owned()
        } else {
            format!("{} -t {table} -S", self.iptables())
        }
    }

    /// The command that lists all rules of whatever keeps its own.
    pub(crate) fn listing_of_all(&self) -> String {
        if self.rules.has_own_tables {
            "nft list ruleset".to_owned()
        } else {
            format!("{}-save", self.iptables())
        }
    }

    /// The whole firewall.
    pub(crate) fn firewall(&self) -> &'s Firewall {
        self.firewall
    }

    /// Every IPv4 port that is published for others, as somebody out there meets it.
    pub(crate) fn inbound(&self) -> Result<&[Inbound<'s>], Gap> {
        self.inbound.get_or_init(|| self.ask_all()).as_deref().map_err(Gap::clone)
    }

    /// The way out of each network that has one, by one of its containers.
    pub(crate) fn outbound(&self) -> &[Outbound<'s>] {
        self.outbound.get_or_init(|| self.leave_all())
    }

    fn ask_all(&self) -> Result<Vec<Inbound<'s>>, Gap> {
        let containers = self.engine.containers.known()?.iter();
        let published =
            containers.filter(|container| ports::is_published(container) && self.has_way_in(container));
        let bindings = published
            .flat_map(|container| container.published_ports.iter().map(move |binding| (container, binding)));
        let for_others = bindings.filter(|(_, binding)| is_for_others(binding));
        Ok(for_others.filter_map(|(container, binding)| self.ask(container, binding)).collect())
    }

    fn leave_all(&self) -> Vec<Outbound<'s>> {
        let mut asked: Vec<&str> = Vec::new();
        let mut found = Vec::new();
        for seat in self.journeys.seats().iter().filter(|seat| seat.leads_out && has_way_out(seat.network)) {
            if !asked.contains(&seat.network.name.as_str())
                && let Some(outbound) = self.leave(*seat)
            {
                asked.push(&seat.network.name);
                found.push(outbound);
            }
        }
        found
    }

    /// Docker publishes no ports on networks that are internal or routed.
    fn has_way_in(&self, container: &Container) -> bool {
        let mut seats = self.journeys.seats().iter().filter(|seat| seat.container.id == container.id);
        seats.any(|seat| has_way_out(seat.network))
    }

    fn ask(&self, container: &'s Container, binding: &'s PortBinding) -> Option<Inbound<'s>> {
        let mut first: Option<(Journey, &Uplink<'s>)> = None;
        for uplink in self.journeys.uplinks() {
            for address in self.journeys.outside_addresses(uplink, binding) {
                let aim = Aim::port(address, binding.host_port, binding.protocol);
                for visitor in uplink.strangers_first(address.is_ipv4()) {
                    let journey = self.journeys.from_outside(uplink, visitor, aim);
                    if journey.fate.stop().is_none() {
                        return Some(inbound(container, binding, journey, uplink, None));
                    }
                    first.get_or_insert((journey, uplink));
                }
            }
        }
        let (journey, uplink) = first?;
        let stop =
            journey.fate.stop().filter(|_| !self.knows_a_friend(&journey, PacketSide::Source)).cloned();
        Some(inbound(container, binding, journey, uplink, stop))
    }

    fn leave(&self, seat: Seat<'s>) -> Option<Outbound<'s>> {
        let uplink = self.journeys.uplinks().iter().find(|uplink| uplink.has_default_route)?;
        let mut first = None;
        for host in uplink.strangers_first(true) {
            for (port, protocol) in [(443, TransportProtocol::Tcp), (53, TransportProtocol::Udp)] {
                let journey = self.journeys.from_container(&seat, Aim::port(host, Port(port), protocol))?;
                if journey.fate.stop().is_none() {
                    return Some(Outbound { seat, journey, stop: None });
                }
                first.get_or_insert(journey);
            }
        }
        let journey = first?;
        let is_open = self.knows_a_friend(&journey, PacketSide::Destination) || self.knows_a_port(&journey);
        let stop = journey.fate.stop().filter(|_| !is_open).cloned();
        Some(Outbound { seat, journey, stop })
    }

    /// Whether one of the addresses that the stopping chains name is not stopped by them.
    fn knows_a_friend(&self, journey: &Journey, side: PacketSide) -> bool {
        let Some((table, chains)) = self.chains_of(journey) else { return false };
        let friends = exceptions::addresses(self.firewall, table, &chains, side);
        let is_ipv4 = journey.packet.source.is_ipv4();
        friends.into_iter().filter(|friend| friend.is_ipv4() == is_ipv4).any(|friend| {
            let mut packet = journey.packet.clone();
            match side {
                PacketSide::Source => packet.source = friend,
                PacketSide::Destination => packet.destination = friend,
            }
            !is_stopped_by(&self.journeys.send(packet), journey)
        })
    }

    fn knows_a_port(&self, journey: &Journey) -> bool {
        let Some((_, chains)) = self.chains_of(journey) else { return false };
        exceptions::ports(&chains).into_iter().any(|port| {
            [TransportProtocol::Tcp, TransportProtocol::Udp].into_iter().any(|protocol| {
                let aim = Aim::port(journey.packet.destination, Port(port), protocol);
                let packet = Packet { transport: aim.transport, ..journey.packet.clone() };
                !is_stopped_by(&self.journeys.send(packet), journey)
            })
        })
    }

    /// The chains that a stopped packet met in the table that stopped it.
    fn chains_of(&self, journey: &Journey) -> Option<(&'s FirewallTable, Vec<&'s Chain>)> {
        let stopping = journey.fate.stop()?.chain()?;
        let table = self.journeys.table(stopping)?;
        let mut names: Vec<&str> = Vec::new();
        for chain in journey.walk.ways.first()?.chains() {
            let is_there = chain.table == stopping.table && chain.family == stopping.family;
            if is_there && !names.contains(&chain.chain.as_str()) {
                names.push(&chain.chain);
            }
        }
        Some((table, names.into_iter().filter_map(|name| table.chain(name)).collect()))
    }
}

fn is_forward_policy(stop: &Stop, chain: &ChainReference) -> bool {
    stop.rule().is_none() && chain.chain == "FORWARD" && chain.table == "filter"
}

/// Those that the same rule or policy stops, together.
pub(crate) fn by_stop<T>(stopped: impl IntoIterator<Item = (Stop, T)>) -> Vec<(Stop, Vec<T>)> {
    let mut groups: Vec<(Stop, Vec<T>)> = Vec::new();
    for (stop, item) in stopped {
        match groups.iter_mut().find(|(known, _)| known.outcome == stop.outcome) {
            Some((_, items)) => items.push(item),
            None => groups.push((stop, vec![item])),
        }
    }
    groups
}

/// Whether a rule is for certain ports alone, so that who laid it had them in mind.
pub(crate) fn names_a_port(rule: &Rule) -> bool {
    rule.statements.iter().any(|statement| match statement {
        Statement::Match(asked) => {
            let is_port = matches!(
                asked.field,
                Field::Port(PacketSide::Destination)
                    | Field::EitherPort
                    | Field::ConntrackPort(ConntrackSide::OriginalDestination)
            );
            is_port && !asked.negated
        }
        _ => false,
    })
}

/// Whether a network's packets go out by the host's own address.
pub(crate) fn has_way_out(network: &Network) -> bool {
    let option = |key: &str| network.options.get(&format!("com.docker.network.bridge.{key}"));
    let is_translated = option("enable_ip_masquerade").is_none_or(|value| value != "false");
    let mode = option("gateway_mode_ipv4");
    has_bridge(network) && !network.internal && is_translated && mode.is_none_or(|mode| mode == "nat")
}

fn is_for_others(binding: &PortBinding) -> bool {
    let PortBinding { host_address, host_port, .. } = binding;
    host_address.is_ipv4() && !host_address.is_loopback() && host_port.0 != 0
}

fn inbound<'s>(
    container: &'s Container,
    binding: &'s PortBinding,
    journey: Journey,
    uplink: &Uplink<'_>,
    stop: Option<Stop>,
) -> Inbound<'s> {
    Inbound { container, binding, journey, interface: uplink.link.name.clone(), stop }
}

/// Whether a packet ends in the same table as another one; elsewhere is something else's fault.
fn is_stopped_by(journey: &Journey, other: &Journey) -> bool {
    let Fate::Stopped(stop) = &journey.fate else { return false };
    let table = |stop: &Stop| stop.chain().map(|chain| (chain.family, chain.table.clone(), chain.legacy));
    other.fate.stop().is_some_and(|other| table(stop) == table(other))
}
