//! A packet's way, told by the stages that a published port has.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::firewall::Counter;
use crate::{ChainReference, Pid, RuleReference};

/// Who sends a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// Another machine.
    Outside,
    /// A program on the host, to an address of the host that others know too.
    Host,
    /// A program on the host, to `127.0.0.1` or `::1`.
    Loopback,
    /// The container itself, by the host's address: its packets come back to where they came from (hairpin).
    Itself,
    /// A container on another network, by the host's address.
    OtherNetwork,
    /// The container, in answer to another machine.
    Answer,
    /// A container, to the world.
    Network,
}

impl Sender {
    /// Whether a published port is meant for it in every setting of an engine.
    pub fn is_expected(self) -> bool {
        matches!(self, Self::Outside | Self::Host | Self::Loopback | Self::Itself | Self::Answer)
    }
}

/// The way of a first packet, by what was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketWay {
    /// Who sends it.
    pub sender: Sender,
    /// To whom.
    pub destination: SocketAddr,
    /// The interface of the host that it comes in by; none where the host itself sends it.
    pub interface: Option<String>,
    /// Where it ends.
    pub end: WayEnd,
    /// The rule that gives it another destination (DNAT).
    pub translation: Option<MetRule>,
    /// What the chains of the forward hook decided, in their order; without them it is not forwarded.
    pub permissions: Vec<Decision>,
    /// The rule that gives it another source (masquerade, SNAT).
    pub masquerade: Option<MetRule>,
    /// The source that it ends with, where that is another.
    pub source: Option<SocketAddr>,
    /// What only the kernel could tell, and on which the end depends.
    pub unless: Vec<String>,
}

impl PacketWay {
    /// Whether the end is the same whatever holds of what is not known.
    pub fn is_certain(&self) -> bool {
        self.unless.is_empty()
    }

    /// What decided on forwarding: the rule that let it pass, or the last policy.
    pub fn permission(&self) -> Option<&Decision> {
        let rule = self.permissions.iter().find(|decision| matches!(decision, Decision::Rule(_)));
        rule.or_else(|| self.permissions.last())
    }

    /// The rules that it met and that are told of.
    pub fn rules_mut(&mut self) -> impl Iterator<Item = &mut MetRule> {
        let stop = match &mut self.end {
            WayEnd::Stopped { by: Some(decision), .. } => decision.rule_mut(),
            _ => None,
        };
        let permissions = self.permissions.iter_mut().filter_map(Decision::rule_mut);
        self.translation.iter_mut().chain(&mut self.masquerade).chain(permissions).chain(stop)
    }

    /// The policies that decided on it, with their counters.
    pub fn policies_mut(&mut self) -> impl Iterator<Item = (&ChainReference, &mut Option<Counter>)> {
        let stop = match &mut self.end {
            WayEnd::Stopped { by, .. } => by.as_mut(),
            _ => None,
        };
        self.permissions.iter_mut().chain(stop).filter_map(|decision| match decision {
            Decision::Policy { chain, counter, .. } => Some((&*chain, counter)),
            Decision::Rule(_) => None,
        })
    }

    /// The same rules, to be looked at.
    pub fn rules(&self) -> impl Iterator<Item = &MetRule> {
        let stop = match &self.end {
            WayEnd::Stopped { by: Some(decision), .. } => decision.rule(),
            _ => None,
        };
        let permissions = self.permissions.iter().filter_map(Decision::rule);
        self.translation.iter().chain(&self.masquerade).chain(permissions).chain(stop)
    }
}

/// Where a packet ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayEnd {
    /// It is sent to the container's address and port.
    Container,
    /// The docker-proxy of the port takes it.
    Proxy(Pid),
    /// A program on the host takes it, by its name.
    Program(String),
    /// The engine holds the port so that nobody else takes it, and answers nothing.
    Reservation,
    /// The host takes it, and nobody listens there.
    Nobody,
    /// It is sent to another address than the container's.
    Elsewhere(SocketAddr),
    /// It leaves the host towards whom it is for.
    World,
    /// It is stopped.
    Stopped {
        /// Why, in words.
        reason: String,
        /// The rule or the policy, where it is one.
        by: Option<Decision>,
        /// Why that is so by design, where it is.
        design: Option<String>,
    },
    /// The port is not offered to this sender: it is published for the host alone, or nothing listens for the family.
    NotOffered,
}

impl WayEnd {
    /// Whether that is an end that a published port, an answer or a way out should have.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Container | Self::Proxy(_) | Self::World | Self::NotOffered)
            || matches!(self, Self::Stopped { design: Some(_), .. })
    }
}

/// What a chain decided on a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// By a rule.
    Rule(MetRule),
    /// By the policy of the base chain.
    Policy {
        /// The base chain.
        chain: ChainReference,
        /// Whether it drops.
        drops: bool,
        /// How many packets it decided on, where that is counted.
        counter: Option<Counter>,
    },
}

impl Decision {
    /// The rule, where it is one.
    pub fn rule(&self) -> Option<&MetRule> {
        match self {
            Self::Rule(met) => Some(met),
            Self::Policy { .. } => None,
        }
    }

    fn rule_mut(&mut self) -> Option<&mut MetRule> {
        match self {
            Self::Rule(met) => Some(met),
            Self::Policy { .. } => None,
        }
    }
}

/// A rule that a packet meets, and what the rule counted of all packets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetRule {
    /// The rule.
    pub rule: RuleReference,
    /// Its counter, where it has one.
    pub counter: Option<Counter>,
    /// How much that grew since the reading before, where there was one.
    pub gained: Option<Counter>,
}
