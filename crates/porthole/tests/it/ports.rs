//! `porthole ports` against real engines: what it reads, what it tries, and what it leaves.

use std::process::Stdio;
use std::time::Duration;

use porthole_lab::{Engine, Lab};
use serde_json::{Value, json};

use crate::support::{
    builder, lab, on_docker_engines, parse, porthole, porthole_json, porthole_ok, start, wait_for,
};

/// A web server, published as the options say.
fn web(lab: &Lab, options: &[&str], listen: &str) {
    lab.run("web", options, "peer:1", &["http", listen]);
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", "web"]);
    wait_for("the listener", || !lab.sh(&format!("nsenter -t {pid} -n ss -Htln")).stdout.trim().is_empty());
}

/// The ports of `web`, whatever the exit code, which comes with them.
fn ports(lab: &Lab, options: &[&str]) -> (Value, i32) {
    let output = porthole(lab, &[&["ports", "web", "--output", "json"], options].concat());
    assert!(output.code < 2, "{}\n{}", output.stdout, output.stderr);
    (parse(&output.stdout), output.code)
}

/// The port at a place of the host.
fn at<'v>(ports: &'v Value, host: &str) -> &'v Value {
    let all = ports["ports"].as_array().expect("ports");
    let found = all.iter().find(|port| {
        let address = port["host_address"].as_str().expect("an address");
        format!("{address} {}", port["host_port"]) == host
    });
    found.unwrap_or_else(|| panic!("no port at {host}: {ports:#}"))
}

fn way<'v>(port: &'v Value, from: &str) -> &'v Value {
    let ways = port["ways"].as_array().unwrap_or_else(|| panic!("no ways: {port:#}"));
    ways.iter().find(|way| way["from"] == from).unwrap_or_else(|| panic!("no way from {from}: {port:#}"))
}

fn verdict<'v>(port: &'v Value, stage: &str) -> &'v str {
    let probes = port["probes"].as_array().expect("probes");
    let probe = probes.iter().find(|probe| probe["stage"] == stage);
    probe.unwrap_or_else(|| panic!("{stage} was not tried: {port:#}"))["verdict"].as_str().expect("a verdict")
}

fn assert_works(port: &Value, stages: &[&str]) {
    for stage in stages {
        assert_eq!(verdict(port, stage), "works", "{stage}: {port:#}");
    }
}

fn interfaces(lab: &Lab) -> String {
    lab.sh_ok("ip -o link | cut -d: -f2; nft list tables; ip route; ip -6 route")
}

#[test]
fn every_stage_with_docker_proxy() {
    on_docker_engines(|lab| {
        web(lab, &["-p", "8080:80"], "80");
        let before = interfaces(lab);
        let (ports, code) = ports(lab, &[]);
        assert_eq!(code, 0, "{ports:#}");
        assert_eq!(interfaces(lab), before, "nothing is left");
        let port = at(&ports, "0.0.0.0 8080");
        let pid = lab.sh_ok("pgrep -f 'docker-proxy.*-host-ip 0.0.0.0' | head -1");
        assert_eq!(port["docker_proxy"]["state"], "runs");
        assert_eq!(port["docker_proxy"]["pid"].to_string(), pid, "{port:#}");
        assert_eq!(port["served"], true, "{port:#}");
        let outside = way(port, "outside");
        assert_eq!(outside["end"], "container", "{port:#}");
        let text = outside["dnat"]["text"].as_str().expect("a rule");
        assert!(text.contains("DNAT") && text.contains("172.17.0.2:80"), "{text}");
        assert!(!outside["forward"].as_array().expect("decisions").is_empty(), "{port:#}");
        assert_eq!(way(port, "answer")["end"], "world", "{port:#}");
        assert_eq!(way(port, "loopback")["end"], "docker_proxy", "{port:#}");
        assert_eq!(way(port, "itself")["end"], "docker_proxy", "{port:#}");
        assert_works(port, &["outside", "host", "loopback", "itself", "target", "inside"]);
        assert_eq!(ports["docker_proxy"]["used"], true, "{ports:#}");
        assert_eq!(ports["exits"][0]["way"]["end"], "world", "{ports:#}");
        assert_eq!(ports["exits"][0]["way"]["masquerade"]["chain"], "POSTROUTING", "{ports:#}");
        assert_eq!(ports["exits"][0]["probes"][0]["verdict"], "works", "{ports:#}");
    });
}

#[test]
fn every_stage_without_docker_proxy() {
    for engine in [Engine::Docker20, Engine::Docker28] {
        let lab = start(builder(engine).daemon_json(json!({ "userland-proxy": false })));
        web(&lab, &["-p", "8080:80"], "80");
        let (ports, code) = ports(&lab, &[]);
        assert_eq!(code, 0, "{ports:#}");
        let port = at(&ports, "0.0.0.0 8080");
        assert_eq!(port["docker_proxy"]["state"], "unused", "{port:#}");
        assert_eq!(way(port, "loopback")["end"], "container", "{port:#}");
        assert_eq!(way(port, "itself")["end"], "container", "{port:#}");
        assert_eq!(way(port, "itself")["masquerade"]["chain"], "POSTROUTING", "{port:#}");
        assert_works(port, &["outside", "host", "loopback", "itself", "target", "inside"]);
        assert_eq!(ports["docker_proxy"]["used"], false, "{ports:#}");
    }
}

#[test]
fn a_port_that_nobody_listens_on() {
    on_docker_engines(|lab| {
        web(lab, &["-p", "8080:81"], "80");
        let mut found = (Value::Null, 0);
        wait_for("the container to be judged", || {
            found = ports(lab, &[]);
            found.0["findings"].as_array().is_some_and(|findings| !findings.is_empty())
        });
        let (ports, code) = found;
        assert_eq!(code, 1, "{ports:#}");
        let port = at(&ports, "0.0.0.0 8080");
        assert_eq!(port["served"], false, "{port:#}");
        assert_eq!(port["listeners"], json!([]), "{port:#}");
        assert_eq!(verdict(port, "outside"), "fails", "{port:#}");
        assert_eq!(verdict(port, "inside"), "fails", "{port:#}");
        assert_ne!(verdict(port, "loopback"), "works", "docker-proxy takes it and has nobody: {port:#}");
        assert_eq!(ports["findings"][0]["code"], "PH011", "{ports:#}");
    });
}

#[test]
fn a_port_for_this_host_only() {
    on_docker_engines(|lab| {
        web(lab, &["-p", "127.0.0.1:8082:80"], "80");
        let (ports, code) = ports(lab, &[]);
        assert_eq!(code, 0, "{ports:#}");
        let port = at(&ports, "127.0.0.1 8082");
        assert_eq!(way(port, "outside")["end"], "not_offered", "{port:#}");
        assert_works(port, &["loopback", "target", "inside"]);
        let probes = port["probes"].as_array().expect("probes");
        assert!(probes.iter().all(|probe| probe["stage"] != "outside"), "{port:#}");
    });
}

#[test]
fn ports_over_udp() {
    on_docker_engines(|lab| {
        lab.run("web", &["-p", "5353:53/udp"], "peer:1", &["udp-echo", "0.0.0.0:53"]);
        let mut found = Value::Null;
        wait_for("the listener", || {
            found = ports(lab, &[]).0;
            at(&found, "0.0.0.0 5353")["served"] == true
        });
        let port = at(&found, "0.0.0.0 5353");
        assert_eq!(port["protocol"], "udp");
        assert_eq!(way(port, "outside")["end"], "container", "{port:#}");
        assert_works(port, &["outside", "host", "target", "inside"]);
    });
}

#[test]
fn ports_over_ipv6() {
    for engine in [Engine::Docker20, Engine::Docker28] {
        let settings = json!({ "ip6tables": true, "experimental": true });
        let lab = start(builder(engine).daemon_json(settings));
        lab.docker_ok(&["network", "create", "--ipv6", "--subnet", "fd00:77::/64", "six"]);
        web(&lab, &["-p", "8080:80", "--network", "six"], "[::]:80");
        // An IPv6 address is nobody's until it was found to be nobody else's.
        wait_for("the addresses", || ports(&lab, &[]).1 == 0);
        let (ports, code) = ports(&lab, &[]);
        assert_eq!(code, 0, "{ports:#}");
        let port = at(&ports, ":: 8080");
        assert_eq!(port["target"], "[fd00:77::2]:80", "{port:#}");
        assert_eq!(way(port, "outside")["end"], "container", "{port:#}");
        assert_eq!(way(port, "outside")["dnat"]["family"], "ip6", "{port:#}");
        assert_eq!(way(port, "loopback")["end"], "docker_proxy", "{port:#}");
        assert_works(port, &["outside", "host", "loopback", "itself", "target", "inside"]);
    }
}

#[test]
fn rules_of_iptables_legacy() {
    let lab = start(builder(Engine::Docker28).legacy_iptables());
    web(&lab, &["-p", "8080:80"], "80");
    let (ports, code) = ports(&lab, &[]);
    assert_eq!(code, 0, "{ports:#}");
    let port = at(&ports, "0.0.0.0 8080");
    assert_eq!(way(port, "outside")["dnat"]["legacy"], true, "{port:#}");
    assert_works(port, &["outside", "host", "loopback", "itself"]);
}

#[test]
fn a_rule_that_drops_is_named_and_felt() {
    on_docker_engines(|lab| {
        web(lab, &["-p", "8080:80"], "80");
        lab.sh_ok("iptables -I DOCKER-USER -p tcp --dport 80 -j DROP");
        let (ports, code) = ports(lab, &["--wait", "0.7"]);
        assert_eq!(code, 1, "{ports:#}");
        let port = at(&ports, "0.0.0.0 8080");
        let outside = way(port, "outside");
        assert_eq!(outside["end"], "stopped", "{port:#}");
        assert_eq!(outside["stopped_by"]["chain"], "DOCKER-USER", "{port:#}");
        assert_eq!(outside["design"], Value::Null, "{port:#}");
        assert_eq!(verdict(port, "outside"), "fails", "{port:#}");
        assert_works(port, &["loopback", "target", "inside"]);
    });
}

#[test]
fn what_is_apart_by_design_is_said_and_no_fault() {
    on_docker_engines(|lab| {
        lab.sh_ok(
            "docker network create one; docker network create --internal inner
             docker network create -o com.docker.network.bridge.enable_icc=false alone",
        );
        lab.run("alone-a", &["--network", "alone"], "peer:1", &["idle"]);
        lab.run("alone-b", &["--network", "alone"], "peer:1", &["idle"]);
        lab.run("inner-a", &["--network", "inner"], "peer:1", &["idle"]);
        web(lab, &["--network", "one", "-p", "8080:80"], "80");
        let ports = porthole_json(lab, &["ports", "--no-probe"]);
        let exits = ports["exits"].as_array().expect("exits");
        let exit = |name: &str| exits.iter().find(|exit| exit["network"] == name).expect("the network");
        assert_eq!(exit("one")["way"]["end"], "world", "{ports:#}");
        assert!(exit("inner")["way"]["design"].is_string(), "{:#}", exit("inner"));
        assert!(exit("alone")["peers_apart"]["way"]["design"].is_string(), "{:#}", exit("alone"));
        assert_eq!(exit("one")["peers_apart"], Value::Null, "{ports:#}");
        let apart = exit("one")["apart_from"].as_array().expect("barriers");
        assert!(apart.iter().any(|barrier| barrier["network"] == "alone"), "{:#}", exit("one"));
        assert!(apart.iter().all(|barrier| barrier["way"]["design"].is_string()), "{:#}", exit("one"));
    });
}

#[test]
fn nothing_is_sent_with_no_probe_or_from_a_recording() {
    let lab = lab(Engine::Docker28);
    web(&lab, &["-p", "8080:80"], "80");
    porthole_ok(&lab, &["snapshot", "-o", "/tmp/host.zst"]);
    for options in [vec!["--no-probe"], vec!["--from", "/tmp/host.zst"]] {
        let (ports, code) = ports(&lab, &options);
        let port = at(&ports, "0.0.0.0 8080");
        assert_eq!((code, &port["probes"]), (0, &json!([])), "{ports:#}");
        assert_eq!(way(port, "outside")["dnat"]["packets"], 0, "{port:#}");
        assert_eq!(ports["outside"], Value::Null);
    }
}

#[test]
fn every_uplink_is_shown_where_they_differ() {
    on_docker_engines(|lab| {
        web(lab, &["-p", "8080:80"], "80");
        lab.sh_ok(
            "ip link add up1 type veth peer name far1; ip link set far1 up
             ip address add 10.66.0.2/24 dev up1; ip link set up1 up",
        );
        let ways_in = |ports: &Value| -> Vec<(String, String)> {
            let ways = at(ports, "0.0.0.0 8080")["ways"].as_array().expect("ways").iter();
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let outside = ways.filter(|way| way["from"] == "outside");
            outside.map(|way| (word(&way["interface"]), word(&way["end"]))).collect()
        };
        let told = |interface: &str, end: &str| (interface.to_owned(), end.to_owned());
        let (alike, code) = ports(lab, &[]);
        assert_eq!((ways_in(&alike), code), (vec![told("eth0", "container")], 0), "{alike:#}");
        lab.sh_ok("iptables -I DOCKER-USER -i up1 -j DROP");
        let (apart, code) = ports(lab, &[]);
        assert_eq!(ways_in(&apart), [told("eth0", "container"), told("up1", "stopped")], "{apart:#}");
        assert_eq!(code, 0, "one uplink is closed, and the other is not: {apart:#}");
        let probes = at(&apart, "0.0.0.0 8080")["probes"].as_array().expect("probes").iter();
        let outside: Vec<_> =
            probes.filter(|probe| probe["stage"] == "outside").map(|probe| probe["to"].clone()).collect();
        assert_eq!(outside, ["10.77.0.2:8080", "10.66.0.2:8080"], "{apart:#}");
        let text = porthole_ok(lab, &["ports", "web"]);
        assert!(text.contains("by up1"), "{text}");
    });
}

#[test]
fn counters_are_those_of_after_the_probes() {
    for engine in [Engine::Docker20, Engine::Docker28] {
        let lab = lab(engine);
        web(&lab, &["-p", "8080:80"], "80");
        let (ports, _) = ports(&lab, &[]);
        let dnat = &way(at(&ports, "0.0.0.0 8080"), "outside")["dnat"];
        assert!(dnat["packets"].as_u64() >= Some(1), "{dnat:#}");
        assert!(dnat["new_packets"].as_u64() >= Some(1), "{dnat:#}");
        let masquerade = &ports["exits"][0]["way"]["masquerade"];
        assert!(masquerade["new_packets"].as_u64() >= Some(1), "{masquerade:#}");
    }
}

/// Whether the bridge has learned where a container is makes no difference.
#[test]
fn on_podman_the_walk_back_to_oneself_ends_as_the_probe_does() {
    let lab = lab(Engine::Podman);
    web(&lab, &["-p", "8080:80"], "80");
    for _ in 0..2 {
        let (ports, _) = ports(&lab, &[]);
        let port = at(&ports, "0.0.0.0 8080");
        let arrives = way(port, "itself")["end"] == "container";
        assert_eq!(arrives, verdict(port, "itself") == "works", "{port:#}");
    }
}

#[test]
fn counters_are_seen_to_move() {
    let lab = lab(Engine::Docker28);
    web(&lab, &["-p", "8080:80"], "80");
    let mut command = lab.command("timeout");
    command.args(["3", "porthole", "ports", "web", "--no-probe", "--watch=0.5", "--output", "json"]);
    let child = command.stdout(Stdio::piped()).spawn().expect("porthole runs");
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(lab.outside_peer(&["connect", "10.77.0.2:8080"]).code, 0);
    }
    let output = child.wait_with_output().expect("its output");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let readings: Vec<_> = text.lines().map(parse).collect();
    assert!(readings.len() > 2, "{text}");
    let gained =
        |reading: &Value| way(at(reading, "0.0.0.0 8080"), "outside")["dnat"]["new_packets"].as_u64();
    assert_eq!(gained(&readings[0]), None, "there is no reading before the first");
    assert!(readings.iter().filter_map(gained).sum::<u64>() > 0, "{text}");
}

#[test]
fn words_for_people() {
    let lab = lab(Engine::Docker28);
    web(&lab, &["-p", "8080:80"], "80");
    let rows = porthole_ok(&lab, &["ports"]);
    for word in ["CONTAINER", "0.0.0.0:8080/tcp", "172.17.0.2:80", "OUTSIDE", "docker-proxy: 2 processes"] {
        assert!(rows.contains(word), "{word} in\n{rows}");
    }
    let stages = porthole_ok(&lab, &["ports", "web"]);
    for word in
        ["host's port", "DNAT", "FORWARD", "way back", "listener", "from the container itself", "-j DNAT"]
    {
        assert!(stages.contains(word), "{word} in\n{stages}");
    }
    let nobody = porthole(&lab, &["ports", "nobody"]);
    assert_eq!(nobody.code, 2, "{nobody}");
}

#[test]
fn on_podman_too() {
    if Engine::available().contains(&Engine::Podman) {
        let lab = lab(Engine::Podman);
        web(&lab, &["-p", "8080:80"], "80");
        // Podman leaves hairpin mode off: where bridges call the rules of IP, a container does not reach itself so.
        let (ports, _) = ports(&lab, &[]);
        let port = at(&ports, "0.0.0.0 8080");
        assert_eq!(port["docker_proxy"]["state"], "unused", "{port:#}");
        assert_eq!(way(port, "outside")["end"], "container", "{port:#}");
        assert_works(port, &["outside", "host", "loopback", "target", "inside"]);
    }
}
