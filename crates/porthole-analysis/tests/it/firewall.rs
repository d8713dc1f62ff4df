//! PH002 to PH008: what becomes of Docker's rules, and of packets between them and others.

use porthole_model::firewall::{Backend, Hook, InterfaceSide, Policy, TableFamily, Verdict};
use porthole_model::{Observed, SubjectKind};

use crate::lab::{Lab, known, refused};
use crate::rules::{
    base, by, chain, established, from, insert, lay, not, policy, says, table, tables, to_port,
};
use crate::spec::container;

/// Two networks, a published port on each, and Docker's rules.
fn host() -> Lab {
    let mut lab = Lab::docker();
    lab.add_network("shop", "172.18.0.0/16");
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lab.run(container("api").on("shop").publish("0.0.0.0:8081", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lay(&mut lab);
    lab
}

fn filter_input(lab: &mut Lab) {
    policy(lab, "filter", "INPUT", Policy::Drop);
}

#[test]
fn a_healthy_firewall_is_silent_and_all_checks_run() {
    let lab = host();
    assert_eq!(lab.found(), [""; 0]);
    for code in 2..=8 {
        assert_eq!(lab.gaps(code), [""; 0], "PH00{code}");
    }
}

#[test]
fn rules_that_are_gone_are_one_cause() {
    let mut lab = host();
    tables(&mut lab).clear();
    assert_eq!(lab.found(), ["error PH002 Docker's firewall rules"]);
    let mut lab = host();
    chain(&mut lab, "filter", "FORWARD").rules.clear();
    chain(&mut lab, "nat", "PREROUTING").rules.clear();
    chain(&mut lab, "nat", "POSTROUTING").rules.clear();
    assert_eq!(lab.found(), ["error PH002 Docker's firewall rules"]);
}

#[test]
fn an_engine_that_lays_no_rules_misses_none() {
    let mut lab = host();
    tables(&mut lab).clear();
    known(&mut lab.engine().settings).iptables = Some(false);
    assert_eq!(lab.found(), [""; 0]);
    lab.engine().settings = refused("settings");
    assert_eq!(lab.gaps(2), ["skipped: settings: permission denied"]);
    assert_eq!(lab.found(), [""; 0]);
    // Rules that are there say by themselves that it lays some.
    let mut lab = host();
    lab.engine().settings = refused("settings");
    assert_eq!(lab.gaps(2), [""; 0]);
}

#[test]
fn engines_with_other_rules_are_not_judged() {
    let mut lab = Lab::podman();
    lab.run(container("web").publish("0.0.0.0:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    assert_eq!((lab.found(), lab.gaps(2)), (Vec::new(), Vec::new()));
}

#[test]
fn an_engine_with_tables_of_its_own_is_judged_by_them() {
    let mut lab = host();
    tables(&mut lab).clear();
    tables(&mut lab).push(table(Backend::Nftables, TableFamily::Ip, "docker-bridges", Vec::new()));
    assert_eq!(lab.found(), ["error PH002 Docker's firewall rules"]);
    assert!(lab.only().evidence[0].source.contains("docker-bridges"), "{:?}", lab.only());
}

#[test]
fn translation_that_is_gone() {
    let mut lab = host();
    for name in ["PREROUTING", "POSTROUTING", "DOCKER"] {
        chain(&mut lab, "nat", name).rules.clear();
    }
    assert_eq!(lab.found(), ["error PH003 Docker's address translation"]);
    let mut lab = host();
    chain(&mut lab, "nat", "POSTROUTING").rules.remove(0);
    assert_eq!(lab.found(), ["error PH003 bridge"]);
    // The network was made so.
    let option = "com.docker.network.bridge.enable_ip_masquerade".to_owned();
    lab.network("bridge").options.insert(option, "false".to_owned());
    assert_eq!(lab.found(), [""; 0]);
    let mut lab = host();
    chain(&mut lab, "nat", "DOCKER").rules.remove(1);
    assert_eq!(lab.found(), ["warning PH003 80/tcp of api"]);
}

#[test]
fn a_policy_that_drops_without_the_rules_before_it() {
    let mut lab = host();
    chain(&mut lab, "filter", "FORWARD").rules.clear();
    assert_eq!(lab.found(), ["error PH004 policy of FORWARD"]);
    assert!(lab.only().summary.contains("port 8080/tcp of the host, for container 'web'"));
    policy(&mut lab, "filter", "FORWARD", Policy::Accept);
    assert_eq!(lab.found(), ["warning PH002 Docker's firewall rules"]);
}

#[test]
fn a_rule_before_dockers_stops_everybody_or_some() {
    let mut lab = host();
    insert(&mut lab, "filter", "DOCKER-USER", vec![says(Verdict::Drop)]);
    assert_eq!(lab.found(), ["error PH005 iptables, table filter, chain DOCKER-USER, rule 1"]);
    let finding = lab.only();
    assert_eq!(finding.evidence[0].observed, "-A DOCKER-USER (rule 1) (7 packets)");
    assert!(finding.evidence[1].observed.starts_with("from 80.81.82.83 by eth0 to 10.77.0.2"), "{finding:?}");
    assert_eq!(finding.remedies[0].commands, ["iptables -t filter -D DOCKER-USER 1"]);
    assert_eq!(finding.subject.kind, SubjectKind::Host);
    // Friends of the administrator may come in.
    insert(&mut lab, "filter", "DOCKER-USER", vec![from("192.0.2.0/24"), says(Verdict::Return)]);
    insert(
        &mut lab,
        "filter",
        "DOCKER-USER",
        vec![not(by(InterfaceSide::In, "eth0")), says(Verdict::Return)],
    );
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn a_rule_for_a_port_was_meant() {
    let mut lab = host();
    insert(
        &mut lab,
        "filter",
        "DOCKER-USER",
        vec![by(InterfaceSide::In, "eth0"), to_port(80), says(Verdict::Drop)],
    );
    assert_eq!(lab.found(), ["warning PH005 iptables, table filter, chain DOCKER-USER, rule 1"]);
}

#[test]
fn what_containers_may_ask_may_be_a_list() {
    let mut lab = host();
    insert(&mut lab, "filter", "DOCKER-USER", vec![by(InterfaceSide::Out, "eth0"), says(Verdict::Drop)]);
    assert_eq!(lab.found(), ["error PH005 iptables, table filter, chain DOCKER-USER, rule 1"]);
    insert(
        &mut lab,
        "filter",
        "DOCKER-USER",
        vec![by(InterfaceSide::Out, "eth0"), to_port(3128), says(Verdict::Return)],
    );
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn another_table_drops() {
    let mut lab = host();
    let own = base("through", Hook::Forward, Policy::Drop, vec![vec![established(), says(Verdict::Accept)]]);
    tables(&mut lab).push(table(Backend::Nftables, TableFamily::Inet, "own", vec![own]));
    assert_eq!(lab.found(), ["error PH005 nft, table inet own, chain through, policy"]);
    assert_eq!(lab.only().remedies[0].commands, ["nft add chain inet own through '{ policy accept; }'"]);
}

#[test]
fn the_other_iptables_has_rules_too() {
    let mut lab = host();
    let legacy = |policy, rules| {
        table(
            Backend::IptablesLegacy,
            TableFamily::Ip,
            "filter",
            vec![base("FORWARD", Hook::Forward, policy, rules)],
        )
    };
    let mut set = |policy, rules| {
        known(&mut lab.host_stack().firewall).iptables_legacy = Observed::Known(vec![legacy(policy, rules)]);
        lab.found()
    };
    assert_eq!(set(Policy::Accept, Vec::new()), [""; 0]);
    assert_eq!(set(Policy::Drop, Vec::new()), ["error PH006 iptables-legacy beside iptables-nft"]);
    let accepting = vec![vec![from("192.0.2.0/24"), says(Verdict::Accept)]];
    assert_eq!(set(Policy::Accept, accepting), ["warning PH006 iptables-legacy beside iptables-nft"]);
}

#[test]
fn input_that_drops_keeps_the_host_out() {
    let mut lab = host();
    filter_input(&mut lab);
    assert_eq!(lab.found(), ["error PH007 iptables, table filter, chain INPUT, policy"]);
    assert!(lab.only().summary.contains("programs on this host"));
}

/// A firewall in force, as ufw makes one.
fn ufw() -> Lab {
    let mut lab = host();
    filter_input(&mut lab);
    insert(&mut lab, "filter", "INPUT", vec![established(), says(Verdict::Accept)]);
    insert(&mut lab, "filter", "INPUT", vec![by(InterfaceSide::In, "lo"), says(Verdict::Accept)]);
    lab
}

#[test]
fn a_port_goes_past_a_firewall_in_force() {
    let mut lab = ufw();
    let found = "note PH008 published ports past the firewall <- note PH007 iptables, table filter, chain INPUT, policy";
    assert_eq!(lab.found(), [found]);
    for port in [8080, 8081] {
        insert(&mut lab, "filter", "INPUT", vec![to_port(port), says(Verdict::Accept)]);
    }
    assert_eq!(lab.found(), [""; 0]);
    insert(
        &mut lab,
        "filter",
        "INPUT",
        vec![by(InterfaceSide::In, "eth0"), to_port(8080), says(Verdict::Drop)],
    );
    assert_eq!(lab.found(), ["warning PH008 published ports past the firewall"]);
}

#[test]
fn a_port_for_this_host_goes_past_nothing() {
    let mut lab = Lab::docker();
    lab.run(container("web").publish("127.0.0.1:8080", "80/tcp").listen("tcp", "0.0.0.0:80"));
    lay(&mut lab);
    filter_input(&mut lab);
    insert(&mut lab, "filter", "INPUT", vec![established(), says(Verdict::Accept)]);
    insert(&mut lab, "filter", "INPUT", vec![by(InterfaceSide::In, "lo"), says(Verdict::Accept)]);
    assert_eq!(lab.found(), ["note PH009 80/tcp of web"]);
}

#[test]
fn a_firewall_that_was_not_read_is_a_gap() {
    let mut lab = host();
    lab.host_stack().firewall = refused("firewall");
    for code in 2..=8 {
        assert_eq!(lab.gaps(code), ["skipped: firewall: permission denied"]);
    }
    assert_eq!(lab.found(), [""; 0]);
}
