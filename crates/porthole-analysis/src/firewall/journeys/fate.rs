//! What becomes of a packet: it arrives, it is stopped, or that is open.

use std::fmt::Write as _;

use porthole_model::firewall::{Backend, Counter, Rule, TableFamily};
use porthole_model::{
    Assumption, ChainReference, Discard, Evidence, InterfaceIndex, Outcome, PacketHeader, RuleReference,
    Walk, Way,
};

use crate::firewall::Walker;

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives, whatever holds of what is not known.
    Arrives(Arrival),
    /// It does not, whatever holds of what is not known.
    Stopped(Stop),
    /// Only the kernel knows.
    Open {
        /// What it depends on: matches that are not understood, settings that were not read.
        conditions: Vec<Assumption>,
        /// Where it arrives, on the first way on which it does.
        arrival: Option<Arrival>,
        /// What stops it, on the first way on which something does.
        stop: Option<Stop>,
    },
}

/// Where a packet arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The interface it leaves the host by; `None` where the host itself is given it.
    pub interface: Option<InterfaceIndex>,
    /// The port of the bridge, where the interface is one and knows it.
    pub bridge_port: Option<InterfaceIndex>,
    /// The addresses and ports that it has then.
    pub header: PacketHeader,
}

/// What stops a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// How it ends.
    pub outcome: Outcome,
    /// How many packets the rule or policy has seen, where that is counted.
    pub counter: Option<Counter>,
    /// Who keeps the chain, where one decided.
    pub backend: Option<Backend>,
}

impl Fate {
    /// Where it arrives for certain.
    pub fn arrival(&self) -> Option<&Arrival> {
        if let Self::Arrives(arrival) = self { Some(arrival) } else { None }
    }

    /// What stops it for certain.
    pub fn stop(&self) -> Option<&Stop> {
        if let Self::Stopped(stop) = self { Some(stop) } else { None }
    }
}

impl Stop {
    /// The rule that ends it, if one does.
    pub fn rule(&self) -> Option<&RuleReference> {
        match &self.outcome {
            Outcome::Dropped(rule) | Outcome::Rejected { rule, .. } => Some(rule),
            _ => None,
        }
    }

    /// The chain whose rule or policy ends it, if one does.
    pub fn chain(&self) -> Option<&ChainReference> {
        match &self.outcome {
            Outcome::DroppedByPolicy(chain) => Some(chain),
            _ => self.rule().map(|rule| &rule.chain),
        }
    }

    /// Whether its sender is told, so that a person sees "refused" and no timeout.
    pub fn is_told(&self) -> bool {
        matches!(self.outcome, Outcome::Rejected { .. } | Outcome::NoRoute { .. })
    }

    /// What stops it, as evidence: the place, and the words of the rule or policy with its counter.
    pub fn evidence(&self) -> Evidence {
        match &self.outcome {
            Outcome::Dropped(rule) | Outcome::Rejected { rule, .. } => {
                let source = format!("{}, rule {}", self.place(&rule.chain), rule.position);
                Evidence { source, observed: self.counted(&rule.text) }
            }
            Outcome::DroppedByPolicy(chain) => {
                Evidence { source: format!("{}, policy", self.place(chain)), observed: self.counted("DROP") }
            }
            other => Evidence { source: "the host's own network".to_owned(), observed: words(other) },
        }
    }

    /// The command that takes back what stops it: deletes the rule, or has the policy accept.
    pub fn undoing(&self) -> Option<String> {
        let chain = self.chain()?;
        let ChainReference { table, chain: name, .. } = chain;
        let native = self.backend.is_none_or(|backend| backend == Backend::Nftables);
        let family = chain.family.name();
        Some(match self.rule() {
            Some(rule) if native => {
                format!("nft delete rule {family} {table} {name} handle {}", rule.handle?)
            }
            Some(rule) => format!("{} -t {table} -D {name} {}", self.program(chain), rule.position),
            None if native => format!("nft add chain {family} {table} {name} '{{ policy accept; }}'"),
            None => format!("{} -t {table} -P {name} ACCEPT", self.program(chain)),
        })
    }

    /// The command that has the chain accept, before all else, what comes in by an interface or of a connection.
    pub(crate) fn accepting(&self, iptables: &str, nft: &str) -> Option<String> {
        let chain = self.chain()?;
        let ChainReference { family, table, chain: name, .. } = chain;
        Some(match self.backend {
            Some(Backend::Nftables) | None => {
                format!("nft insert rule {} {table} {name} {nft} accept", family.name())
            }
            Some(_) => format!("{} -t {table} -I {name} 1 {iptables} -j ACCEPT", self.program(chain)),
        })
    }

    /// The program that keeps a chain of iptables.
    fn program(&self, chain: &ChainReference) -> &'static str {
        let is_ipv6 = chain.family == TableFamily::Ip6;
        match self.backend {
            Some(Backend::IptablesLegacy) if is_ipv6 => "ip6tables-legacy",
            Some(Backend::IptablesLegacy) => "iptables-legacy",
            _ if is_ipv6 => "ip6tables",
            _ => "iptables",
        }
    }

    /// A chain as its own program names it: `iptables, table filter, chain FORWARD`.
    fn place(&self, chain: &ChainReference) -> String {
        let ChainReference { family, table, chain: name, .. } = chain;
        match self.backend {
            Some(Backend::Nftables) | None => {
                format!("nft, table {} {table}, chain {name}", family.name())
            }
            Some(_) => format!("{}, table {table}, chain {name}", self.program(chain)),
        }
    }

    fn counted(&self, words: &str) -> String {
        let mut text = words.to_owned();
        if let Some(Counter { packets, .. }) = self.counter {
            // Writing to a String cannot fail.
            let _infallible = write!(text, " ({packets} packets)");
        }
        text
    }
}

/// The end of a packet that no chain decided on.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::NoRoute { .. } => "there is no route".to_owned(),
        Outcome::NotForwarded { sysctl } => format!("{sysctl} is off"),
        Outcome::Discarded(Discard::InterfaceDown(_)) => "the interface is down".to_owned(),
        Outcome::Discarded(Discard::PortBlocked(_)) => "the bridge's port does not pass frames".to_owned(),
        Outcome::Discarded(Discard::HairpinOff(_)) => {
            "it would leave by the bridge's port it came by, whose hairpin mode is off".to_owned()
        }
        Outcome::Discarded(Discard::Isolated) => "the bridge's ports are isolated from each other".to_owned(),
        Outcome::Discarded(Discard::LoopbackAddress) => {
            "a loopback address goes to a real interface, where route_localnet is off".to_owned()
        }
        Outcome::Discarded(Discard::OwnSource) => "it comes from an address of the host itself".to_owned(),
        Outcome::Discarded(Discard::ReversePath) => "the way back leads elsewhere (rp_filter)".to_owned(),
        Outcome::Discarded(Discard::HopLimit) => "it has no hops left".to_owned(),
        Outcome::Loops => "it goes in a circle".to_owned(),
        Outcome::Queued(rule) => format!("a program decides: {}", rule.text),
        Outcome::Undecided(rule) => format!("a rule that is not understood decides: {}", rule.text),
        Outcome::Delivered { .. } | Outcome::Sent { .. } | Outcome::Bridged { .. } => "it arrives".to_owned(),
        Outcome::Dropped(rule) | Outcome::Rejected { rule, .. } => rule.text.clone(),
        Outcome::DroppedByPolicy(_) => "DROP".to_owned(),
    }
}

/// Whether a packet with this end arrives somewhere.
pub(super) fn arrives(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Delivered { .. } | Outcome::Sent { .. } | Outcome::Bridged { .. })
}

/// What becomes of a packet that was walked.
pub(super) fn fate(walker: &Walker<'_>, walk: &Walk) -> Fate {
    let arrivals: Vec<_> = walk.ways.iter().filter_map(arrival).collect();
    let stops: Vec<_> = walk.ways.iter().map(|way| &way.outcome).filter(|end| is_stopped(end)).collect();
    let (all, is_whole) = (walk.ways.len(), !walk.is_cut);
    let stop = stops.first().map(|end| stop(walker, end));
    let arrival = arrivals.first().copied();
    match (arrival, stop) {
        (Some(arrival), _) if is_whole && arrivals.len() == all && is_one(&arrivals) => {
            Fate::Arrives(arrival)
        }
        (_, Some(stop)) if is_whole && stops.len() == all => Fate::Stopped(stop),
        (arrival, stop) => Fate::Open { conditions: conditions(walk), arrival, stop },
    }
}

fn is_one(arrivals: &[Arrival]) -> bool {
    arrivals.windows(2).all(|pair| pair[0] == pair[1])
}

fn arrival(way: &Way) -> Option<Arrival> {
    let (interface, bridge_port) = match way.outcome {
        Outcome::Delivered { .. } => (None, None),
        Outcome::Sent { interface, bridge_port, .. } => (Some(interface), bridge_port),
        Outcome::Bridged { bridge, port } => (Some(bridge), port),
        _ => return None,
    };
    Some(Arrival { interface, bridge_port, header: way.packet })
}

/// Whether a packet with this end arrives nowhere. Programs and rules that are not understood may let it pass.
fn is_stopped(outcome: &Outcome) -> bool {
    !arrives(outcome) && !matches!(outcome, Outcome::Queued(_) | Outcome::Undecided(_))
}

fn stop(walker: &Walker<'_>, outcome: &Outcome) -> Stop {
    let mut stop = Stop { outcome: outcome.clone(), counter: None, backend: None };
    stop.backend = stop.chain().and_then(|chain| walker.table(chain)).map(|table| table.backend);
    stop.counter = match outcome {
        Outcome::DroppedByPolicy(chain) => walker.base_chain(chain).and_then(|base| base.counter),
        _ => stop.rule().and_then(|rule| walker.rule(rule)).and_then(Rule::counter),
    };
    stop
}

/// What the ways take for granted, each once.
fn conditions(walk: &Walk) -> Vec<Assumption> {
    let mut conditions: Vec<Assumption> = Vec::new();
    for assumption in walk.ways.iter().flat_map(|way| &way.assumptions) {
        let is_known =
            |known: &Assumption| known.rule == assumption.rule && known.condition == assumption.condition;
        if !conditions.iter().any(is_known) {
            conditions.push(assumption.clone());
        }
    }
    conditions
}
