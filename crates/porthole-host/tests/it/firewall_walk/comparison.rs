//! One packet twice: traced by the kernel, and walked.

use std::time::{Duration, Instant};

use porthole_analysis::Walker;
use porthole_host::{LinuxHost, Roots, RuleTrace, TracedPackets};
use porthole_model::firewall::{ConntrackState, TableFamily, Verdict};
use porthole_model::{
    ChainReference, LinkKind, NetworkStack, Outcome, Packet, PacketConnection, PacketOrigin, Pid, RuleAction,
    RuleReference, Scope, Step, Topic, TraceFlow, TraceStep, TraceVerdict, TracedPacket, Translation,
    Transport, Way,
};

use super::packets::Ready;

/// How long the first event may take, and how long it must be quiet until all are there.
const FIRST: Duration = Duration::from_millis(200);
const QUIET: Duration = Duration::from_millis(15);

/// Something that happened in a chain, as both tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Met {
    family: TableFamily,
    table: String,
    chain: String,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Rule(u64, TraceVerdict),
    End,
    Policy(TraceVerdict),
}

pub(super) fn host() -> LinuxHost {
    LinuxHost::new(Roots::default())
}

/// What the walk needs to know of a namespace.
pub(super) fn stack(process: Pid) -> NetworkStack {
    let scope =
        Scope::of(&[Topic::Links, Topic::Routes, Topic::ForwardingDatabase, Topic::Sysctls, Topic::Firewall]);
    host().stack_of(process, &scope).unwrap()
}

/// A trace of many flows in a namespace, of which one packet after the other is sent.
#[derive(Debug)]
pub(super) struct Tracing(RuleTrace);

impl Tracing {
    pub(super) fn new(process: Pid, flows: &[TraceFlow]) -> Self {
        Self(host().trace_rules(process, flows).unwrap())
    }

    /// Sends the packet, and gives all that was traced then, in order.
    pub(super) fn send(&mut self, ready: &Ready) -> Vec<TracedPacket> {
        ready.send();
        let mut packets = TracedPackets::default();
        let mut deadline = Instant::now() + FIRST;
        loop {
            let news = self.0.news(deadline).unwrap();
            if news.is_empty() {
                break;
            }
            packets.add(news);
            deadline = Instant::now() + QUIET;
        }
        assert!(!packets.has_lost(), "the trace lost events");
        packets.packets().cloned().collect()
    }
}

/// The first packet of a flow that carries these flags of TCP, or of a flow of another protocol.
pub(super) fn first_of<'a>(
    packets: &'a [TracedPacket],
    flow: &TraceFlow,
    flags: u8,
) -> Option<&'a TracedPacket> {
    packets.iter().find(|packet| {
        let headers = &packet.headers;
        Some(headers.source) == flow.source
            && Some(headers.destination) == flow.destination
            && headers.protocol == flow.protocol
            && headers.source_port == flow.source_port
            && headers.destination_port == flow.destination_port
            && (flow.protocol != 6 || headers.identity.flags & 0x3f == flags)
    })
}

/// The first packet of a connection, as it comes to a namespace.
pub(super) fn first_packet(ready: &Ready, origin: PacketOrigin) -> Packet {
    let first = Packet::first(origin, ready.from.ip(), ready.to().ip(), ready.transport());
    Packet { uid: Some(0), ..first }
}

/// A later packet of a connection, in the direction of its first one: the walk of that one told what becomes of it.
pub(super) fn later_packet(first: &Packet, way: &Way) -> Packet {
    let Transport::Tcp { source, destination, .. } = first.transport else { panic!("{first:?} is no TCP") };
    let end = way.packet;
    let translation = Translation {
        source: Some((end.source, end.source_port)),
        destination: Some((end.destination, end.destination_port)),
    };
    Packet {
        transport: Transport::Tcp { source, destination, flags: 0x10 },
        connection: established(false, translation),
        ..first.clone()
    }
}

/// The answer to a first packet, from where that one ended; `None` where it ended nowhere.
pub(super) fn answer(stack: &NetworkStack, first: &Packet, way: &Way) -> Option<Packet> {
    let Transport::Tcp { source, destination, .. } = first.transport else { return None };
    let origin = match way.outcome {
        Outcome::Delivered { .. } => PacketOrigin::Local,
        Outcome::Sent { bridge_port: Some(port), .. } | Outcome::Bridged { port: Some(port), .. } => {
            PacketOrigin::Interface(port)
        }
        Outcome::Sent { interface, .. } => PacketOrigin::Interface(interface),
        _ => return None,
    };
    let is_bridge = |index| {
        stack.links.value().unwrap().iter().any(|link| link.index == index && link.kind == LinkKind::Bridge)
    };
    if matches!(origin, PacketOrigin::Interface(index) if is_bridge(index)) {
        return None;
    }
    let end = way.packet;
    let translation = Translation {
        source: Some((first.destination, Some(destination))),
        destination: Some((first.source, Some(source))),
    };
    Some(Packet {
        origin,
        source: end.destination,
        destination: end.source,
        transport: Transport::Tcp {
            source: end.destination_port?,
            destination: end.source_port?,
            flags: 0x12,
        },
        connection: established(true, translation),
        ..first.clone()
    })
}

fn established(is_reply: bool, translation: Translation) -> PacketConnection {
    PacketConnection { state: ConntrackState::Established, is_reply, translation: Some(translation) }
}

/// The flow that a packet is of.
pub(super) fn flow(packet: &Packet) -> TraceFlow {
    let ports = match packet.transport {
        Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination } => {
            Some((source, destination))
        }
        Transport::Icmp { .. } | Transport::Other(_) => None,
    };
    TraceFlow {
        protocol: match packet.transport {
            Transport::Tcp { .. } => 6,
            Transport::Udp { .. } => 17,
            Transport::Icmp { .. } if packet.destination.is_ipv4() => 1,
            Transport::Icmp { .. } => 58,
            Transport::Other(protocol) => protocol,
        },
        source: Some(packet.source),
        destination: Some(packet.destination),
        source_port: ports.map(|(source, _)| source),
        destination_port: ports.map(|(_, destination)| destination),
    }
}

/// All ways that the walk gives.
pub(super) fn ways(stack: &NetworkStack, packet: &Packet) -> Vec<Way> {
    Walker::new(stack).unwrap().walk(packet).ways
}

/// The one way that the walk gives, or the end of the test.
pub(super) fn walked(stack: &NetworkStack, packet: &Packet) -> Way {
    let ways = ways(stack, packet);
    assert_eq!(ways.len(), 1, "{packet:?}\n{ways:#?}");
    ways.into_iter().next().unwrap()
}

/// Why the two differ, if they do.
pub(super) fn difference(traced: &TracedPacket, way: &Way) -> Option<String> {
    let (kernel, walk) = (kernel(traced), walk(way));
    if kernel == walk {
        return None;
    }
    let same = kernel.iter().zip(&walk).take_while(|(kernel, walk)| kernel == walk).count();
    let tail = |met: &[Met]| {
        let lines: Vec<_> = met[same..].iter().map(|met| format!("    {met:?}")).collect();
        lines.join("\n")
    };
    Some(format!(
        "{same} steps are the same, then\n  kernel:\n{}\n  walk:\n{}\n  {:?}",
        tail(&kernel),
        tail(&walk),
        way.outcome
    ))
}

/// How many steps of rules there were.
pub(super) fn count(traced: &TracedPacket) -> usize {
    traced.events.len()
}

fn kernel(traced: &TracedPacket) -> Vec<Met> {
    let met = traced.events.iter().map(|event| Met {
        family: event.family,
        table: event.table.clone(),
        chain: event.chain.clone(),
        what: match &event.step {
            TraceStep::Rule { handle, verdict } => What::Rule(*handle, verdict.clone()),
            TraceStep::End => What::End,
            TraceStep::Policy(verdict) => What::Policy(verdict.clone()),
        },
    });
    met.collect()
}

/// What the kernel's trace would show of a way: it does not see iptables-legacy.
fn walk(way: &Way) -> Vec<Met> {
    let met = way.steps.iter().filter_map(|step| match step {
        Step::Rule { rule, action } => {
            Some((&rule.chain, What::Rule(rule.handle.unwrap_or(0), verdict(rule, action))))
        }
        Step::End(chain) => Some((chain, What::End)),
        Step::Policy { chain, drops } => {
            let verdict = if *drops { TraceVerdict::Drop } else { TraceVerdict::Accept };
            Some((chain, What::Policy(verdict)))
        }
        _ => None,
    });
    met.filter(|(chain, _)| !chain.legacy).map(|(chain, what)| placed(chain, what)).collect()
}

fn placed(chain: &ChainReference, what: What) -> Met {
    Met { family: chain.family, table: chain.table.clone(), chain: chain.chain.clone(), what }
}

fn verdict(rule: &RuleReference, action: &RuleAction) -> TraceVerdict {
    match action {
        RuleAction::Verdict(Verdict::Accept) | RuleAction::Nat(_) => TraceVerdict::Accept,
        RuleAction::Verdict(Verdict::Drop) | RuleAction::Reject(_) => TraceVerdict::Drop,
        RuleAction::Verdict(Verdict::Continue) => TraceVerdict::Continue,
        RuleAction::Verdict(Verdict::Return) => TraceVerdict::Return,
        RuleAction::Verdict(Verdict::Jump(chain)) => TraceVerdict::Jump(chain.clone()),
        RuleAction::Verdict(Verdict::Goto(chain)) => TraceVerdict::Goto(chain.clone()),
        RuleAction::Queue => TraceVerdict::Queue,
        other => panic!("{rule:?} did {other:?}"),
    }
}
