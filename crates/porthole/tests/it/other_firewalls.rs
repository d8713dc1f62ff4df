//! Firewalls that no engine of the lab lays itself: those of firewalld as it laid them, and those of Docker 29 with its nftables
//! back end in the shape that its sources describe. They are loaded beside a real engine.

use std::path::Path;

use porthole_lab::{Engine, Lab};
use porthole_model::{Observed, Report, Snapshot};
use serde_json::json;

use crate::support::{assert_codes, builder, codes, lab, report, start, wait_for};

/// Loads a rule set of `fixtures/firewalls`.
fn load(lab: &Lab, name: &str) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/firewalls").join(format!("{name}.nft"));
    let rules = std::fs::read_to_string(path).expect("a rule set");
    lab.sh_ok(&format!("nft -f - <<'END'\n{rules}\nEND"));
}

fn web(lab: &Lab) {
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
}

#[test]
fn a_host_with_firewalld_where_docker_has_its_zone_is_healthy() {
    let lab = lab(Engine::newest());
    web(&lab);
    load(&lab, "firewalld-1.3-docker-zone");
    assert!(reaches_outside(&lab) && lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
    // firewalld shuts INPUT, and what Docker publishes goes past it: so it is, and PH008 says so.
    let report = assert_codes(&lab, &["PH008"]);
    assert_eq!(report["findings"][0]["severity"], "note");
}

#[test]
fn firewalld_drops_what_a_bridge_without_a_zone_sends_out() {
    let lab = lab(Engine::newest());
    web(&lab);
    load(&lab, "firewalld-1.3-drop-zone");
    assert!(!reaches_outside(&lab));
    let report = report(&lab);
    assert!(codes(&report).contains(&"PH005".to_owned()), "{report:#}");
    let finding =
        report["findings"].as_array().expect("findings").iter().find(|each| each["code"] == "PH005");
    let finding = finding.expect("PH005").to_string();
    assert!(finding.contains("table inet firewalld") && finding.contains("filter_FWD_drop"), "{report:#}");
}

fn reaches_outside(lab: &Lab) -> bool {
    lab.docker(&["exec", "web", "/peer", "connect", "203.0.113.10:80"]).code == 0
}

/// An engine that lays no rules, and the networks and containers that the shape of Docker 29's rules is for. It is the
/// shape and not the program.
fn docker_29() -> Lab {
    let lab = start(builder(Engine::newest()).daemon_json(json!({ "iptables": false, "ip6tables": false })));
    lab.sh_ok("sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1");
    for (bridge, subnet, options) in [
        ("br0", "172.30.0.0/24", ""),
        ("br1", "172.31.0.0/24", "-o com.docker.network.bridge.enable_icc=false"),
    ] {
        lab.sh_ok(&format!(
            "docker network create --subnet {subnet} -o com.docker.network.bridge.name={bridge} {options} net-{bridge}"
        ));
    }
    load(&lab, "docker-29-shape");
    lab.run(
        "web",
        &["--network", "net-br0", "--ip", "172.30.0.2", "-p", "8080:80"],
        "peer:1",
        &["http", "80"],
    );
    lab.run(
        "local",
        &["--network", "net-br0", "--ip", "172.30.0.3", "-p", "127.0.0.1:81:80"],
        "peer:1",
        &["http", "80"],
    );
    let udp = ["--network", "net-br1", "--ip", "172.31.0.4", "-p", "5353:5353/udp"];
    lab.run("udp", &udp, "peer:1", &["udp-echo", "0.0.0.0:5353"]);
    wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
    lab
}

/// What doctor finds in a recording, in which just the name of the back end and the setting that the lab needs are others.
fn diagnosed(lab: &Lab) -> Report {
    let mut report = recorded(lab);
    wait_for("the containers to settle", || {
        let is_settled = !format!("{report:?}").contains("started a moment ago");
        if !is_settled {
            report = recorded(lab);
        }
        is_settled
    });
    report
}

fn recorded(lab: &Lab) -> Report {
    let output = lab.command("porthole").args(["snapshot", "-o", "-"]).output().expect("a snapshot");
    let mut snapshot: Snapshot = porthole_wire::snapshot_file::read(&output.stdout).expect("a snapshot");
    let engine = snapshot.engine.value_mut().expect("an engine");
    engine.info.value_mut().expect("info").firewall_backend = Observed::Known(Some("nftables".to_owned()));
    let settings = engine.settings.value_mut().expect("settings");
    (settings.iptables, settings.ip6tables) = (None, None);
    porthole_analysis::diagnose(&snapshot)
}

fn found(report: &Report) -> Vec<String> {
    let mut codes: Vec<_> = report.findings.iter().map(|finding| finding.code.to_string()).collect();
    codes.sort();
    codes
}

#[test]
fn docker_29_with_nftables_is_healthy() {
    let lab = docker_29();
    let report = diagnosed(&lab);
    // The port on the loopback is meant so.
    assert_eq!(found(&report), ["PH009"], "{report:#?}");
}

#[test]
fn faults_beside_docker_29_with_nftables_are_found() {
    let lab = docker_29();
    let faults = [
        ("nft delete table ip docker-bridges", "PH002", "docker-bridges"),
        ("nft flush chain ip docker-bridges nat-postrouting-out__br0", "PH003", "net-br0"),
        ("nft flush chain ip docker-bridges nat-prerouting-and-output", "PH003", "8080"),
        (
            "nft add table inet own; nft add chain inet own through '{ type filter hook forward priority 10; policy drop; }'",
            "PH005",
            "table inet own",
        ),
        ("iptables -P FORWARD DROP", "PH026", "FORWARD"),
    ];
    for (fault, code, word) in faults {
        lab.sh_ok(fault);
        let report = diagnosed(&lab);
        let mut codes = found(&report);
        codes.retain(|each| each != "PH009");
        codes.dedup();
        assert_eq!(codes, [code], "{fault}: {report:#?}");
        assert!(format!("{report:?}").contains(word), "{fault}: {report:#?}");
        lab.sh_ok("nft flush ruleset");
        load(&lab, "docker-29-shape");
    }
}

/// The lab's engine does not know the setting, and does not start for that; what porthole sees is the same.
#[test]
fn ph026_an_engine_with_nftables_does_not_start_on_a_host_that_does_not_forward() {
    let lab = lab(Engine::newest());
    lab.stop_engine().unwrap();
    lab.sh_ok("echo '{\"firewall-backend\": \"nftables\"}' > /etc/docker/daemon.json; sysctl -w net.ipv4.ip_forward=0");
    let report = assert_codes(&lab, &["PH026"]);
    assert_eq!(report["findings"][0]["explains"][0]["code"], "PH101", "{report:#}");
    lab.sh_ok("echo '{\"firewall-backend\": \"nftables\", \"ip-forward\": false}' > /etc/docker/daemon.json");
    assert_codes(&lab, &["PH101"]);
    lab.sh_ok("echo '{\"firewall-backend\": \"nftables\"}' > /etc/docker/daemon.json; sysctl -w net.ipv4.ip_forward=1");
    assert_codes(&lab, &["PH101"]);
}
