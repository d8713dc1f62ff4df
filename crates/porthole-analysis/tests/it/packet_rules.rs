//! PH019, PH025, PH026, PH029: what rules, and the way back, do to packets.

use porthole_model::firewall::{
    Backend, BaseChain, Chain, ChainKind, Counter, Field, FirewallTable, Hook, InterfaceSide, Match,
    PacketSide, Policy, Rule, Statement, TableFamily, Value, Verdict, Wording, WordingSource,
};
use porthole_model::{
    InterfaceAddress, InterfaceIndex, LinkKind, Observed, Route, RouteKind, RoutingAction, RoutingRule,
};

use crate::lab::{Lab, known};
use crate::nouns::{default_route, link};
use crate::rules;
use crate::spec::container;

/// A rule with these statements that has counted so many packets.
fn rule(statements: Vec<Statement>, packets: u64) -> Rule {
    let counter = Statement::Counter(Counter { packets, bytes: packets * 60 });
    let wording = Wording { text: "the rule".to_owned(), source: WordingSource::IptablesSave };
    let (last, matches) = statements.split_last().expect("a verdict");
    let statements = matches.iter().cloned().chain([counter, last.clone()]).collect();
    Rule { position: 1, handle: Some(7), wording, comment: None, statements }
}

/// A table of iptables with one chain.
fn table(name: &str, hook: Hook, priority: i32, policy: Policy, rules: Vec<Rule>) -> FirewallTable {
    let base =
        BaseChain { kind: ChainKind::Filter, hook, priority, policy, counter: None, devices: Vec::new() };
    let chain = Chain { name: format!("{hook:?}").to_uppercase(), handle: None, base: Some(base), rules };
    FirewallTable {
        backend: Backend::IptablesNft,
        family: TableFamily::Ip,
        name: name.to_owned(),
        dormant: false,
        owner: None,
        chains: vec![chain],
        sets: Vec::new(),
    }
}

/// Docker's own tables, and these.
fn lay(lab: &mut Lab, tables: Vec<FirewallTable>) {
    let all = rules::tables(lab);
    all.truncate(2);
    all.extend(tables);
}

/// A host with a container, in words that the walk needs.
fn host() -> Lab {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    for interface in ["all", "eth0", "docker0", "eth1"] {
        lab.sysctl(&format!("net.ipv4.conf.{interface}.rp_filter"), "0");
        lab.sysctl(&format!("net.ipv4.conf.{interface}.forwarding"), "1");
        lab.sysctl(&format!("net.ipv4.conf.{interface}.route_localnet"), "0");
    }
    lab.sysctl("net.bridge.bridge-nf-call-iptables", "1");
    rules::lay(&mut lab);
    assert_eq!(lab.found(), [""; 0]);
    lab
}

fn route(lab: &mut Lab, destination: &str, gateway: Option<&str>, interface: InterfaceIndex, table: u32) {
    let route = Route {
        destination: destination.parse().expect("prefix"),
        gateway: gateway.map(|gateway| gateway.parse().expect("address")),
        table,
        ..default_route("10.77.0.1", interface)
    };
    known(&mut lab.host_stack().routes).push(route);
}

fn rule_for(lab: &mut Lab, priority: u32, source: Option<&str>, table: u32) {
    let rules = known(&mut lab.host_stack().routing_rules);
    rules.push(RoutingRule {
        priority,
        is_ipv4: true,
        negated: false,
        source: source.map(|source| source.parse().expect("prefix")),
        destination: None,
        input: None,
        output: None,
        mark: None,
        further: false,
        suppressed_length: None,
        action: RoutingAction::Table(table),
    });
    rules.sort_by_key(|rule| rule.priority);
}

#[test]
fn a_dropped_message_makes_an_error_of_a_smaller_way_out() {
    let mut lab = host();
    let drop = || {
        let icmp = Statement::Match(Match::is(Field::Protocol, Value::Number(1)));
        table(
            "filter",
            Hook::Output,
            0,
            Policy::Accept,
            vec![rule(vec![icmp, Statement::Verdict(Verdict::Drop)], 3)],
        )
    };
    lay(&mut lab, vec![drop()]);
    assert_eq!(lab.found(), [""; 0]);
    lab.host_link("eth0").mtu = 1400;
    assert_eq!(lab.found(), ["error PH019 MTU of eth0 <- warning PH018 MTU of eth0"]);
    assert!(lab.only().evidence.iter().any(|each| each.observed.contains("the rule")), "{:?}", lab.only());
    lay(&mut lab, Vec::new());
    assert_eq!(lab.found(), ["warning PH018 MTU of eth0"]);
}

fn direct_drop(address: &str, packets: u64) -> FirewallTable {
    let to =
        Match::is(Field::Address(PacketSide::Destination), Value::Address(address.parse().expect("address")));
    let by_others = Match {
        negated: true,
        ..Match::is(Field::Interface(InterfaceSide::In), Value::Name("docker0".to_owned()))
    };
    let statements =
        vec![Statement::Match(to), Statement::Match(by_others), Statement::Verdict(Verdict::Drop)];
    table("raw", Hook::Prerouting, -300, Policy::Accept, vec![rule(statements, packets)])
}

#[test]
fn a_drop_of_direct_packets_is_a_note_once_it_has_seen_some() {
    let mut lab = host();
    lay(&mut lab, vec![direct_drop("172.17.0.2", 0)]);
    assert_eq!(lab.found(), [""; 0]);
    lay(&mut lab, vec![direct_drop("172.17.0.2", 5)]);
    assert_eq!(lab.found(), ["note PH025 bridge"]);
    lay(&mut lab, vec![direct_drop("172.17.0.77", 5)]);
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_policy_of_iptables_ends_what_nftables_lets_pass() {
    let mut lab = host();
    lay(&mut lab, vec![table("filter", Hook::Forward, 0, Policy::Drop, Vec::new())]);
    let codes = |lab: &Lab| lab.found().iter().filter(|line| line.contains("PH026")).count();
    assert_eq!(codes(&lab), 0);
    known(&mut lab.engine().info).firewall_backend = Observed::Known(Some("nftables".to_owned()));
    assert_eq!(codes(&lab), 1);
    lay(&mut lab, vec![table("filter", Hook::Forward, 0, Policy::Accept, Vec::new())]);
    assert_eq!(codes(&lab), 0);
}

/// A second way out, which answers of its own address leave by.
fn second_uplink(lab: &mut Lab) {
    let index = InterfaceIndex(91);
    lab.add_host_link(link(91, "eth1", LinkKind::Device));
    let prefix = "10.88.0.2/24".parse().expect("prefix");
    known(&mut lab.host_stack().addresses).push(InterfaceAddress { interface: index, prefix });
    route(lab, "10.88.0.0/24", None, index, 254);
    route(lab, "10.88.0.2/32", None, index, 255);
    known(&mut lab.host_stack().routes).last_mut().expect("route").kind = RouteKind::Local;
    route(lab, "0.0.0.0/0", Some("10.88.0.1"), index, 100);
}

#[test]
fn a_strict_filter_drops_what_a_second_way_in_brings_for_a_container() {
    let mut lab = host();
    second_uplink(&mut lab);
    lab.sysctl("net.ipv4.conf.eth1.rp_filter", "1");
    // Nobody says that far strangers come that way.
    assert_eq!(lab.found(), [""; 0]);
    rule_for(&mut lab, 100, Some("10.88.0.2/32"), 100);
    let journeys = porthole_analysis::Journeys::new(&lab.snapshot).unwrap();
    for u in journeys.uplinks() {
        eprintln!("UP {} {:?} {:?} {}", u.link.name, u.prefixes, u.visitors, u.has_default_route);
    }
    eprintln!(
        "{:#?}",
        journeys.from_outside(
            &journeys.uplinks()[1],
            "80.81.82.83".parse().unwrap(),
            porthole_analysis::Aim::port(
                "10.88.0.2".parse().unwrap(),
                porthole_model::Port(8080),
                porthole_model::TransportProtocol::Tcp
            )
        )
    );
    assert_eq!(lab.found(), ["warning PH029 80/tcp of web"]);
    lab.sysctl("net.ipv4.conf.eth1.rp_filter", "2");
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_strict_filter_with_one_way_out_is_no_fault() {
    let mut lab = host();
    for interface in ["all", "eth0", "docker0"] {
        lab.sysctl(&format!("net.ipv4.conf.{interface}.rp_filter"), "1");
    }
    assert_eq!(lab.found(), [""; 0]);
}
