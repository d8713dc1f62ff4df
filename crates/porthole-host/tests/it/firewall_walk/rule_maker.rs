//! Rule sets made at random, as a script for nft: the same seed gives the same rules.

use std::fmt::Write;

/// Numbers that look random (xorshift64*).
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end
    }

    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// The addresses and ports that rules and packets have in common, so that rules apply now and then.
pub(super) const PORTS: [u16; 5] = [80, 81, 443, 8080, 5353];
const IPV4: [&str; 7] =
    ["10.77.0.1", "10.77.0.2", "172.30.0.1", "172.30.0.2", "172.30.0.3", "172.31.0.4", "172.31.0.1"];
const IPV6: [&str; 6] = ["fd77::1", "fd77::2", "fd30::2", "fd30::3", "fd31::4", "fd30::1"];
const INTERFACES: [&str; 5] = ["eth0", "br0", "br1", "lo", "br*"];

/// A table's family and what may be asked in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Inet,
    Ip,
    Ip6,
    Bridge,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Base {
    kind: &'static str,
    hook: &'static str,
}

/// A rule set of several tables. An empty chain at each hook, before all others or behind them, shows the path.
pub(super) fn rule_set(chance: &mut Chance) -> String {
    let mut script = String::from("flush ruleset\n");
    script.push_str(&witnesses());
    let families = [Family::Inet, Family::Ip, Family::Ip6, Family::Bridge, Family::Inet];
    for (number, family) in families.into_iter().enumerate() {
        if chance.percent(if family == Family::Bridge { 35 } else { 75 }) {
            script.push_str(&table(chance, family, number));
        }
    }
    script
}

/// An empty chain at each hook of IP and of bridges.
pub(super) fn witnesses() -> String {
    let mut script = String::new();
    for family in ["inet", "bridge"] {
        let _ = writeln!(script, "table {family} witness {{");
        for hook in ["prerouting", "input", "forward", "output", "postrouting"] {
            let _ =
                writeln!(script, "  chain {hook} {{ type filter hook {hook} priority 390; policy accept; }}");
        }
        script.push_str("}\n");
    }
    script
}

fn table(chance: &mut Chance, family: Family, number: usize) -> String {
    let name = match family {
        Family::Inet => "inet",
        Family::Ip => "ip",
        Family::Ip6 => "ip6",
        Family::Bridge => "bridge",
    };
    let mut script = format!("table {name} t{number} {{\n{}", sets(family));
    let plain = 2 + chance.below(3);
    for each in (0..plain).rev() {
        let base = Base { kind: "filter", hook: "any" };
        let _ = write!(script, "  chain c{each} {{\n{}  }}\n", rules(chance, family, base, each + 1, plain));
    }
    for hook in ["prerouting", "input", "forward", "output", "postrouting"] {
        for base in bases(chance, family, hook) {
            let priority = priority(chance, base, number);
            let policy = if base.kind == "filter" && chance.percent(5) { "drop" } else { "accept" };
            let _ = write!(
                script,
                "  chain {hook}{}{} {{\n    type {} hook {hook} priority {priority}; policy {policy};\n{}  }}\n",
                base.kind,
                script.len(),
                base.kind,
                rules(chance, family, base, 0, plain)
            );
        }
    }
    script.push_str("}\n");
    script
}

fn bases(chance: &mut Chance, family: Family, hook: &'static str) -> Vec<Base> {
    let mut bases = Vec::new();
    if chance.percent(60) {
        bases.push(Base { kind: "filter", hook });
    }
    if family != Family::Bridge && hook != "forward" && chance.percent(50) {
        bases.push(Base { kind: "nat", hook });
    }
    if family != Family::Bridge && hook == "output" && chance.percent(30) {
        bases.push(Base { kind: "route", hook });
    }
    bases
}

/// No two tables share a priority: which of them is older, nobody can read.
fn priority(chance: &mut Chance, base: Base, table: usize) -> i32 {
    let table = i32::try_from(table).unwrap();
    let around = match base.kind {
        "nat" => *chance.one(&[-100, 100, -150, 0]),
        "route" => -150,
        _ => *chance.one(&[-300, -250, -150, 0, 10, 50, 150, 200]),
    };
    around + table * 2 + i32::from(base.kind == "nat")
}

fn sets(family: Family) -> String {
    let mut script = String::new();
    script.push_str("  set ports { type inet_service; flags interval; elements = { 80-81, 8080 } }\n");
    if family != Family::Ip6 {
        script.push_str("  set hosts { type ipv4_addr; flags interval; elements = { 10.77.0.1, 172.30.0.2-172.30.0.3 } }\n");
        script.push_str("  set pairs { type ipv4_addr . inet_service; elements = { 172.30.0.2 . 80, 172.31.0.4 . 443, 10.77.0.2 . 8080 } }\n");
    }
    if family != Family::Ip {
        script
            .push_str("  set hosts6 { type ipv6_addr; flags interval; elements = { fd77::/64, fd30::2 } }\n");
    }
    script
}

/// What all conditions of a rule agree on: nft refuses rules that cannot hold.
#[derive(Clone, Copy)]
struct About {
    is_ipv6: bool,
    transport: &'static str,
}

fn rules(chance: &mut Chance, family: Family, base: Base, next: usize, plain: usize) -> String {
    let mut script = String::new();
    for _ in 0..chance.below(6) {
        let is_ipv6 = match family {
            Family::Ip => false,
            Family::Ip6 => true,
            Family::Inet | Family::Bridge => chance.percent(30),
        };
        let about =
            About { is_ipv6, transport: chance.one::<&str>(&["tcp", "tcp", "udp", "icmp", "any", "any"]) };
        let mut rule = String::from("   ");
        for _ in 0..chance.below(3) {
            let _ = write!(rule, " {}", condition(chance, family, base, about));
        }
        let _ = write!(rule, " {}", action(chance, family, base, about, next..plain));
        script.push_str(&rule);
        script.push('\n');
    }
    script
}

fn condition(chance: &mut Chance, family: Family, base: Base, about: About) -> String {
    loop {
        let not = if chance.percent(25) { "!= " } else { "" };
        let made = match chance.below(4) {
            0 => about_place(chance, base, not),
            1 => about_connection(chance, family, base, not),
            2 => about_addresses(chance, family, about, not),
            _ => about_transport(chance, family, about, not),
        };
        if let Some(made) = made {
            return made;
        }
    }
}

fn about_place(chance: &mut Chance, base: Base, not: &str) -> Option<String> {
    match chance.below(5) {
        0 if base.hook != "output" => Some(format!("iifname {not}\"{}\"", chance.one(&INTERFACES))),
        1 if matches!(base.hook, "forward" | "output" | "postrouting") => {
            Some(format!("oifname {not}\"{}\"", chance.one(&INTERFACES)))
        }
        2 => Some(format!("meta mark {not}{}", chance.below(3))),
        3 => Some(format!("meta mark and 0x3 == {}", chance.below(3))),
        4 => Some(format!("meta pkttype {not}host")),
        _ => None,
    }
}

fn about_connection(chance: &mut Chance, family: Family, base: Base, not: &str) -> Option<String> {
    let states = ["new", "established,related", "invalid", "new,untracked"];
    match chance.below(4) {
        _ if family == Family::Bridge => None,
        0 => Some(format!("ct state {}", chance.one(&states))),
        1 => Some(format!("ct status {}", chance.one(&["dnat", "snat"]))),
        2 => Some(format!("ct direction {}", chance.one(&["original", "reply"]))),
        _ if base.hook == "prerouting" => Some(format!("fib daddr type {not}local")),
        _ => None,
    }
}

fn about_addresses(chance: &mut Chance, family: Family, about: About, not: &str) -> Option<String> {
    match chance.below(5) {
        0 | 1 => Some(address(chance, about, not)),
        2 if family == Family::Inet => {
            Some(format!("meta nfproto {}", if about.is_ipv6 { "ipv6" } else { "ipv4" }))
        }
        3 if about.is_ipv6 => Some(format!("ip6 daddr {not}@hosts6")),
        3 => Some(format!("ip saddr {not}@hosts")),
        4 if !about.is_ipv6 && about.transport == "tcp" && family != Family::Bridge => {
            Some("ip daddr . tcp dport @pairs".to_owned())
        }
        _ => None,
    }
}

fn about_transport(chance: &mut Chance, family: Family, about: About, not: &str) -> Option<String> {
    let port = *chance.one(&PORTS);
    match (about.transport, chance.below(4)) {
        ("tcp", 0) => Some("tcp flags & (fin|syn|rst|ack) == syn".to_owned()),
        ("tcp", 1) => Some("tcp dport @ports".to_owned()),
        ("tcp", 2) => Some(format!("tcp dport {not}{{ {port}, 8000-8100 }}")),
        ("tcp", _) => Some(format!("tcp dport {not}{port}")),
        ("udp", _) => Some(format!("udp dport {not}{port}")),
        ("icmp", _) if family == Family::Ip => Some("icmp type echo-request".to_owned()),
        ("icmp", _) if family == Family::Ip6 => Some("icmpv6 type echo-request".to_owned()),
        ("any", 0) => Some(format!("meta l4proto {not}{{ tcp, icmp }}")),
        ("any", 1) => Some(format!("meta l4proto {{ tcp, udp }} th dport {not}{port}")),
        ("any", 2) => Some(format!("meta l4proto {{ tcp, udp }} th sport != {port}")),
        _ => None,
    }
}

fn address(chance: &mut Chance, about: About, not: &str) -> String {
    let side = *chance.one(&["saddr", "daddr"]);
    if about.is_ipv6 {
        let length = *chance.one(&["", "/64", "/16"]);
        return format!("ip6 {side} {not}{}{length}", chance.one(&IPV6));
    }
    if chance.percent(20) {
        return format!("ip {side} & 255.255.0.255 == 172.30.0.{}", 2 + chance.below(2));
    }
    let length = *chance.one(&["", "/24", "/8"]);
    format!("ip {side} {not}{}{length}", chance.one(&IPV4))
}

fn action(
    chance: &mut Chance,
    family: Family,
    base: Base,
    about: About,
    targets: std::ops::Range<usize>,
) -> String {
    if base.kind == "nat" && matches!(about.transport, "tcp" | "any") && chance.percent(45) {
        return translation(chance, family, base, about);
    }
    let target = (!targets.is_empty()).then(|| format!("c{}", targets.start + chance.below(targets.len())));
    let is_ip = family != Family::Bridge;
    match (chance.below(20), target) {
        (0, _) => "drop".to_owned(),
        (1 | 2, _) => "accept".to_owned(),
        (3..=6, Some(target)) => format!("jump {target}"),
        (7, Some(target)) => format!("goto {target}"),
        (8, _) => "return".to_owned(),
        (9 | 10, _) => format!("meta mark set {}", chance.below(3)),
        (11, _) if base.hook == "prerouting" && family == Family::Ip => "notrack".to_owned(),
        (12, Some(target)) if about.transport == "tcp" => {
            format!("tcp dport vmap {{ 80 : jump {target}, 443 : continue, 8080-8090 : return }}")
        }
        (13, _) if is_ip && matches!(base.hook, "input" | "forward" | "output") => {
            "counter reject".to_owned()
        }
        (14, Some(target)) => format!("meta mark vmap {{ 1 : goto {target}, 2 : accept }}"),
        (15, _) if is_ip => "ct mark set meta mark".to_owned(),
        (16, _) if is_ip => "meta mark set ct mark".to_owned(),
        _ => "counter".to_owned(),
    }
}

fn translation(chance: &mut Chance, family: Family, base: Base, about: About) -> String {
    let port = *chance.one(&PORTS);
    let is_ipv4 = !about.is_ipv6;
    let (word, only) = match (family, is_ipv4) {
        (Family::Inet, true) => ("ip ", "meta nfproto ipv4 "),
        (Family::Inet, false) => ("ip6 ", "meta nfproto ipv6 "),
        _ => ("", ""),
    };
    let to = if is_ipv4 { *chance.one(&IPV4) } else { *chance.one(&IPV6) };
    let with_port = if is_ipv4 { format!("{to}:{port}") } else { format!("[{to}]:{port}") };
    let is_destination = matches!(base.hook, "prerouting" | "output");
    match base.hook {
        _ if is_destination && about.transport == "any" => format!("{only}dnat {word}to {to}"),
        "prerouting" | "output" => match chance.below(5) {
            0 => format!("tcp dport {port} redirect to :{}", chance.one(&PORTS)),
            1 => format!("{only}dnat {word}to {to}"),
            2 if family == Family::Ip => {
                "dnat to tcp dport map { 80 : 172.30.0.2, 443 : 172.31.0.4, 8080 : 172.30.0.3 }".to_owned()
            }
            _ => format!("{only}tcp dport {} dnat {word}to {with_port}", chance.one(&PORTS)),
        },
        "postrouting" if chance.percent(60) => "masquerade".to_owned(),
        _ => format!("{only}snat {word}to {}", if is_ipv4 { "10.77.0.77" } else { "fd77::77" }),
    }
}
