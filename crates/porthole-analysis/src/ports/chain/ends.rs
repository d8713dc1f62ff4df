//! A walked journey, told by the stages that a published port has.

use std::net::{IpAddr, SocketAddr};

use porthole_model::firewall::{
    Field, Hook, InterfaceSide, NatKind, PacketSide, Rule, Statement, TableFamily, Verdict,
};
use porthole_model::{
    Decision, MetRule, Outcome, PacketHeader, PacketWay, Port, RuleAction, RuleReference, Sender, Step,
    TransportProtocol, Way, WayEnd,
};

use super::View;
use crate::firewall::{Journey, Journeys, Stop, is_dockers};
use crate::ports::listeners::{is_listener, is_on, owners, serves};

/// The programs by which engines hold a port and answer nothing.
const HOLDERS: [&str; 3] = ["dockerd", "conmon", "podman"];

/// What a packet is sent for: whose way it is, and what counts as its end.
pub(super) struct Quest<'q> {
    pub(super) sender: Sender,
    pub(super) destination: SocketAddr,
    pub(super) protocol: TransportProtocol,
    pub(super) interface: Option<&'q str>,
    /// Whether an address and port are the container's.
    pub(super) is_target: &'q dyn Fn(IpAddr, Option<Port>) -> bool,
    /// Why an end by a rule of the engine is so by design.
    pub(super) design: Option<&'q str>,
}

/// The way that a journey took.
pub(super) fn way(
    view: &View<'_>,
    journeys: &Journeys<'_>,
    journey: &Journey,
    quest: &Quest<'_>,
) -> PacketWay {
    let ends: Vec<_> = journey.walk.ways.iter().map(|way| end(view, journeys, way, quest)).collect();
    let is_certain = !journey.walk.is_cut && ends.windows(2).all(|pair| pair[0] == pair[1]);
    let first = journey.walk.ways.first();
    let steps = first.map(|way| way.steps.as_slice()).unwrap_or_default();
    let met = |rule: &RuleReference| met(journeys, rule);
    PacketWay {
        sender: quest.sender,
        destination: quest.destination,
        interface: quest.interface.map(str::to_owned),
        end: ends.into_iter().next().unwrap_or(WayEnd::NotOffered),
        translation: translation(steps, &[NatKind::Destination, NatKind::Redirect]).map(met),
        permissions: steps.iter().filter_map(|step| permission(journeys, step)).collect(),
        masquerade: translation(steps, &[NatKind::Source, NatKind::Masquerade]).map(met),
        source: first.and_then(|way| changed_source(journey.packet.source, &way.packet)),
        unless: if is_certain { Vec::new() } else { conditions(journey) },
    }
}

/// The ways on which the end depends, in words, each once.
fn conditions(journey: &Journey) -> Vec<String> {
    let mut conditions: Vec<String> = Vec::new();
    for assumption in journey.walk.ways.iter().flat_map(|way| &way.assumptions) {
        if !conditions.contains(&assumption.condition) {
            conditions.push(assumption.condition.clone());
        }
    }
    conditions
}

fn changed_source(before: IpAddr, after: &PacketHeader) -> Option<SocketAddr> {
    (before != after.source)
        .then(|| SocketAddr::new(after.source, after.source_port.map_or(0, |port| port.0)))
}

/// The first rule that translates so.
fn translation<'a>(steps: &'a [Step], kinds: &[NatKind]) -> Option<&'a RuleReference> {
    steps.iter().find_map(|step| match step {
        Step::Rule { rule, action: RuleAction::Nat(nat) } if kinds.contains(&nat.kind) => Some(rule),
        _ => None,
    })
}

/// What a chain of the forward hook of IP decided.
fn permission(journeys: &Journeys<'_>, step: &Step) -> Option<Decision> {
    let is_forward = |hook, family| hook == Hook::Forward && family != TableFamily::Bridge;
    match step {
        Step::Rule { rule, action: RuleAction::Verdict(Verdict::Accept) }
            if is_forward(rule.chain.hook, rule.chain.family) =>
        {
            Some(Decision::Rule(met(journeys, rule)))
        }
        Step::Policy { chain, drops } if is_forward(chain.hook, chain.family) => {
            Some(Decision::Policy { chain: chain.clone(), drops: *drops, counter: None })
        }
        _ => None,
    }
}

fn met(journeys: &Journeys<'_>, rule: &RuleReference) -> MetRule {
    let counter = journeys.rule(rule).and_then(Rule::counter);
    MetRule { rule: rule.clone(), counter, gained: None }
}

fn end(view: &View<'_>, journeys: &Journeys<'_>, way: &Way, quest: &Quest<'_>) -> WayEnd {
    let PacketHeader { destination, destination_port, .. } = way.packet;
    match &way.outcome {
        Outcome::Delivered { address, port } => taker(view, *address, *port, quest.protocol),
        Outcome::Sent { .. } | Outcome::Bridged { .. } => {
            let is_abroad = matches!(quest.sender, Sender::Answer | Sender::Network);
            match (quest.is_target)(destination, destination_port) {
                true => WayEnd::Container,
                false if is_abroad => WayEnd::World,
                false => {
                    WayEnd::Elsewhere(SocketAddr::new(destination, destination_port.map_or(0, |port| port.0)))
                }
            }
        }
        stopped => stop(journeys, stopped, quest),
    }
}

/// Who on the host takes what is sent to an address and port of its own.
fn taker(view: &View<'_>, address: IpAddr, port: Option<Port>, protocol: TransportProtocol) -> WayEnd {
    let Ok(sockets) = &view.home_sockets else {
        return WayEnd::Program("a program that could not be seen".to_owned());
    };
    let takes = |socket: &&&porthole_model::Socket| {
        is_listener(socket).is_some_and(|internet| {
            port.is_some_and(|port| is_on(internet, port, protocol)) && serves(internet, address)
        })
    };
    let sockets_there: Vec<_> = sockets.iter().filter(takes).collect();
    let pids = || sockets_there.iter().flat_map(|socket| socket.owners.value().into_iter().flatten());
    let is_proxy = |pid| view.proxies.iter().any(|proxy| proxy.pid == pid);
    if let Some(owner) = pids().find(|owner| is_proxy(owner.pid)) {
        return WayEnd::Proxy(owner.pid);
    }
    let names: Vec<_> = sockets_there.iter().filter_map(|socket| owners(socket)).collect();
    match (sockets_there.first(), names.first()) {
        (None, _) => WayEnd::Nobody,
        (Some(_), None) => WayEnd::Program("a program whose process could not be seen".to_owned()),
        (Some(_), Some(name)) if HOLDERS.contains(&name.as_str()) => WayEnd::Reservation,
        (Some(_), Some(name)) => WayEnd::Program(name.clone()),
    }
}

fn stop(journeys: &Journeys<'_>, outcome: &Outcome, quest: &Quest<'_>) -> WayEnd {
    let told = Stop { outcome: outcome.clone(), counter: None, backend: None };
    let by = match outcome {
        Outcome::DroppedByPolicy(chain) => Some(Decision::Policy {
            chain: chain.clone(),
            drops: true,
            counter: journeys.policy_counter(chain),
        }),
        Outcome::Queued(rule) | Outcome::Undecided(rule) => Some(Decision::Rule(met(journeys, rule))),
        _ => told.rule().map(|rule| Decision::Rule(met(journeys, rule))),
    };
    let reason = match outcome {
        Outcome::Dropped(_) => "dropped by a rule".to_owned(),
        Outcome::Rejected { .. } => "refused by a rule".to_owned(),
        Outcome::DroppedByPolicy(chain) => format!("dropped by the policy of chain {}", chain.chain),
        Outcome::Queued(_) => "a program decides".to_owned(),
        Outcome::Undecided(_) => "a rule that is not understood decides".to_owned(),
        _ => told.evidence().observed,
    };
    let is_engines =
        by.as_ref().and_then(Decision::rule).is_some_and(|met| is_of_engine(journeys, &met.rule));
    let design = quest.design.filter(|_| is_engines).map(str::to_owned);
    WayEnd::Stopped { reason, by, design }
}

/// Whether an engine laid the rule for its own purposes: it is of a chain of its own, keeps what does not come by the
/// bridge from a container's address (Docker 28), or the containers of a bridge from each other (Docker before 28).
fn is_of_engine(journeys: &Journeys<'_>, rule: &RuleReference) -> bool {
    let chain = &rule.chain;
    let is_named = is_dockers(chain) || chain.chain.starts_with("NETAVARK");
    let is_own_table = chain.table.starts_with("docker-") || chain.table == "netavark";
    let is_so = |test: fn(&Rule) -> bool| journeys.rule(rule).is_some_and(test);
    is_named
        || is_own_table
        || chain.table == "raw" && is_so(guards_an_address)
        || chain.chain == "FORWARD" && is_so(keeps_peers_apart)
}

/// `-i docker0 -o docker0`.
fn keeps_peers_apart(rule: &Rule) -> bool {
    let interface = |side| {
        rule.statements.iter().find_map(|statement| match statement {
            Statement::Match(asked) if asked.field == Field::Interface(side) && !asked.negated => {
                Some(&asked.tests)
            }
            _ => None,
        })
    };
    interface(InterfaceSide::In).is_some_and(|tests| interface(InterfaceSide::Out) == Some(tests))
}

/// `-d 172.17.0.2/32 ! -i docker0`.
fn guards_an_address(rule: &Rule) -> bool {
    let has = |field: &Field, negated| {
        rule.statements.iter().any(|statement| {
            matches!(statement, Statement::Match(asked) if asked.field == *field && asked.negated == negated)
        })
    };
    has(&Field::Address(PacketSide::Destination), false) && has(&Field::Interface(InterfaceSide::In), true)
}
