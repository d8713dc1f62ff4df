//! Rule sets made at random.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::process::Command;

use porthole_model::{NetworkStack, Packet};

use super::comparison::{Tracing, count, difference, first_of, first_packet, flow, stack, ways};
use super::iptables_maker;
use super::network::{Network, Sender};
use super::packets::{Kind, Ready, ready};
use super::rule_maker::{self, Chance, PORTS, rule_set};

/// Each with a few packets.
const RULE_SETS: u64 = 60;
const IPTABLES_SETS: u64 = 20;
const PACKETS: usize = 8;

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
    compare(RULE_SETS, &|network, chance| {
        let script = rule_set(chance);
        load(network, &format!("nft -f - <<'END'\n{script}\nEND")).map(|()| script)
    });
}

#[test]
fn walk_and_kernel_meet_the_same_rules_of_random_iptables_nft() {
    compare(IPTABLES_SETS, &|network, chance| iptables(network, chance, "nft"));
}

/// The kernel's trace does not see these rules; the empty chains of nftables beside them show where packets go.
#[test]
fn walk_and_kernel_agree_on_the_way_through_random_iptables_legacy() {
    compare(IPTABLES_SETS, &|network, chance| iptables(network, chance, "legacy"));
}

fn iptables(network: &Network, chance: &mut Chance, kind: &str) -> Result<String, String> {
    let script = iptables_maker::rule_set(chance);
    let (sets, witnesses) = (iptables_maker::IP_SETS, rule_maker::witnesses());
    let laid = load(
        network,
        &format!(
            "nft flush ruleset
             printf '*%s\\nCOMMIT\\n' raw mangle nat filter | iptables-{kind}-restore
             ipset restore -exist <<'END'\n{sets}END
             iptables-{kind}-restore <<'END'\n{script}END\nnft -f - <<'END'\n{witnesses}END"
        ),
    );
    laid.map(|()| script)
}

/// Rules that a maker lays, or why they were refused.
pub(super) type Maker<'a> = &'a dyn Fn(&Network, &mut Chance) -> Result<String, String>;

pub(super) fn compare(sets: u64, maker: Maker<'_>) {
    let network = Network::new();
    let seeds = seeds(sets);
    let is_whole = seeds == (1..=sets);
    let (mut packets, mut steps, mut forked, mut wrong) = (0, 0, 0, Vec::new());
    for seed in seeds {
        let mut chance = Chance::new(seed);
        let script = prepare(&network, &mut chance, maker);
        let stack = stack(network.host);
        let sent = packets_of(&network, &stack, &mut chance);
        let flows: Vec<_> = sent.iter().map(|(_, packet)| flow(packet)).collect();
        let mut tracing = Tracing::new(network.host, &flows);
        for (ready, packet) in sent {
            let traced = tracing.send(&ready);
            let Some(traced) = first_of(&traced, &flow(&packet), 2) else { continue };
            packets += 1;
            steps += count(traced);
            // Where a match is not understood, the kernel goes one of the ways.
            let ways = ways(&stack, &packet);
            forked += usize::from(ways.len() > 1);
            let differences: Vec<_> = ways.iter().map_while(|way| difference(traced, way)).collect();
            if differences.len() == ways.len() {
                println!("seed {seed}: {packet:?}\n  {}", differences[0]);
                wrong.push(script.clone());
            }
        }
    }
    println!("{packets} packets, {steps} steps, {forked} of several ways, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{} of {packets} differ; the first:\n{}", wrong.len(), wrong[0]);
    assert!(
        !is_whole || u64::try_from(packets).unwrap() > 3 * sets && steps > packets * 4,
        "only {packets} packets, {steps} steps"
    );
}

/// Runs a script of the machine's own programs in the host's network.
pub(super) fn load(network: &Network, script: &str) -> Result<(), String> {
    let target = format!("--target={}", network.host);
    let output = Command::new("nsenter").args([&target, "--net", "sh", "-ec", script]).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Those of every run, or from the one that the environment names on: `PORTHOLE_WALK_SEEDS=47` or `100-400`.
fn seeds(sets: u64) -> RangeInclusive<u64> {
    let Ok(named) = std::env::var("PORTHOLE_WALK_SEEDS") else { return 1..=sets };
    let (first, last) = named.split_once('-').unwrap_or((&named, &named));
    first.parse().unwrap()..=last.parse().unwrap()
}

/// Lays the rules and sets what else decides. What is refused is made anew.
fn prepare(network: &Network, chance: &mut Chance, maker: Maker<'_>) -> String {
    let (bridged, filter, own) = (chance.below(2), chance.below(3), chance.below(4));
    network.lab.sh_ok(&format!(
        "sysctl -qw net.bridge.bridge-nf-call-iptables={bridged} net.bridge.bridge-nf-call-ip6tables={bridged}
         sysctl -qw net.ipv4.conf.all.rp_filter={filter}
         ip link set br0 type bridge nf_call_iptables {} nf_call_ip6tables {}",
        own & 1,
        own >> 1
    ));
    let mut refused = String::new();
    for _ in 0..20 {
        match maker(network, chance) {
            Ok(script) => return script,
            Err(reason) => refused = reason,
        }
    }
    panic!("every rule set is refused: {refused}");
}

/// Packets that are ready to be sent, and as the walk sees them.
fn packets_of(network: &Network, stack: &NetworkStack, chance: &mut Chance) -> Vec<(Ready, Packet)> {
    let packets = (0..PACKETS).filter_map(|_| {
        let sender = *chance.one(&SENDERS);
        let address = chance.one(&DESTINATIONS).parse().unwrap();
        let kind = *chance.one(&[Kind::Tcp, Kind::Tcp, Kind::Udp, Kind::Echo]);
        let to = SocketAddr::new(address, *chance.one(&PORTS));
        if sender != Sender::Host && to.ip().is_loopback() {
            return None;
        }
        let ready = ready(network.process(sender), kind, to)?;
        let packet = first_packet(&ready, Network::origin(sender, stack));
        Some((ready, packet))
    });
    packets.collect()
}
