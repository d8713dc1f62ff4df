//! One cause, one finding: several things that are broken at once by the same fault, on real engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use porthole_lab::{Engine, Lab};
use serde_json::Value;

use crate::support::{assert_codes, codes, lab, on_docker_engines, report, wait_for};

/// The codes of what the report's only finding explains.
fn explained(report: &Value) -> Vec<&str> {
    let effects = report["findings"][0]["explains"].as_array().unwrap();
    effects.iter().map(|effect| effect["code"].as_str().unwrap()).collect()
}

fn is_unhealthy(lab: &Lab, container: &str) -> bool {
    lab.docker_ok(&["inspect", "-f", "{{.State.Health.Status}}", container]) == "unhealthy"
}

/// A web server whose health check asks `url`.
fn checked(lab: &Lab, name: &str, options: &[&str], url: &str) {
    let check = format!("/peer get {url}");
    let mut all =
        vec!["--health-interval=1s", "--health-timeout=2s", "--health-retries=1", "--health-cmd", &check];
    all.extend_from_slice(options);
    lab.run(name, &all, "bp:1", &["/peer", "http", "80"]);
}

/// An image with the test program and a shell.
fn image(lab: &Lab) {
    lab.docker_ok(&["create", "--name", "made", "bb:1"]);
    lab.sh_ok("docker cp $(command -v peer) made:/peer && docker commit made bp:1 && docker rm made");
}

#[test]
fn a_bridge_that_is_down_explains_ports_and_health() {
    on_docker_engines(|lab| {
        image(lab);
        lab.docker_ok(&["network", "create", "app"]);
        lab.run("db", &["--network", "app"], "peer:1", &["http", "80"]);
        checked(lab, "web", &["--network", "app", "-p", "8080:80"], "http://db/");
        wait_for("its health", || {
            lab.docker_ok(&["inspect", "-f", "{{.State.Health.Status}}", "web"]) == "healthy"
        });
        assert_codes(lab, &[]);
        let bridge = lab.docker_ok(&["network", "inspect", "-f", "br-{{slice .Id 0 12}}", "app"]);
        lab.sh_ok(&format!("ip link set {bridge} down"));
        wait_for("its health to fail", || is_unhealthy(lab, "web"));
        let report = assert_codes(lab, &["PH033"]);
        assert_eq!(explained(&report), ["PH109"], "{report:#}");
    });
}

#[test]
fn a_health_check_of_itself_has_nothing_to_do_with_the_bridge() {
    let lab = lab(Engine::newest());
    image(&lab);
    lab.docker_ok(&["network", "create", "app"]);
    checked(&lab, "web", &["--network", "app"], "http://127.0.0.1:81/");
    wait_for("its health to fail", || is_unhealthy(&lab, "web"));
    let bridge = lab.docker_ok(&["network", "inspect", "-f", "br-{{slice .Id 0 12}}", "app"]);
    lab.sh_ok(&format!("ip link set {bridge} down"));
    let report = report(&lab);
    let said = report["findings"].to_string();
    assert_eq!(codes(&report), ["PH033", "PH109"], "{said}");
}

#[test]
fn forwarding_that_is_off_is_one_finding_for_many_ports() {
    on_docker_engines(|lab| {
        for number in 1..=5 {
            let ports = [format!("808{number}:80"), format!("909{number}:80")];
            let name = format!("web{number}");
            lab.run(&name, &["-p", &ports[0], "-p", &ports[1]], "peer:1", &["http", "80"]);
        }
        lab.sh_ok("sysctl -qw net.ipv4.ip_forward=0");
        assert_codes(lab, &["PH001"]);
    });
}

#[test]
fn a_proxy_of_nobody_explains_the_port_that_is_taken() {
    on_docker_engines(|lab| {
        let proxy = lab.sh_ok("command -v docker-proxy || ls /usr/libexec/docker/docker-proxy /usr/sbin/docker-proxy 2>/dev/null | head -1");
        lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
        lab.docker_ok(&["stop", "-t", "0", "web"]);
        wait_for("the port", || lab.sh_ok("ss -Htln sport = :8080").is_empty());
        let mut stale = lab.command(proxy.trim());
        stale.args(["-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080"]);
        stale.args(["-container-ip", "172.17.0.99", "-container-port", "80"]);
        let mut stale = stale.spawn().unwrap();
        wait_for("docker-proxy", || !lab.sh_ok("ss -Htln sport = :8080").is_empty());
        assert_ne!(lab.docker(&["start", "web"]).code, 0);
        let report = assert_codes(lab, &["PH013"]);
        assert_eq!(explained(&report), ["PH013"], "{report:#}");
        assert_eq!(report["findings"][0]["severity"], "error", "as bad as what it explains");
        stale.kill().unwrap();
        stale.wait().unwrap();
    });
}

#[test]
fn a_damaged_database_explains_the_silent_engine() {
    on_docker_engines(|lab| {
        lab.stop_engine().unwrap();
        lab.sh_ok("dd if=/dev/urandom of=/var/lib/docker/network/files/local-kv.db bs=4096 count=4 conv=notrunc 2>&1");
        assert!(lab.start_engine().is_err(), "an engine does not start with it");
        let report = assert_codes(lab, &["PH037"]);
        assert_eq!(explained(&report), ["PH101"], "{report:#}");
        lab.sh_ok("porthole netdb reset --yes -o /srv/b.tar.zst");
        lab.start_engine().unwrap();
    });
}

#[test]
fn what_is_open_stands_after_what_is_broken() {
    let lab = crate::support::start(
        crate::support::builder(Engine::newest()).engine_argument("-H").engine_argument("tcp://0.0.0.0:2375"),
    );
    lab.run("app", &["--restart", "always"], "bb:1", &["false"]);
    wait_for("the loop", || codes(&report(&lab)).len() == 2);
    let report = report(&lab);
    let order: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert_eq!(order, ["PH106", "PH104"], "{report:#}");
}
