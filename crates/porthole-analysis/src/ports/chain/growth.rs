//! How much the counters of rules grew between two readings.

use std::collections::HashMap;

use porthole_model::firewall::{Backend, Chain, Counter, Firewall, Rule};
use porthole_model::{ChainReference, PacketWay, PublishedPorts, RuleReference};

/// Tells each rule by how much its counter grew since the reading before.
pub fn ports_since(now: &mut PublishedPorts, before: &PublishedPorts) {
    let counters: HashMap<String, Counter> = ways(before)
        .flat_map(PacketWay::rules)
        .filter_map(|met| Some((key(&met.rule), met.counter?)))
        .collect();
    for met in ways_mut(now).flat_map(PacketWay::rules_mut) {
        met.gained = counters.get(&key(&met.rule)).and_then(|then| Some(grown(met.counter?, *then)));
    }
}

/// Gives rules and policies the counters of a later reading of the same firewall, and tells by how much they grew.
pub fn ports_counted(ports: &mut PublishedPorts, later: &Firewall) {
    for way in ways_mut(ports) {
        for met in way.rules_mut() {
            let Some(now) = rule(later, &met.rule).and_then(Rule::counter) else { continue };
            met.gained = met.counter.map(|then| grown(now, then));
            met.counter = Some(now);
        }
        for (reference, counter) in way.policies_mut() {
            let base = chain(later, reference).and_then(|chain| chain.base.as_ref());
            *counter = base.and_then(|base| base.counter).or(*counter);
        }
    }
}

fn ways_mut(ports: &mut PublishedPorts) -> impl Iterator<Item = &mut PacketWay> {
    let of_ports = ports.ports.iter_mut().filter_map(|port| port.ways.value_mut()).flatten();
    of_ports.chain(ports.exits.iter_mut().filter_map(|exit| exit.way.value_mut()))
}

fn ways(ports: &PublishedPorts) -> impl Iterator<Item = &PacketWay> {
    let of_ports = ports.ports.iter().filter_map(|port| port.ways.value()).flatten();
    of_ports.chain(ports.exits.iter().filter_map(|exit| exit.way.value()))
}

/// A counter that is smaller now was set back in between: all of it is new.
fn grown(now: Counter, then: Counter) -> Counter {
    if now.packets < then.packets {
        return now;
    }
    Counter { packets: now.packets - then.packets, bytes: now.bytes.saturating_sub(then.bytes) }
}

fn chain<'f>(firewall: &'f Firewall, reference: &ChainReference) -> Option<&'f Chain> {
    let mut tables = firewall.tables().filter(|table| {
        let is_legacy = table.backend == Backend::IptablesLegacy;
        table.family == reference.family && table.name == reference.table && is_legacy == reference.legacy
    });
    tables.next()?.chain(&reference.chain)
}

/// The same rule; none where another has its place.
fn rule<'f>(firewall: &'f Firewall, reference: &RuleReference) -> Option<&'f Rule> {
    let mut rules = chain(firewall, &reference.chain)?.rules.iter();
    rules.find(|rule| rule.position == reference.position && rule.handle == reference.handle)
}

/// What stays the same of a rule while others come and go before it.
fn key(rule: &RuleReference) -> String {
    let chain = &rule.chain;
    let number = rule.handle.map_or_else(|| rule.text.clone(), |handle| handle.to_string());
    format!("{:?} {} {} {} {number}", chain.family, chain.legacy, chain.table, chain.chain)
}
