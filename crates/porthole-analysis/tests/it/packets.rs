//! PH019, PH025, PH026, PH029: what rules, and the way back, do to packets.

use porthole_model::firewall::{
    Backend, Counter, Field, Hook, InterfaceSide, Match, PacketSide, Policy, Statement, TableFamily, Value,
    Verdict,
};
use porthole_model::{
    InterfaceAddress, InterfaceIndex, LinkKind, Observed, PathMtu, Route, RouteKind, RoutingAction,
    RoutingRule,
};

use crate::lab::{Lab, known};
use crate::nouns::{default_route, link};
use crate::rules::{base, by, chain, insert, lay, not, policy, says, table, tables};
use crate::spec::container;

/// A host with a container, a published port and Docker's rules.
fn host() -> Lab {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lay(&mut lab);
    lab.sysctl("net.bridge.bridge-nf-call-iptables", "1");
    tables(&mut lab).iter_mut().find(|table| table.name == "filter").expect("table").chains.push(base(
        "OUTPUT",
        Hook::Output,
        Policy::Accept,
        Vec::new(),
    ));
    assert_eq!(lab.found(), [""; 0]);
    lab
}

#[test]
fn a_dropped_message_makes_an_error_of_a_smaller_way_out() {
    let mut lab = host();
    let icmp = Statement::Match(Match::is(Field::Protocol, Value::Number(1)));
    insert(&mut lab, "filter", "OUTPUT", vec![icmp, says(Verdict::Drop)]);
    assert_eq!(lab.found(), [""; 0]);
    lab.host_link("eth0").mtu = 1400;
    assert_eq!(lab.found(), ["error PH019 MTU of eth0 <- warning PH018 MTU of eth0"]);
    assert!(lab.only().evidence.iter().any(|each| each.observed.contains("-A OUTPUT")), "{:?}", lab.only());
    chain(&mut lab, "filter", "OUTPUT").rules.clear();
    assert_eq!(lab.found(), ["warning PH018 MTU of eth0"]);
}

fn drop_icmp(lab: &mut Lab, chain: &str) {
    let icmp = Statement::Match(Match::is(Field::Protocol, Value::Number(1)));
    insert(lab, "filter", chain, vec![icmp, says(Verdict::Drop)]);
}

#[test]
fn a_route_that_carries_less_needs_the_message_too() {
    let mut lab = host();
    let uplink = lab.host_link("eth0").index;
    let vpn = Route { mtu: Some(1280), ..default_route("10.77.0.9", uplink) };
    let vpn = Route { destination: "10.8.0.0/24".parse().expect("prefix"), ..vpn };
    known(&mut lab.host_stack().routes).push(vpn);
    assert_eq!(lab.found(), [""; 0]);
    drop_icmp(&mut lab, "OUTPUT");
    assert_eq!(lab.found(), ["error PH019 MTU of eth0"]);
    assert!(lab.only().summary.contains("10.8.0.0/24"), "{:?}", lab.only());
    // Where what TCP agrees on is lowered, nothing is too large.
    let clamp = Statement::Effect("TCPMSS --clamp-mss-to-pmtu".to_owned());
    insert(&mut lab, "filter", "FORWARD", vec![by(InterfaceSide::Out, "eth0"), clamp.clone()]);
    assert_eq!(lab.found(), ["error PH019 MTU of eth0"], "it does not see what comes back");
    insert(&mut lab, "filter", "FORWARD", vec![clamp]);
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn what_a_router_says_has_to_pass_to_the_container() {
    let mut lab = host();
    drop_icmp(&mut lab, "FORWARD");
    assert_eq!(lab.found(), [""; 0]);
    let interface = Some(lab.host_link("eth0").index);
    let told = |destination: &str, mtu| PathMtu {
        destination: destination.parse().expect("address"),
        gateway: None,
        interface,
        mtu,
    };
    lab.host_stack().path_mtus = Observed::Known(vec![told("203.0.113.10", 1300)]);
    assert_eq!(lab.found(), ["error PH019 MTU of eth0"]);
    assert!(lab.only().evidence.iter().any(|each| each.observed.contains("-A FORWARD")), "{:?}", lab.only());
    // As large as what containers send, and a path within the host, which is none.
    lab.host_stack().path_mtus = Observed::Known(vec![told("203.0.113.10", 1500)]);
    assert_eq!(lab.found(), [""; 0]);
    let bridge = Some(lab.host_link("docker0").index);
    lab.host_stack().path_mtus =
        Observed::Known(vec![PathMtu { interface: bridge, ..told("172.17.0.2", 1300) }]);
    assert_eq!(lab.found(), [""; 0]);
}

/// A rule as Docker lays it since version 28, that has seen so many packets.
fn direct_drop(address: &str, packets: u64) -> Vec<String> {
    let mut lab = host();
    let value = Value::Address(address.parse().expect("address"));
    let to = Statement::Match(Match::is(Field::Address(PacketSide::Destination), value));
    let by_others = not(by(InterfaceSide::In, "docker0"));
    let rules = vec![vec![to, by_others, says(Verdict::Drop)]];
    let mut chain = base("PREROUTING", Hook::Prerouting, Policy::Accept, rules);
    chain.base.as_mut().expect("base chain").priority = -300;
    for statement in &mut chain.rules[0].statements {
        if let Statement::Counter(counter) = statement {
            *counter = Counter { packets, bytes: packets * 60 };
        }
    }
    tables(&mut lab).push(table(Backend::IptablesNft, TableFamily::Ip, "raw", vec![chain]));
    lab.found()
}

#[test]
fn a_drop_of_direct_packets_is_a_note_once_it_has_seen_some() {
    assert_eq!(direct_drop("172.17.0.2", 0), [""; 0]);
    assert_eq!(direct_drop("172.17.0.2", 5), ["note PH025 bridge"]);
    assert_eq!(direct_drop("172.17.0.77", 5), [""; 0]);
}

#[test]
fn a_policy_of_iptables_ends_what_nftables_lets_pass() {
    let mut lab = host();
    chain(&mut lab, "filter", "FORWARD").rules.clear();
    policy(&mut lab, "filter", "FORWARD", Policy::Drop);
    let count = |lab: &Lab| lab.found().iter().filter(|line| line.contains("PH026")).count();
    assert_eq!(count(&lab), 0);
    known(&mut lab.engine().info).firewall_backend = Observed::Known(Some("nftables".to_owned()));
    assert_eq!(count(&lab), 1, "{:?}", lab.found());
    policy(&mut lab, "filter", "FORWARD", Policy::Accept);
    assert_eq!(count(&lab), 0);
}

/// A second way out, with a default route of its own.
fn second_uplink(lab: &mut Lab) {
    let index = InterfaceIndex(91);
    lab.add_host_link(link(91, "eth1", LinkKind::Device));
    let prefix = "10.88.0.2/24".parse().expect("prefix");
    known(&mut lab.host_stack().addresses).push(InterfaceAddress::new(index, prefix));
    let route = |destination: &str, kind, table| Route {
        destination: destination.parse().expect("prefix"),
        kind,
        gateway: None,
        table,
        ..default_route("10.88.0.1", index)
    };
    known(&mut lab.host_stack().routes).extend([
        route("10.88.0.0/24", RouteKind::Unicast, 254),
        route("10.88.0.2/32", RouteKind::Local, 255),
        Route { table: 100, ..default_route("10.88.0.1", index) },
    ]);
    for (setting, value) in [("rp_filter", "1"), ("forwarding", "1"), ("route_localnet", "0")] {
        lab.sysctl(&format!("net.ipv4.conf.eth1.{setting}"), value);
    }
}

/// Answers of the second way's address leave by it.
fn policy_route(lab: &mut Lab) {
    let rules = known(&mut lab.host_stack().routing_rules);
    let source = Some("10.88.0.2/32".parse().expect("prefix"));
    let rule = RoutingRule { priority: 100, source, action: RoutingAction::Table(100), ..rules[0].clone() };
    rules.insert(1, rule);
}

#[test]
fn a_strict_filter_drops_what_a_second_way_in_brings_for_a_container() {
    let mut lab = host();
    second_uplink(&mut lab);
    // Nobody says that strangers from far away come that way.
    assert_eq!(lab.found(), [""; 0]);
    policy_route(&mut lab);
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
