//! `doctor --fix`: each mend is done on a broken engine, and its undo breaks it again as it was.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::process::Stdio;

use porthole_lab::{Engine, Identity, Lab, Output};
use serde_json::Value;

use crate::support::{
    assert_codes, builder, codes, lab, on_docker_engines, parse, porthole, porthole_json, start,
};

const FIX: [&str; 5] = ["doctor", "--fix", "--yes", "--output", "json"];

fn idle(lab: &Lab, name: &str) {
    lab.run(name, &[], "peer:1", &["idle"]);
}

/// A command of the host in a container's network namespace.
fn inside(lab: &Lab, container: &str, command: &str) {
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", container]);
    lab.sh_ok(&format!("nsenter -t {pid} -n {command}"));
}

fn host_end(lab: &Lab, container: &str) -> String {
    let topology = porthole_json(lab, &["topology", container]);
    topology["rows"][0]["outside"]["name"].as_str().unwrap().to_owned()
}

fn fixes(report: &Value) -> &Vec<Value> {
    report["fixes"].as_array().unwrap()
}

fn outcomes(report: &Value) -> Vec<(&str, &str)> {
    fixes(report)
        .iter()
        .map(|fix| (fix["code"].as_str().unwrap(), fix["outcome"].as_str().unwrap()))
        .collect()
}

fn undo(lab: &Lab, report: &Value) {
    for fix in fixes(report).iter().rev() {
        for command in fix["undo"].as_array().unwrap() {
            lab.sh_ok(command.as_str().unwrap());
        }
    }
}

/// The fault that was just put in is found, mended by porthole, brought back by what it says, and mended again.
fn mended(lab: &Lab, code: &str) -> Value {
    assert_codes(lab, &[code]);
    let first = mend(lab, code);
    assert_codes(lab, &[]);
    undo(lab, &first);
    assert_codes(lab, &[code]);
    mend(lab, code)
}

fn mend(lab: &Lab, code: &str) -> Value {
    let output = porthole(lab, &FIX);
    assert_eq!(output.code, 0, "{output}");
    let report = parse(&output.stdout);
    assert!(codes(&report).is_empty(), "{report:#}");
    assert!(!fixes(&report).is_empty(), "{report:#}");
    for outcome in outcomes(&report) {
        assert_eq!(outcome, (code, "mended"), "{report:#}");
    }
    report
}

#[test]
fn forwarding_is_turned_on() {
    on_docker_engines(|lab| {
        idle(lab, "web");
        lab.sh_ok("sysctl -qw net.ipv4.ip_forward=0");
        mended(lab, "PH001");
    });
}

#[test]
fn a_host_interface_is_plugged_in_and_set_up() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "other"]);
        idle(lab, "web");
        let other = lab.docker_ok(&["network", "inspect", "-f", "br-{{slice .Id 0 12}}", "other"]);
        let veth = host_end(lab, "web");
        for fault in ["down".to_owned(), "nomaster".to_owned(), format!("master {other}")] {
            lab.sh_ok(&format!("ip link set {veth} {fault}"));
            mended(lab, "PH032");
        }
        lab.sh_ok(&format!("ip link set {veth} nomaster down"));
        let report = mended(lab, "PH032");
        assert_eq!(fixes(&report)[0]["commands"].as_array().unwrap().len(), 2, "{report:#}");
    });
}

#[test]
fn a_bridge_is_set_up_and_has_its_addresses_again() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "--ipv6", "--subnet", "fd00:77::/64", "six"]);
        lab.run("web", &["--network", "six"], "peer:1", &["idle"]);
        let six = lab.docker_ok(&["network", "inspect", "-f", "br-{{slice .Id 0 12}}", "six"]);
        assert_codes(lab, &[]);
        lab.sh_ok(&format!("ip -4 address flush dev {six}"));
        mended(lab, "PH033");
        lab.sh_ok(&format!("ip link set {six} down"));
        let report = mended(lab, "PH033");
        let commands: Vec<_> = fixes(&report).iter().map(|fix| fix["commands"][0].to_string()).collect();
        assert!(commands[0].contains("up"), "{commands:?}");
    });
}

#[test]
fn a_container_s_interface_has_its_addresses_and_routes_again() {
    on_docker_engines(|lab| {
        idle(lab, "web");
        for fault in ["ip route del default", "ip addr flush dev eth0", "ip link set eth0 down"] {
            inside(lab, "web", fault);
            mended(lab, "PH034");
            let route = lab.sh_ok("nsenter -t $(docker inspect -f '{{.State.Pid}}' web) -n ip route");
            assert!(route.contains("default via 172.17.0.1 dev eth0"), "{fault}: {route}");
        }
    });
}

#[test]
fn an_address_is_given_back() {
    on_docker_engines(|lab| {
        idle(lab, "one");
        idle(lab, "other");
        let taken = lab.docker_ok(&[
            "inspect",
            "-f",
            "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}",
            "one",
        ]);
        inside(lab, "other", &format!("ip addr add {taken}/16 dev eth0"));
        mended(lab, "PH031");
    });
}

#[test]
fn a_false_neighbour_is_removed_and_a_wall_is_not() {
    let lab = lab(Engine::newest());
    idle(&lab, "web");
    let address =
        lab.docker_ok(&["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "web"]);
    lab.sh_ok(&format!("ip neigh replace {address} lladdr 02:00:00:00:00:01 dev docker0 nud permanent"));
    mended(&lab, "PH042");
    lab.sh_ok(&format!("ip route add blackhole {address}"));
    assert_codes(&lab, &["PH042"]);
    let output = porthole(&lab, &FIX);
    assert_eq!(output.code, 1, "{output}");
    assert!(outcomes(&parse(&output.stdout)).is_empty(), "somebody may have meant it");
    assert_codes(&lab, &["PH042"]);
}

#[test]
fn a_paused_container_goes_on() {
    for engine in Engine::available() {
        let lab = lab(engine);
        lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
        lab.docker_ok(&["pause", "web"]);
        mended(&lab, "PH040");
    }
}

#[test]
fn what_restarts_a_container_is_only_shown() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "81"]);
    let report = assert_codes(&lab, &["PH011"]);
    assert!(
        report["findings"][0]["remedies"]
            .as_array()
            .unwrap()
            .iter()
            .all(|way| way["undo"] == serde_json::json!([]))
    );
    let output = porthole(&lab, &FIX);
    assert_eq!(output.code, 1, "{output}");
    assert!(outcomes(&parse(&output.stdout)).is_empty(), "{output}");
}

#[test]
fn a_host_without_any_tool_is_mended_too() {
    let lab = lab(Engine::newest());
    idle(&lab, "web");
    lab.sh_ok("ip link set docker0 down; sysctl -qw net.ipv4.ip_forward=0");
    assert_codes(&lab, &["PH001", "PH033"]);
    let fixed = lab.exec(&["env", "PATH=/nowhere", "/usr/local/bin/porthole", "doctor", "--fix", "--yes"]);
    assert_eq!(fixed.code, 0, "{fixed}");
    for words in ["mended[PH001]", "mended[PH033]", "to take back what was done", "ip link set docker0 down"]
    {
        assert!(fixed.stdout.contains(words), "{fixed}");
    }
    assert_codes(&lab, &[]);
}

#[test]
fn what_cannot_be_done_says_why() {
    let lab = lab(Engine::newest());
    idle(&lab, "web");
    lab.sh_ok("sysctl -qw net.ipv4.ip_forward=0");
    let script = "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && porthole doctor --fix --yes -o json";
    let output = lab.exec(&["unshare", "--mount", "sh", "-c", script]);
    assert_eq!(output.code, 1, "{output}");
    let report = parse(&output.stdout);
    assert_eq!(outcomes(&report), [("PH001", "failed")]);
    assert!(fixes(&report)[0]["reason"].to_string().contains("Read-only file system"), "{report:#}");
    assert_eq!(fixes(&report)[0]["undo"], serde_json::json!([]));
    assert_eq!(codes(&report), ["PH001"]);
}

fn asked(lab: &Lab, answer: &str) -> Output {
    let typed = format!(
        "{{ sleep 3; echo {answer}; sleep 5; }} | script --quiet --return --command 'porthole doctor --fix' /dev/null"
    );
    lab.sh(&typed)
}

#[test]
fn nothing_is_done_without_a_yes() {
    let lab = start(builder(Engine::newest()).bind("/usr/bin/script", "/usr/local/bin/script"));
    idle(&lab, "web");
    lab.sh_ok("ip link set docker0 down");
    assert_codes(&lab, &["PH033"]);
    let mut unasked = lab.command("porthole");
    unasked.args(["doctor", "--fix"]).stdin(Stdio::null());
    let output = lab.run_command(unasked, &["doctor", "--fix"]);
    assert_eq!(output.code, 2, "{output}");
    assert!(output.stderr.contains("no terminal") && output.stderr.contains("--yes"), "{output}");
    assert_codes(&lab, &["PH033"]);
    let output = asked(&lab, "n");
    assert_eq!(output.code, 1, "{output}");
    assert!(output.stdout.contains("the answer was no"), "{output}");
    assert_codes(&lab, &["PH033"]);
    let output = asked(&lab, "y");
    assert_eq!(output.code, 0, "{output}");
    assert!(output.stdout.contains("mended[PH033]"), "{output}");
    assert_codes(&lab, &[]);
}

#[test]
fn the_host_of_an_engine_elsewhere_is_left_alone() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.docker_ok(&["pause", "web"]);
    lab.sh_ok("ip link set docker0 down");
    assert_codes(&lab, &["PH033", "PH040"]);
    let mut through = vec!["--through-engine"];
    through.extend(FIX);
    let output = porthole(&lab, &through);
    assert_eq!(output.code, 1, "{output}");
    let report = parse(&output.stdout);
    assert_eq!(outcomes(&report), [("PH033", "not_done"), ("PH040", "not_done")]);
    assert!(report["fixes"][0]["reason"].to_string().contains("engine's host"), "{report:#}");
    assert_codes(&lab, &["PH033", "PH040"]);
}

#[test]
fn a_user_who_may_not_is_told() {
    let lab = lab(Engine::newest());
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.docker_ok(&["pause", "web"]);
    let group = lab.sh_ok("stat -c %g /run/docker.sock").parse().unwrap();
    let identity = Identity { uid: 65534, gid: 65534, groups: vec![group], keep_capabilities: false };
    let mut command = lab.command_as(&identity, "porthole");
    command.args(FIX);
    let output = lab.run_command(command, &FIX);
    let report = parse(&output.stdout);
    assert_eq!(outcomes(&report), [("PH040", "not_done")], "{output}");
    assert!(report["fixes"][0]["reason"].to_string().contains("root"), "{report:#}");
    assert_eq!(lab.docker_ok(&["inspect", "-f", "{{.State.Status}}", "web"]), "paused");
}
