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

use porthole_model::firewall::{Chain, Firewall, FirewallTable};
use porthole_model::{
    Gap, InterfaceAddress, InterfaceIndex, Link, LinkKind, NetworkStack, Outcome, Packet, PacketHeader, Step,
    Walk, Way,
};

use connection::Flight;
use oracle::Oracle;
use routing::Router;

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
