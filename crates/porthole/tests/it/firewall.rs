//! The firewalls that real engines lay, as a snapshot has them, beside iptables-save on the same host.

use std::collections::BTreeMap;

use porthole_lab::{Engine, Lab};
use porthole_model::firewall::{Backend, FirewallTable, Hook, Statement, TableFamily, WordingSource};
use porthole_model::{Firewall, NetnsId, Snapshot};

use crate::support::{builder, lab, on_docker_engines, porthole_ok, start, wait_for};

fn snapshot(lab: &Lab) -> Snapshot {
    let output = lab.command("porthole").args(["snapshot", "-o", "-"]).output().expect("porthole runs");
    porthole_wire::snapshot_file::read(&output.stdout).expect("a snapshot")
}

fn firewall_of(snapshot: &Snapshot, namespace: NetnsId) -> &Firewall {
    let host = snapshot.host.known().expect("the host");
    host.namespace(namespace)
        .expect("the namespace")
        .stack
        .known()
        .expect("its stack")
        .firewall
        .known()
        .expect("its firewall")
}

/// The firewall of the namespace that the engine is in.
fn host_firewall(snapshot: &Snapshot) -> &Firewall {
    let host = snapshot.host.known().expect("the host");
    firewall_of(snapshot, *host.own_network_namespace.known().expect("its namespace"))
}

/// Lines of iptables-save by table and chain, with their counters.
type Lines = BTreeMap<(String, String), Vec<String>>;

fn listed(save: &str) -> Lines {
    let mut lines = Lines::new();
    let mut table = "";
    for line in save.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        } else if line.starts_with('[') {
            let chain = line.split(' ').nth(2).expect("a chain");
            lines.entry((table.to_owned(), chain.to_owned())).or_default().push(line.to_owned());
        }
    }
    lines
}

fn read<'a>(tables: impl Iterator<Item = &'a FirewallTable>) -> Lines {
    let mut lines = Lines::new();
    for table in tables {
        for chain in &table.chains {
            for rule in &chain.rules {
                assert_eq!(rule.wording.source, WordingSource::IptablesSave, "{rule:?}");
                let counter = rule.counter().expect("a counter");
                let line = format!("[{}:{}] {}", counter.packets, counter.bytes, rule.wording.text);
                lines.entry((table.name.clone(), chain.name.clone())).or_default().push(line);
            }
        }
    }
    lines
}

fn tables(firewall: &Firewall, family: TableFamily) -> impl Iterator<Item = &FirewallTable> {
    firewall.tables().filter(move |table| table.family == family)
}

/// Two containers, one that is published and one on a network of its own that reaches out.
fn fill(lab: &Lab) {
    lab.docker_ok(&["network", "create", "back"]);
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.run("app", &["--network", "back"], "peer:1", &["idle"]);
    let answer = lab.outside_peer(&["connect", "10.77.0.2:8080"]);
    assert_eq!(answer.code, 0, "{answer}");
}

/// Reads until nothing moved the counters between the two readings.
fn assert_as_listed(lab: &Lab, what: &str, namespace: impl Fn(&Snapshot) -> NetnsId, enter: &str) {
    let mut difference = String::new();
    for _ in 0..5 {
        let snapshot = snapshot(lab);
        let firewall = firewall_of(&snapshot, namespace(&snapshot));
        assert_eq!(firewall.gaps().count(), 0, "{what}: {:?}", firewall.gaps().collect::<Vec<_>>());
        assert_eq!(firewall.wording_gaps, [], "{what}");
        let v4 = (
            read(tables(firewall, TableFamily::Ip)),
            listed(&lab.sh_ok(&format!("{enter} iptables-save -c"))),
        );
        let v6 = (
            read(tables(firewall, TableFamily::Ip6)),
            listed(&lab.sh_ok(&format!("{enter} ip6tables-save -c"))),
        );
        assert!(!v4.0.is_empty(), "{what} has rules");
        if v4.0 == v4.1 && v6.0 == v6.1 {
            return;
        }
        difference = format!("{v4:#?}\n{v6:#?}");
    }
    panic!("{what}: {difference}");
}

fn own_namespace(snapshot: &Snapshot) -> NetnsId {
    *snapshot.host.known().expect("a namespace").own_network_namespace.known().expect("a namespace")
}

#[test]
fn the_rules_of_each_engine_are_those_that_iptables_save_lists() {
    on_docker_engines(|lab| {
        fill(lab);
        assert_as_listed(lab, "the host", own_namespace, "");
        let pid = lab.docker_ok(&["inspect", "--format", "{{.State.Pid}}", "app"]);
        let inside = lab.sh_ok(&format!("readlink /proc/{pid}/ns/net"));
        let inside = inside.trim_matches(|sign: char| !sign.is_ascii_digit()).parse().unwrap();
        let enter = format!("nsenter --net=/proc/{pid}/ns/net");
        assert_as_listed(lab, "the container", |_| NetnsId(inside), &enter);
    });
}

#[test]
fn all_that_an_engine_lays_is_understood() {
    on_docker_engines(|lab| {
        fill(lab);
        let snapshot = snapshot(lab);
        let firewall = host_firewall(&snapshot);
        let rules = firewall.tables().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
        let unknown: Vec<_> = rules.flat_map(porthole_model::firewall::Rule::unknown).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let forward = firewall.base_chains(TableFamily::Ip, Hook::Forward);
        assert_eq!(forward.len(), 1, "{forward:?}");
        let translated = firewall.base_chains(TableFamily::Ip, Hook::Prerouting);
        let nat = translated.iter().find(|(table, _)| table.name == "nat").unwrap().0;
        let target =
            nat.chain("DOCKER").unwrap().rules.iter().find_map(|rule| match rule.statements.last() {
                Some(Statement::Nat(nat)) => Some((nat.clone(), rule.counter().unwrap())),
                _ => None,
            });
        let (nat, counter) = target.unwrap();
        assert!(counter.packets > 0, "{nat:?} was used");
    });
}

#[test]
fn an_engine_on_iptables_legacy() {
    let lab = start(builder(Engine::newest()).legacy_iptables());
    fill(&lab);
    assert_as_listed(&lab, "the host", own_namespace, "");
    let snapshot = snapshot(&lab);
    let firewall = host_firewall(&snapshot);
    assert!(firewall.tables().all(|table| table.backend == Backend::IptablesLegacy));
}

#[test]
fn a_host_without_iptables_has_rules_in_own_words() {
    let lab = lab(Engine::newest());
    fill(&lab);
    lab.sh_ok("cd /usr/sbin; rm iptables-nft-save ip6tables-nft-save");
    wait_for("the gap", || !host_firewall(&snapshot(&lab)).wording_gaps.is_empty());
    let snapshot = snapshot(&lab);
    let firewall = host_firewall(&snapshot);
    let gap = &firewall.wording_gaps[0];
    assert!(gap.to_string().contains("iptables-nft-save"), "{gap}");
    let rules = firewall.tables().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    let words: Vec<_> = rules.map(|rule| rule.wording.text.as_str()).collect();
    assert!(words.iter().any(|words| words.contains("dnat to ")), "{words:#?}");
    porthole_ok(&lab, &["snapshot", "-o", "/tmp/host.zst"]);
}
