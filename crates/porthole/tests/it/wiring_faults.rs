//! The checks of the wiring between host and containers, proven: each fault is put into a real engine and found as
//! exactly its code.

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{assert_codes, lab, mend, on_docker_engines, wait_for};

fn idle(lab: &Lab, name: &str) {
    lab.run(name, &[], "peer:1", &["idle"]);
}

/// A command of the host in a container's network namespace.
fn inside(lab: &Lab, container: &str, command: &str) {
    let pid = lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", container]);
    lab.sh_ok(&format!("nsenter -t {pid} -n {command}"));
}

fn address(lab: &Lab, container: &str) -> String {
    lab.docker_ok(&["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container])
}

fn finding(report: &Value) -> String {
    report["findings"][0].to_string()
}

#[test]
fn ph013_a_port_is_taken() {
    on_docker_engines(|lab| {
        let mut squatter = lab.command("peer");
        let mut squatter = squatter.args(["http", "8080"]).spawn().unwrap();
        wait_for("the squatter", || !lab.sh_ok("ss -Htln sport = :8080").is_empty());
        let started = lab.docker(&["run", "-d", "--name", "web", "-p", "8080:80", "peer:1", "http", "80"]);
        assert_ne!(started.code, 0);
        let report = assert_codes(lab, &["PH013"]);
        assert!(finding(&report).contains("peer (pid"), "{report:#}");
        squatter.kill().unwrap();
        squatter.wait().unwrap();
        wait_for("the port", || lab.sh_ok("ss -Htln sport = :8080").is_empty());
        let report = assert_codes(lab, &["PH013"]);
        assert_eq!(report["findings"][0]["severity"], "warning");
        mend(lab, &report);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph013_a_docker_proxy_of_nobody() {
    on_docker_engines(|lab| {
        let proxy = lab.sh_ok("command -v docker-proxy || ls /usr/libexec/docker/docker-proxy /usr/sbin/docker-proxy 2>/dev/null | head -1");
        let mut stale = lab.command(proxy.trim());
        stale.args(["-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080"]);
        stale.args(["-container-ip", "172.17.0.99", "-container-port", "80"]);
        let mut stale = stale.spawn().unwrap();
        wait_for("docker-proxy", || !lab.sh_ok("ss -Htln sport = :8080").is_empty());
        let report = assert_codes(lab, &["PH013"]);
        mend(lab, &report);
        stale.wait().unwrap();
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph016_a_route_claims_the_subnet() {
    on_docker_engines(|lab| {
        idle(lab, "web");
        lab.sh_ok("ip route add 172.17.0.0/17 via 10.77.0.1");
        let report = assert_codes(lab, &["PH016"]);
        assert_eq!(report["findings"][0]["severity"], "error");
        lab.sh_ok("ip route del 172.17.0.0/17 && ip route add 172.16.0.0/12 via 10.77.0.1");
        let report = assert_codes(lab, &["PH016"]);
        assert_eq!(report["findings"][0]["severity"], "warning");
        lab.sh_ok("ip route del 172.16.0.0/12");
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph018_the_way_out_carries_less() {
    on_docker_engines(|lab| {
        idle(lab, "web");
        lab.sh_ok("ip link set eth0 mtu 1300");
        let report = assert_codes(lab, &["PH018"]);
        assert!(finding(&report).contains("1300"), "{report:#}");
    });
}

#[test]
fn ph030_two_containers_have_one_ethernet_address() {
    on_docker_engines(|lab| {
        let options = ["--mac-address", "02:42:ac:11:00:aa"];
        lab.run("one", &options, "peer:1", &["idle"]);
        lab.run("other", &options, "peer:1", &["idle"]);
        let report = assert_codes(lab, &["PH030"]);
        assert!(finding(&report).contains("02:42:ac:11:00:aa"), "{report:#}");
    });
}

#[test]
fn ph031_two_containers_hold_one_address() {
    on_docker_engines(|lab| {
        idle(lab, "one");
        idle(lab, "other");
        let taken = address(lab, "one");
        inside(lab, "other", &format!("ip addr add {taken}/16 dev eth0"));
        let report = assert_codes(lab, &["PH031"]);
        assert_eq!(report["findings"][0]["subject"]["name"], "other");
        mend(lab, &report);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph034_a_container_lost_its_interface_address_or_route() {
    on_docker_engines(|lab| {
        idle(lab, "web");
        for fault in
            ["ip route del default", "ip addr flush dev eth0", "ip link set eth0 down", "ip link del eth0"]
        {
            inside(lab, "web", fault);
            let report = assert_codes(lab, &["PH034"]);
            mend(lab, &report);
            assert_codes(lab, &[]);
        }
    });
}

#[test]
fn ph042_an_entry_set_by_hand() {
    let lab = lab(Engine::newest());
    idle(&lab, "web");
    let address = address(&lab, "web");
    lab.sh_ok(&format!("ip neigh replace {address} lladdr 02:00:00:00:00:01 dev docker0 nud permanent"));
    let report = assert_codes(&lab, &["PH042"]);
    mend(&lab, &report);
    assert_codes(&lab, &[]);
    lab.sh_ok(&format!("ip route add blackhole {address}"));
    let report = assert_codes(&lab, &["PH042"]);
    mend(&lab, &report);
    assert_codes(&lab, &[]);
}
