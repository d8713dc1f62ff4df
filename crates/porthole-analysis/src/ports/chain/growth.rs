//! How much the counters of rules grew between two readings.

use std::collections::HashMap;

use porthole_model::firewall::Counter;
use porthole_model::{MetRule, PacketWay, PublishedPorts, RuleReference};

/// Tells each rule by how much its counter grew since the reading before.
pub fn ports_since(now: &mut PublishedPorts, before: &PublishedPorts) {
    let counters: HashMap<String, Counter> = ways(before)
        .flat_map(PacketWay::rules)
        .filter_map(|met| Some((key(&met.rule), met.counter?)))
        .collect();
    let ways = now.ports.iter_mut().filter_map(|port| port.ways.value_mut()).flatten();
    let exits = now.exits.iter_mut().filter_map(|exit| exit.way.value_mut());
    for met in ways.chain(exits).flat_map(PacketWay::rules_mut) {
        met.gained = gained(met, &counters);
    }
}

fn ways(ports: &PublishedPorts) -> impl Iterator<Item = &PacketWay> {
    let of_ports = ports.ports.iter().filter_map(|port| port.ways.value()).flatten();
    of_ports.chain(ports.exits.iter().filter_map(|exit| exit.way.value()))
}

/// A counter that is smaller now was set back in between: all of it is new.
fn gained(met: &MetRule, before: &HashMap<String, Counter>) -> Option<Counter> {
    let (now, then) = (met.counter?, before.get(&key(&met.rule))?);
    if now.packets < then.packets {
        return Some(now);
    }
    Some(Counter { packets: now.packets - then.packets, bytes: now.bytes.saturating_sub(then.bytes) })
}

/// What stays the same of a rule while others come and go before it.
fn key(rule: &RuleReference) -> String {
    let chain = &rule.chain;
    let number = rule.handle.map_or_else(|| rule.text.clone(), |handle| handle.to_string());
    format!("{:?} {} {} {} {number}", chain.family, chain.legacy, chain.table, chain.chain)
}
