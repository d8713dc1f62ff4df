//! The words that the table, the stages and the JSON share.

use std::net::SocketAddr;

use porthole_model::firewall::{Counter, TableFamily};
use porthole_model::{
    ChainReference, Decision, MetRule, PacketWay, PortChain, Sender, Socket, TransportProtocol, WayEnd,
};

use crate::doc::{Line, Style};
use crate::sockets;

/// `0.0.0.0:8080/tcp`.
pub(super) fn place(port: &PortChain) -> String {
    with_protocol(port.host(), port.binding.protocol)
}

/// `172.17.0.2:80/tcp`.
pub(super) fn with_protocol(address: SocketAddr, protocol: TransportProtocol) -> String {
    format!("{address}/{protocol}")
}

/// Who a way begins with.
pub(super) fn sender(way: &PacketWay) -> String {
    match way.sender {
        Sender::Outside => "from another machine".to_owned(),
        Sender::Host => "from the host".to_owned(),
        Sender::Loopback => format!("from the host, by {}", way.destination.ip()),
        Sender::Itself => "from the container itself".to_owned(),
        Sender::OtherNetwork => "from another network".to_owned(),
        Sender::Answer => "the answer".to_owned(),
        Sender::Network => "to the world".to_owned(),
    }
}

/// An end in a word of JSON.
pub(crate) fn end_word(end: &WayEnd) -> &'static str {
    match end {
        WayEnd::Container => "container",
        WayEnd::Proxy(_) => "docker_proxy",
        WayEnd::Program(_) => "program",
        WayEnd::Reservation => "reservation",
        WayEnd::Nobody => "nobody",
        WayEnd::Elsewhere(_) => "elsewhere",
        WayEnd::World => "world",
        WayEnd::Stopped { .. } => "stopped",
        WayEnd::NotOffered => "not_offered",
    }
}

/// An end in words.
pub(crate) fn end(way: &PacketWay) -> String {
    let words = match &way.end {
        WayEnd::Container => "sent to the container".to_owned(),
        WayEnd::Proxy(pid) => format!("docker-proxy[{pid}] takes it"),
        WayEnd::Program(name) => format!("another program of the host takes it: {name}"),
        WayEnd::Reservation => "the engine holds the port and answers nothing".to_owned(),
        WayEnd::Nobody => "refused: nobody on the host listens there".to_owned(),
        WayEnd::Elsewhere(address) => format!("sent to {address}, which is not the container's"),
        WayEnd::World => match way.source.filter(|_| way.sender == Sender::Network) {
            Some(source) => format!("leaves as {}", source.ip()),
            None => match way.source {
                Some(source) => format!("leaves as {source}"),
                None => "leaves with the container's own address".to_owned(),
            },
        },
        WayEnd::Stopped { reason, design: Some(design), .. } => format!("{reason}, by design: {design}"),
        WayEnd::Stopped { reason, .. } => reason.clone(),
        WayEnd::NotOffered => "not offered to this sender".to_owned(),
    };
    if way.is_certain() { words } else { format!("maybe {words}; it depends on: {}", way.unless.join(", ")) }
}

/// How good an end is.
pub(super) fn end_state(way: &PacketWay) -> State {
    match &way.end {
        _ if !way.is_certain() => State::Unknown,
        WayEnd::NotOffered => State::None,
        WayEnd::Stopped { design: Some(_), .. } => State::Apart,
        end if end.is_good() => State::Good,
        _ => State::Failed,
    }
}

/// How a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Failed,
    /// Not there, and not needed.
    None,
    /// Kept apart by design.
    Apart,
    Unknown,
}

impl State {
    pub(super) fn line(self) -> Line {
        match self {
            Self::Good => Line::of(Style::Good, "good"),
            Self::Failed => Line::of(Style::Error, "FAILED"),
            Self::None => Line::of(Style::Faint, "none"),
            Self::Apart => Line::of(Style::Note, "apart"),
            Self::Unknown => Line::of(Style::Warning, "?"),
        }
    }
}

/// What decided: a rule with its counter, or a policy.
pub(super) fn decision(decision: &Decision) -> String {
    match decision {
        Decision::Rule(met) => rule(met),
        Decision::Policy { chain, drops, counter } => {
            let verdict = if *drops { "DROP" } else { "ACCEPT" };
            let counted = counter.map(|counter| format!("; {}", packets(counter))).unwrap_or_default();
            format!("{}: policy {verdict}{counted}", chain_name(chain))
        }
    }
}

/// `nat/DOCKER 3: -A DOCKER …; 12 packets (+2)`.
pub(super) fn rule(met: &MetRule) -> String {
    let mut text = format!("{} {}: {}", chain_name(&met.rule.chain), met.rule.position, met.rule.text);
    if let Some(counter) = met.counter {
        text.push_str("; ");
        text.push_str(&packets(counter));
        text.push_str(&growth(met));
    }
    text
}

/// The packets that a rule counted, and how many are new: `12 (+2)`.
pub(super) fn count(met: &MetRule) -> String {
    let counted = met.counter.map_or_else(|| "yes".to_owned(), |counter| counter.packets.to_string());
    format!("{counted}{}", growth(met))
}

fn growth(met: &MetRule) -> String {
    met.gained.map(|gained| format!(" (+{})", gained.packets)).unwrap_or_default()
}

pub(super) fn packets(counter: Counter) -> String {
    if counter.packets == 1 { "1 packet".to_owned() } else { format!("{} packets", counter.packets) }
}

/// `nat/DOCKER`, `ip6 nat/DOCKER`, `legacy nat/DOCKER`.
fn chain_name(chain: &ChainReference) -> String {
    let family = match chain.family {
        TableFamily::Ip => String::new(),
        other => format!("{} ", other.name()),
    };
    let legacy = if chain.legacy { "legacy " } else { "" };
    format!("{legacy}{family}{}/{}", chain.table, chain.chain)
}

/// `httpd[12] on *:80`; sockets side by side.
pub(super) fn listeners(listening: &[Socket]) -> String {
    let mut words: Vec<_> = listening.iter().map(sockets::holder).collect();
    words.sort();
    words.dedup();
    words.join(", ")
}
