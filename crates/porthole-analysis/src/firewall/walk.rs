//! The walk: a packet through a network namespace by what was read of it, to a verdict, with every rule it met.
//!
//! It does what the kernel does, and a test holds it to the kernel's own rule trace. What only the kernel can know (a
//! match that is not understood, a rate, a user) splits the way in two, each with the answer that it takes for granted.

mod bridge;
mod chains;
mod connection;
mod fields;
mod ip_sets;
mod nat;
mod oracle;
mod path;
mod routing;
mod sets;
mod statements;
mod station;
#[cfg(test)]
mod tests;
mod truth;
mod values;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use porthole_model::firewall::{Backend, BaseChain, Chain, Firewall, FirewallTable, Rule};
use porthole_model::{
    ChainReference, Gap, InterfaceAddress, InterfaceIndex, Link, LinkKind, NetworkStack, Outcome, Packet,
    PacketHeader, RouteKind, RuleReference, Step, Walk, Way,
};

use connection::Flight;
use oracle::Oracle;
use routing::{Question, Router};

/// How many ways are followed; a firewall of matches that nobody understands would have no end of them.
const MOST_WAYS: usize = 64;

/// How often a packet goes into a chain on one way, at most: one that does more goes in a circle.
const MOST_CHAINS: usize = 100_000;

/// A network namespace whose packets are followed.
#[derive(Debug)]
pub struct Walker<'s> {
    stack: &'s NetworkStack,
    firewall: &'s Firewall,
    links: &'s [Link],
    addresses: &'s [InterfaceAddress],
    router: Router<'s>,
    /// The chains of each table, by name; the table by its address.
    chains: HashMap<(*const FirewallTable, &'s str), &'s Chain>,
}

impl<'s> Walker<'s> {
    /// A namespace of which links, addresses, routes and firewall were read; otherwise what is missing.
    pub fn new(stack: &'s NetworkStack) -> Result<Self, Gap> {
        let firewall = stack.firewall.known()?;
        if let Some(gap) = firewall.gaps().next() {
            return Err(gap.clone());
        }
        let links = stack.links.known()?;
        let chains = firewall.tables().flat_map(|table| {
            table.chains.iter().map(move |chain| ((std::ptr::from_ref(table), chain.name.as_str()), chain))
        });
        Ok(Self {
            stack,
            firewall,
            links,
            addresses: stack.addresses.known()?,
            router: Router::new(stack.routes.known()?, stack.routing_rules.known()?, links),
            chains: chains.collect(),
        })
    }

    /// Every way that the packet may take.
    pub fn walk(&self, packet: &Packet) -> Walk {
        let mut ways = Vec::new();
        let mut scripts = VecDeque::from([Vec::new()]);
        while let Some(script) = scripts.pop_front() {
            if ways.len() == MOST_WAYS {
                return Walk { ways, is_cut: true };
            }
            let told = script.len();
            let mut run = Run::new(self, packet, Oracle::new(script));
            let outcome = run.travel();
            scripts.extend(run.oracle.others(told));
            ways.push(run.into_way(outcome));
        }
        Walk { ways, is_cut: false }
    }

    /// The rule that a walk met.
    pub(super) fn rule(&self, met: &RuleReference) -> Option<&'s Rule> {
        let chain = self.chain(self.table(&met.chain)?, &met.chain.chain)?;
        chain.rules.iter().find(|rule| rule.position == met.position)
    }

    /// The table of a chain that a walk met.
    pub(super) fn table(&self, met: &ChainReference) -> Option<&'s FirewallTable> {
        self.firewall.tables().find(|table| {
            let is_legacy = table.backend == Backend::IptablesLegacy;
            table.family == met.family && table.name == met.table && is_legacy == met.legacy
        })
    }

    /// The base chain that a walk met.
    pub(super) fn base_chain(&self, met: &ChainReference) -> Option<&'s BaseChain> {
        self.chain(self.table(met)?, &met.chain)?.base.as_ref()
    }

    /// The interface by which what this host sends to an address leaves, and its source if no program chose one.
    pub(super) fn way_to(&self, destination: IpAddr) -> Option<(InterfaceIndex, IpAddr)> {
        let question = Question { destination, source: None, mark: 0, input: None };
        let routing = self.router.route(&question, &mut |_| false)?;
        let interface = routing.interface?;
        let next_hop = routing.gateway.unwrap_or(destination);
        let held = || {
            let is_there = |address: &&InterfaceAddress| {
                address.interface == interface && address.prefix.address.is_ipv4() == destination.is_ipv4()
            };
            let mut own: Vec<_> = self.addresses.iter().filter(is_there).map(|held| held.prefix).collect();
            own.sort_by_key(|prefix| (!prefix.contains(next_hop), is_link_local(prefix.address)));
            own.first().map(|prefix| prefix.address)
        };
        let source = match routing.kind {
            RouteKind::Local => Some(destination),
            _ => routing.preferred_source.or_else(held),
        };
        Some((interface, source?))
    }

    fn link(&self, index: InterfaceIndex) -> Option<&'s Link> {
        self.links.iter().find(|link| link.index == index)
    }

    fn loopback(&self) -> Option<InterfaceIndex> {
        self.links.iter().find(|link| link.kind == LinkKind::Loopback).map(|link| link.index)
    }

    fn chain(&self, table: &FirewallTable, name: &str) -> Option<&'s Chain> {
        // The name's lifetime is the firewall's in the keys alone; a lookup does not need it.
        self.chains.get(&(std::ptr::from_ref(table), name)).copied()
    }
}

/// Whether an address means something on its link alone.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// One way being followed.
struct Run<'w, 's> {
    walker: &'w Walker<'s>,
    flight: Flight,
    steps: Vec<Step>,
    oracle: Oracle,
    chains_left: usize,
}

/// The packet's end, which ends the way at once wherever it is met.
type Onward<T> = Result<T, Outcome>;

impl<'w, 's> Run<'w, 's> {
    fn new(walker: &'w Walker<'s>, packet: &Packet, oracle: Oracle) -> Self {
        Self { walker, flight: Flight::of(packet), steps: Vec::new(), oracle, chains_left: MOST_CHAINS }
    }

    fn travel(&mut self) -> Outcome {
        match self.begin() {
            Ok(outcome) | Err(outcome) => outcome,
        }
    }

    fn into_way(self, outcome: Outcome) -> Way {
        let packet = self.flight.header();
        Way { assumptions: self.oracle.into_assumptions(), steps: self.steps, outcome, packet }
    }

    fn translated(&mut self, before: PacketHeader) {
        let now = self.flight.header();
        if now != before {
            self.steps.push(Step::Translated(now));
        }
    }
}
