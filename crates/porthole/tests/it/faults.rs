//! Each first check, proven: the fault is put into a real engine and found as exactly its code.

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{
    assert_codes, builder, codes, lab, mend, on_docker_engines, porthole, report, start, wait_for,
};

/// A web server, published on 8080.
fn web(lab: &Lab) {
    serve(lab, &["-p", "8080:80"], "80");
}

fn serve(lab: &Lab, options: &[&str], listen: &str) {
    lab.run("web", options, "peer:1", &["http", listen]);
    wait_for("the listener", || listens(lab, "web"));
}

fn listens(lab: &Lab, container: &str) -> bool {
    let pid = pid(lab, container);
    lab.sh(&format!("nsenter -t {pid} -n ss -Htln")).stdout.lines().any(|line| line.starts_with("LISTEN"))
}

fn pid(lab: &Lab, container: &str) -> String {
    lab.docker_ok(&["inspect", "-f", "{{.State.Pid}}", container])
}

/// The host's end of the container's only veth pair.
fn host_veth(lab: &Lab, container: &str) -> String {
    let inside = lab.sh_ok(&format!("nsenter -t {} -n ip -o link show eth0", pid(lab, container)));
    let index = inside.split_once("@if").and_then(|(_, rest)| rest.split_once(':')).expect("a veth").0;
    lab.sh_ok(&format!("ip -o link | sed -n 's/^{index}: \\([^@:]*\\).*/\\1/p'"))
}

fn evidence(report: &Value) -> String {
    report["findings"][0]["evidence"].to_string()
}

#[test]
fn ph001_forwarding_is_off() {
    on_docker_engines(|lab| {
        web(lab);
        lab.sh_ok("sysctl -qw net.ipv4.ip_forward=0");
        let report = assert_codes(lab, &["PH001"]);
        assert!(evidence(&report).contains("net.ipv4.ip_forward"), "{report:#}");
        assert_eq!(porthole(lab, &["doctor"]).code, 1);
        mend(lab, &report);
        assert_codes(lab, &[]);
        assert_eq!(porthole(lab, &["doctor"]).code, 0);
    });
}

#[test]
fn ph009_published_on_loopback_only() {
    on_docker_engines(|lab| {
        serve(lab, &["-p", "127.0.0.1:8080:80"], "80");
        let report = assert_codes(lab, &["PH009"]);
        assert!(evidence(&report).contains("127.0.0.1"), "{report:#}");
        assert_ne!(report["findings"][0]["severity"], "error", "it may well be meant so");
    });
}

#[test]
fn ph010_the_program_listens_on_loopback_only() {
    on_docker_engines(|lab| {
        serve(lab, &["-p", "8080:80"], "127.0.0.1:80");
        let report = assert_codes(lab, &["PH010"]);
        assert!(evidence(&report).contains("127.0.0.1:80"), "{report:#}");
    });
}

#[test]
fn ph011_nothing_listens_on_the_published_port() {
    on_docker_engines(|lab| {
        serve(lab, &["-p", "8080:81"], "80");
        let report = assert_codes(lab, &["PH011"]);
        assert!(
            report["findings"][0].to_string().contains("80"),
            "the listener is offered as a hint: {report:#}"
        );
    });
}

#[test]
fn ph012_docker_proxy_is_missing() {
    on_docker_engines(|lab| {
        web(lab);
        assert_codes(lab, &[]);
        lab.sh_ok("pkill -9 -x docker-proxy");
        wait_for("docker-proxy's end", || lab.sh_ok("ss -Htln sport = :8080").is_empty());
        let report = assert_codes(lab, &["PH012"]);
        mend(lab, &report);
        wait_for("the listener", || listens(lab, "web"));
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph012_is_silent_without_the_userland_proxy() {
    for engine in [Engine::Docker20, Engine::newest()] {
        let lab = start(builder(engine).daemon_json(serde_json::json!({ "userland-proxy": false })));
        web(&lab);
        assert_codes(&lab, &[]);
    }
}

#[test]
fn ph032_the_hosts_veth_is_down_or_off_its_bridge() {
    on_docker_engines(|lab| {
        web(lab);
        let veth = host_veth(lab, "web");
        lab.sh_ok(&format!("ip link set {veth} down"));
        let report = assert_codes(lab, &["PH032"]);
        assert!(evidence(&report).contains(&veth), "{report:#}");
        mend(lab, &report);
        assert_codes(lab, &[]);
        lab.sh_ok(&format!("ip link set {veth} nomaster"));
        let report = assert_codes(lab, &["PH032"]);
        mend(lab, &report);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph033_the_bridge_is_down_or_without_its_address() {
    on_docker_engines(|lab| {
        web(lab);
        lab.sh_ok("ip link set docker0 down");
        let report = assert_codes(lab, &["PH033"]);
        mend(lab, &report);
        assert_codes(lab, &[]);
        lab.sh_ok("ip addr flush dev docker0 scope global");
        let report = assert_codes(lab, &["PH033"]);
        mend(lab, &report);
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph035_the_network_of_a_container_is_gone() {
    on_docker_engines(|lab| {
        lab.docker_ok(&["network", "create", "shop"]);
        serve(lab, &["--network", "shop", "--network-alias", "store", "-p", "8080:80"], "80");
        lab.docker_ok(&["stop", "web"]);
        lab.stop_engine().unwrap();
        lab.sh_ok("rm /var/lib/docker/network/files/local-kv.db");
        lab.start_engine().unwrap();
        assert!(lab.docker(&["start", "web"]).stderr.contains("not found"));
        let report = assert_codes(lab, &["PH035"]);
        assert!(report["findings"][0].to_string().contains("shop"), "{report:#}");
        assert_eq!(
            report["findings"][0]["explains"][0]["code"], "PH036",
            "the bridge that is left over: {report:#}"
        );
        mend(lab, &report);
        wait_for("the listener", || listens(lab, "web"));
        let report = assert_codes(lab, &["PH036"]);
        assert!(report["findings"][0].to_string().contains("netdb clean"), "{report:#}");
        lab.sh_ok("porthole netdb clean --yes");
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph037_the_network_database_is_damaged_or_locked() {
    on_docker_engines(|lab| {
        lab.stop_engine().unwrap();
        lab.sh_ok("dd if=/dev/urandom of=/var/lib/docker/network/files/local-kv.db bs=4096 count=4 conv=notrunc 2>&1");
        assert!(lab.start_engine().is_err(), "an engine does not start with it");
        let report = report(lab);
        assert!(codes(&report).contains(&"PH037".to_owned()), "{report:#}");
        lab.sh_ok("porthole netdb reset --yes -o /srv/b.tar.zst");
        lab.start_engine().unwrap();
        assert_codes(lab, &[]);
    });
}

#[test]
fn ph040_a_paused_container_and_a_full_backlog() {
    on_docker_engines(|lab| {
        web(lab);
        lab.docker_ok(&["pause", "web"]);
        let report = assert_codes(lab, &["PH040"]);
        mend(lab, &report);
        assert_codes(lab, &[]);
        lab.run("stuck", &["-p", "8090:90"], "peer:1", &["backlog", "90", "1"]);
        wait_for("the listener", || listens(lab, "stuck"));
        for _ in 0..3 {
            lab.outside_peer(&["connect", "10.77.0.2:8090"]);
        }
        let report = assert_codes(lab, &["PH040"]);
        assert!(report["findings"][0].to_string().contains("stuck"), "{report:#}");
    });
}

#[test]
fn ph101_the_engine_does_not_answer() {
    let lab = lab(Engine::newest());
    lab.kill_engine().unwrap();
    let stale = report(&lab);
    assert_eq!(codes(&stale), ["PH101"], "{stale:#}");
    lab.sh_ok("rm /run/docker.sock");
    let gone = report(&lab);
    assert_eq!(codes(&gone), ["PH101"], "{gone:#}");
    assert_ne!(evidence(&stale), evidence(&gone), "a stale socket and a missing one are told apart");
    lab.start_engine().unwrap();
    assert_codes(&lab, &[]);
}

#[test]
fn ph105_a_container_holds_the_engines_socket() {
    on_docker_engines(|lab| {
        lab.run("agent", &["-v", "/var/run/docker.sock:/var/run/docker.sock:ro"], "peer:1", &["idle"]);
        let report = assert_codes(lab, &["PH105"]);
        assert_eq!(report["findings"][0]["severity"], "warning");
        lab.docker_ok(&["rm", "-f", "agent"]);
        lab.run("agent", &["-v", "/run:/host/run:ro"], "peer:1", &["idle"]);
        assert_codes(lab, &["PH105"]);
    });
}

#[test]
fn one_cause_gives_one_finding() {
    let lab = lab(Engine::newest());
    lab.docker_ok(&["network", "create", "shop"]);
    for name in ["first", "second"] {
        lab.run(name, &["--network", "shop"], "peer:1", &["idle"]);
    }
    lab.sh_ok("ip link set \"br-$(docker network inspect -f '{{slice .Id 0 12}}' shop)\" down");
    assert_codes(&lab, &["PH033"]);
}
