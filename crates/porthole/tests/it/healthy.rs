//! Healthy hosts of many kinds: doctor finds nothing.

use porthole_lab::{Engine, Lab};
use serde_json::json;

use crate::active;
use crate::support::{UFW, assert_codes, builder, codes, lab, on_docker_engines, report, start, wait_for};

/// Containers of every kind that is neither broken nor risky.
fn populate(lab: &Lab) {
    lab.docker_ok(&["network", "create", "shop"]);
    lab.docker_ok(&["network", "create", "--internal", "vault"]);
    lab.docker_ok(&["network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "alone"]);
    lab.docker_ok(&["network", "create", "--ipv6", "--subnet", "fd00:77::/64", "six"]);
    lab.run("quiet", &["-p", "10.77.0.2:8090:80", "--network", "alone"], "peer:1", &["http", "80"]);
    lab.run("both", &["--network", "six"], "peer:1", &["idle"]);
    lab.run("web", &["-p", "8080:80", "--network", "shop"], "peer:1", &["http", "80"]);
    lab.run("udp", &["-p", "5353:53/udp"], "peer:1", &["udp-echo", "[::]:53"]);
    lab.run("db", &["--network", "vault"], "peer:1", &["idle"]);
    lab.docker_ok(&["network", "connect", "vault", "web"]);
    lab.run("host", &["--network", "host"], "peer:1", &["http", "9000"]);
    lab.run("none", &["--network", "none"], "peer:1", &["idle"]);
    lab.run("beside", &["--network", "container:web"], "peer:1", &["http", "81"]);
    lab.run("exposed", &["--expose", "99"], "peer:1", &["idle"]);
    lab.run("ended", &["-p", "8099:99"], "bb:1", &["true"]);
    lab.docker_ok(&["create", "--name", "created", "-p", "8098:98", "peer:1", "http", "98"]);
    wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
    wait_for("the end of a container", || lab.docker_ok(&["ps", "-q", "-f", "name=ended"]).is_empty());
}

fn populated(lab: &Lab) {
    populate(lab);
    assert_silent(lab);
}

/// Nothing is found by what is read, nor by what is tried.
fn assert_silent(lab: &Lab) {
    assert_codes(lab, &[]);
    let report = active::report(lab);
    assert_eq!(codes(&report), Vec::<String>::new(), "{report:#}");
}

#[test]
fn a_populated_docker_20() {
    populated(&lab(Engine::Docker20));
}

#[test]
fn every_newer_engine_populated() {
    for engine in Engine::available() {
        if engine != Engine::Docker20 && engine != Engine::Podman {
            populated(&lab(engine));
        }
    }
}

#[test]
fn podman() {
    if !Engine::available().contains(&Engine::Podman) {
        return;
    }
    let lab = lab(Engine::Podman);
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.docker_ok(&["network", "create", "shop"]);
    lab.run("db", &["--network", "shop"], "peer:1", &["idle"]);
    wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
    assert_silent(&lab);
}

#[test]
fn an_empty_host() {
    let lab = lab(Engine::newest());
    let report = report(&lab);
    assert_eq!(report["findings"], json!([]));
    assert!(!report["checks"].as_array().unwrap().is_empty());
}

#[test]
fn no_userland_proxy() {
    populated(&start(builder(Engine::newest()).daemon_json(json!({ "userland-proxy": false }))));
}

#[test]
fn iptables_legacy() {
    populated(&start(builder(Engine::newest()).legacy_iptables()));
}

#[test]
fn ipv6() {
    let lab = start(builder(Engine::Docker20).daemon_json(json!({
        "ipv6": true, "fixed-cidr-v6": "fd00:17::/64", "ip6tables": true, "experimental": true
    })));
    populated(&lab);
}

/// Firewalls that an administrator sets up beside Docker's: who may come in, and what containers may ask.
#[test]
fn an_administrators_firewall() {
    on_docker_engines(|lab| {
        populate(lab);
        lab.sh_ok(UFW);
        lab.sh_ok(
            "iptables -A ufw-user-input -p tcp -m multiport --dports 8080,8090 -j ACCEPT
            iptables -A ufw-user-input -p udp --dport 5353 -j ACCEPT",
        );
        assert_codes(lab, &[]);
        lab.sh_ok(
            "iptables -I DOCKER-USER -i eth0 ! -s 192.0.2.0/24 -j DROP
            iptables -I DOCKER-USER -i eth0 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
            nft add table inet own
            nft add chain inet own through '{ type filter hook forward priority 5; policy drop; }'
            nft add rule inet own through ct state established,related accept
            nft add rule inet own through iifname eth0 ip saddr 198.51.100.0/24 accept
            nft add rule inet own through iifname != eth0 tcp dport { 80, 443 } accept
            nft add rule inet own through iifname != eth0 udp dport 53 accept",
        );
        assert_silent(lab);
    });
}

#[test]
fn thirty_containers() {
    on_docker_engines(|lab| {
        for number in 0..30 {
            let network = format!("net{}", number % 3);
            if number < 3 {
                lab.docker_ok(&["network", "create", &network]);
            }
            let port = format!("{}:80", 8200 + number);
            let options = ["-p", port.as_str(), "--network", network.as_str()];
            lab.run(&format!("c{number}"), &options, "peer:1", &["http", "80"]);
        }
        wait_for("the web servers", || lab.outside_peer(&["get", "http://10.77.0.2:8229/"]).code == 0);
        assert_silent(lab);
    });
}

#[test]
fn ipv6_without_userland_proxy() {
    for engine in Engine::available() {
        if engine != Engine::Podman {
            populated(&start(builder(engine).daemon_json(json!({
                "ipv6": true, "fixed-cidr-v6": "fd00:17::/64", "ip6tables": true, "experimental": true,
                "userland-proxy": false
            }))));
        }
    }
}

#[test]
fn swarm_and_macvlan() {
    let lab = lab(Engine::newest());
    lab.docker_ok(&["swarm", "init", "--advertise-addr", "10.77.0.2"]);
    lab.docker_ok(&[
        "network",
        "create",
        "-d",
        "macvlan",
        "-o",
        "parent=eth0",
        "--subnet",
        "10.77.0.0/24",
        "lan",
    ]);
    lab.run("direct", &["--network", "lan", "--ip", "10.77.0.77"], "peer:1", &["http", "80"]);
    lab.docker_ok(&["network", "create", "-d", "overlay", "--attachable", "far"]);
    lab.run("task", &["--network", "far"], "peer:1", &["idle"]);
    assert_codes(&lab, &[]);
}

#[test]
fn a_daemon_that_came_back_with_live_restore() {
    let lab = start(builder(Engine::newest()).daemon_json(json!({ "live-restore": true })));
    lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.kill_engine().unwrap();
    lab.start_engine().unwrap();
    wait_for("the web server", || lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code == 0);
    assert_codes(&lab, &[]);
}

#[test]
fn containers_that_come_and_go_are_no_fault() {
    let lab = lab(Engine::newest());
    let mut churn = lab.command("sh");
    churn.args(["-c", "while :; do docker run --rm -p 8070:80 bb:1 httpd -p 80; done >/dev/null 2>&1 & \
                       while :; do docker run -d --rm --stop-timeout 0 --name c peer:1 idle; docker rm -f c; done >/dev/null 2>&1"]);
    let mut churn = churn.spawn().unwrap();
    for _ in 0..10 {
        assert_codes(&lab, &[]);
    }
    churn.kill().unwrap();
    churn.wait().unwrap();
}
