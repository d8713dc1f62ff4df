//! Rule sets made at random.

use std::net::SocketAddr;

use porthole_model::{NetworkStack, TracedPacket};

use super::comparison::{count, difference, first_packet, stack, traced, walked};
use super::network::{Network, Sender};
use super::packets::{Kind, Ready, ready};
use super::rule_maker::{Chance, PORTS, rule_set};

/// Each with a few packets.
const RULE_SETS: u64 = 60;
const PACKETS: usize = 5;

const DESTINATIONS: [&str; 12] = [
    "10.77.0.1",
    "10.77.0.2",
    "172.30.0.1",
    "172.30.0.2",
    "172.30.0.3",
    "172.31.0.4",
    "127.0.0.1",
    "fd77::1",
    "fd77::2",
    "fd30::2",
    "fd31::4",
    "::1",
];

const SENDERS: [Sender; 5] =
    [Sender::Host, Sender::Outside, Sender::Container(0), Sender::Container(1), Sender::Container(2)];

#[test]
fn walk_and_kernel_meet_the_same_rules_of_random_rule_sets() {
    let network = Network::new();
    let first = std::env::var("PORTHOLE_WALK_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let seeds = first.map_or(1..=RULE_SETS, |seed| seed..=seed);
    let (mut packets, mut steps, mut wrong) = (0, 0, Vec::new());
    for seed in seeds {
        let mut chance = Chance::new(seed);
        let script = prepare(&network, &mut chance);
        let stack = stack(network.host);
        for _ in 0..PACKETS {
            let Some((sender, ready)) = packet(&network, &mut chance) else { continue };
            let Some(traced) = traced(network.host, &ready) else { continue };
            packets += 1;
            steps += count(&traced);
            if let Some(difference) = compare(&network, &stack, sender, &ready, &traced) {
                println!("seed {seed}: {sender:?} {ready:?}\n  {difference}");
                wrong.push(script.clone());
            }
        }
    }
    println!("{packets} packets, {steps} steps, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{} of {packets} differ; the first:\n{}", wrong.len(), wrong[0]);
    assert!(first.is_some() || packets > 200 && steps > 2000, "only {packets} packets, {steps} steps");
}

/// Lays the rules and sets what else decides. What nft refuses is made anew.
fn prepare(network: &Network, chance: &mut Chance) -> String {
    let (bridged, filter) = (chance.below(2), chance.below(3));
    network.lab.sh_ok(&format!(
        "sysctl -qw net.bridge.bridge-nf-call-iptables={bridged} net.bridge.bridge-nf-call-ip6tables={bridged}
         sysctl -qw net.ipv4.conf.all.rp_filter={filter}"
    ));
    let mut refused = String::new();
    for _ in 0..20 {
        let script = rule_set(chance);
        let output = network.lab.sh(&format!("nft -f - <<'END'\n{script}\nEND"));
        if output.code == 0 {
            return script;
        }
        refused = output.stderr;
    }
    panic!("nft refuses every rule set: {refused}");
}

fn packet(network: &Network, chance: &mut Chance) -> Option<(Sender, Ready)> {
    let sender = *chance.one(&SENDERS);
    let address = chance.one(&DESTINATIONS).parse().unwrap();
    let kind = *chance.one(&[Kind::Tcp, Kind::Tcp, Kind::Udp, Kind::Echo]);
    let port = *chance.one(&PORTS);
    let to = SocketAddr::new(address, port);
    if sender != Sender::Host && to.ip().is_loopback() {
        return None;
    }
    ready(network.process(sender), kind, to).map(|ready| (sender, ready))
}

fn compare(
    network: &Network,
    stack: &NetworkStack,
    sender: Sender,
    ready: &Ready,
    traced: &TracedPacket,
) -> Option<String> {
    let way = walked(stack, &first_packet(ready, network.origin(sender, stack)));
    difference(traced, &way)
}
