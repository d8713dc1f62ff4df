//! Rule sets made at random, as a script for iptables-restore, of either kind of iptables.

use std::fmt::Write;

use super::rule_maker::{Chance, PORTS};

const ADDRESSES: [&str; 6] =
    ["10.77.0.1", "10.77.0.2", "172.30.0.2", "172.30.0.3", "172.31.0.4/24", "172.30.0.0/16"];
const INTERFACES: [&str; 4] = ["eth0", "br0", "br1", "br+"];

/// The ipsets that the rules look into.
pub(super) const IP_SETS: &str = "create hosts hash:net
add hosts 10.77.0.0/24
add hosts 172.30.0.0/24
add hosts 172.30.0.3/32 nomatch
create pairs hash:ip,port
add pairs 172.30.0.2,tcp:80
add pairs 172.31.0.4,udp:5353
add pairs 10.77.0.2,tcp:8080
create all list:set
add all hosts
";

/// A chain that rules are made for.
#[derive(Clone, Copy)]
struct Place {
    table: &'static str,
    chain: &'static str,
}

const TABLES: [(&str, &[&str]); 4] = [
    ("raw", &["PREROUTING", "OUTPUT"]),
    ("mangle", &["PREROUTING", "FORWARD", "POSTROUTING", "OUTPUT", "INPUT"]),
    ("nat", &["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]),
    ("filter", &["INPUT", "FORWARD", "OUTPUT"]),
];

/// A whole rule set.
pub(super) fn rule_set(chance: &mut Chance) -> String {
    let mut script = String::new();
    for (table, chains) in TABLES {
        let _ = writeln!(script, "*{table}");
        for chain in chains {
            let policy = if table == "filter" && chance.percent(10) { "DROP" } else { "ACCEPT" };
            let _ = writeln!(script, ":{chain} {policy} [0:0]");
        }
        for own in 0..3 {
            let _ = writeln!(script, ":U{own} - [0:0]");
        }
        for chain in chains {
            rules(chance, &mut script, Place { table, chain }, chain, 0);
        }
        for (own, name) in ["U0", "U1", "U2"].into_iter().enumerate() {
            rules(chance, &mut script, Place { table, chain: "any" }, name, own + 1);
        }
        script.push_str("COMMIT\n");
    }
    script
}

fn rules(chance: &mut Chance, script: &mut String, place: Place, name: &str, next: usize) {
    for _ in 0..chance.below(6) {
        let protocol = *chance.one(&["", "", "-p tcp", "-p udp", "-p icmp"]);
        let _ = write!(script, "-A {name} {protocol}");
        let conditions = [condition(chance, place, protocol), condition(chance, place, protocol)];
        // iptables refuses the same option twice.
        let is_twice = option(&conditions[0]) == option(&conditions[1]);
        for condition in conditions.iter().take(chance.below(if is_twice { 2 } else { 3 })) {
            let _ = write!(script, " {condition}");
        }
        let _ = writeln!(script, " {}", target(chance, place, protocol, next));
    }
}

/// The option that a condition is made of.
fn option(condition: &str) -> Option<&str> {
    condition.trim_start_matches("! ").split(' ').next()
}

fn condition(chance: &mut Chance, place: Place, protocol: &str) -> String {
    let not = if chance.percent(25) { "! " } else { "" };
    let port = *chance.one(&PORTS);
    match chance.below(14) {
        0 if matches!(place.chain, "PREROUTING" | "INPUT" | "FORWARD") => {
            format!("{not}-i {}", chance.one(&INTERFACES))
        }
        1 if matches!(place.chain, "POSTROUTING" | "OUTPUT" | "FORWARD") => {
            format!("{not}-o {}", chance.one(&INTERFACES))
        }
        2 if protocol == "-p tcp" => format!("-m tcp {not}--dport {port}:{}", port + 10),
        3 if protocol == "-p udp" => format!("-m udp {not}--dport {port}"),
        4 if protocol == "-p tcp" => format!("-m multiport {not}--dports 80,443,8000:8090"),
        5 if protocol == "-p tcp" => format!("-m tcp {not}--tcp-flags FIN,SYN,RST,ACK SYN"),
        6 if protocol == "-p icmp" => format!("-m icmp {not}--icmp-type 8"),
        7 => format!(
            "-m conntrack {not}--ctstate {}",
            chance.one(&["NEW", "RELATED,ESTABLISHED", "INVALID", "DNAT"])
        ),
        8 => format!("-m addrtype {not}--dst-type LOCAL"),
        9 => format!("-m mark {not}--mark 0x{}/0x3", chance.below(3)),
        10 => {
            let (set, sides) =
                *chance.one(&[("hosts", "src"), ("hosts", "dst"), ("pairs", "dst,dst"), ("all", "dst")]);
            format!("-m set {not}--match-set {set} {sides}")
        }
        11 => format!("-m iprange {not}--src-range 10.77.0.1-172.30.0.2"),
        12 => format!("-m conntrack {not}--ctorigdst {}", chance.one(&ADDRESSES)),
        13 if place.chain == "FORWARD" => format!("-m physdev {not}--physdev-in v{}", chance.below(3)),
        _ => String::new(),
    }
}

fn target(chance: &mut Chance, place: Place, protocol: &str, next: usize) -> String {
    if place.table == "nat"
        && chance.percent(40)
        && let Some(translation) = translation(chance, place, protocol)
    {
        return translation;
    }
    let own = (next < 3).then(|| next + chance.below(3 - next));
    match (chance.below(16), own) {
        (0, _) if place.table != "nat" => "-j DROP".to_owned(),
        (1 | 2, _) => "-j ACCEPT".to_owned(),
        (3..=5, Some(own)) => format!("-j U{own}"),
        (6, Some(own)) => format!("-g U{own}"),
        (7, _) => "-j RETURN".to_owned(),
        (8 | 9, _) if place.table == "mangle" => format!("-j MARK --set-xmark 0x{}/0x3", chance.below(3)),
        (10, _) if place.table == "mangle" => "-j CONNMARK --save-mark".to_owned(),
        (11, _) if place.table == "mangle" => "-j CONNMARK --restore-mark".to_owned(),
        (12, _) if place.table == "filter" && place.chain != "any" => "-j REJECT".to_owned(),
        (13, _) if place.table == "raw" && place.chain != "any" => "-j CT --notrack".to_owned(),
        _ => String::new(),
    }
}

fn translation(chance: &mut Chance, place: Place, protocol: &str) -> Option<String> {
    let has_ports = matches!(protocol, "-p tcp" | "-p udp");
    let port = *chance.one(&PORTS);
    match place.chain {
        "PREROUTING" | "OUTPUT" if has_ports && chance.percent(60) => Some(format!(
            "-j DNAT --to-destination {}:{port}",
            chance.one(&["172.30.0.2", "172.31.0.4", "10.77.0.2"])
        )),
        "PREROUTING" | "OUTPUT" if has_ports => Some(format!("-j REDIRECT --to-ports {port}")),
        "POSTROUTING" if chance.percent(60) => Some("-j MASQUERADE".to_owned()),
        "POSTROUTING" | "INPUT" => Some("-j SNAT --to-source 10.77.0.77".to_owned()),
        _ => None,
    }
}
