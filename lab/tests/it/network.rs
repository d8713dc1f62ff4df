//! What works on every healthy host, whatever its engine.

use std::path::Path;

use porthole_lab::{Engine, Lab};

use crate::has;

#[test]
fn docker20_publishes_resolves_and_masquerades() {
    publishes_resolves_and_masquerades(Engine::Docker20);
}

#[test]
fn docker26_publishes_resolves_and_masquerades() {
    publishes_resolves_and_masquerades(Engine::Docker26);
}

#[test]
fn docker28_publishes_resolves_and_masquerades() {
    publishes_resolves_and_masquerades(Engine::Docker28);
}

#[test]
fn podman_publishes_resolves_and_masquerades() {
    publishes_resolves_and_masquerades(Engine::Podman);
}

#[test]
fn two_labs_at_once_have_the_same_addresses_and_do_not_meet() {
    let one = Lab::start(Engine::Docker20).unwrap();
    let other = Lab::builder(Engine::newest()).without_slot().start().unwrap();
    for lab in [&one, &other] {
        lab.run("web", &["--hostname", lab.name(), "-p", "8080:80"], "peer:1", &["http", "80"]);
    }
    for lab in [&one, &other] {
        assert_eq!(lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).ok().unwrap(), lab.name());
    }
}

#[test]
fn a_host_is_born_with_known_kernel_settings() {
    let lab = crate::bare();
    assert_eq!(lab.exec_ok(&["cat", "/proc/sys/net/ipv4/ip_forward"]), "0");
    assert_eq!(lab.exec_ok(&["cat", "/etc/resolv.conf"]), "nameserver 10.77.0.1");
    assert_eq!(lab.exec_ok(&["hostname"]), lab.name());
    assert_eq!(lab.sh_ok("ip -o link | wc -l"), "2");
    assert!(lab.sh_ok("ip route get 203.0.113.10").contains("via 10.77.0.1"));
    assert!(lab.sh_ok("ip -6 route show default").contains("fd77::1"));
}

#[test]
fn the_outside_is_not_seen_among_the_processes_of_the_host() {
    let lab = crate::bare();
    assert_eq!(lab.outside_ok(&["hostname"]), "outside");
    let seen = lab.sh_ok("for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done");
    assert!(!seen.contains("dnsmasq") && !seen.contains("udp-echo"), "{seen}");
}

#[test]
fn legacy_iptables_is_what_the_engine_uses() {
    let lab = Lab::builder(Engine::newest()).legacy_iptables().without_images().start().unwrap();
    assert!(lab.exec_ok(&["iptables", "--version"]).contains("legacy"));
    assert!(lab.exec_ok(&["iptables-legacy", "-t", "nat", "-S"]).contains("DOCKER"));
    assert!(!lab.exec_ok(&["iptables-nft", "-t", "nat", "-S"]).contains("DOCKER"));
}

fn publishes_resolves_and_masquerades(engine: Engine) {
    if !has(engine) {
        return;
    }
    let lab = Lab::start(engine).unwrap();
    assert!(Path::new(&lab.socket()).exists());
    lab.docker_ok(&["network", "create", "shop"]);
    lab.run("web", &["--network", "shop", "--hostname", "web-1", "-p", "8080:80"], "peer:1", &["http", "80"]);
    lab.run("box", &["--network", "shop"], "bb:1", &["sleep", "3600"]);

    assert_eq!(lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).ok().unwrap(), "web-1");
    assert_eq!(lab.exec_ok(&["curl", "-sS", "--max-time", "10", "http://127.0.0.1:8080/"]), "web-1");

    let from_inside = |url: &str| lab.docker(&["exec", "web", "/peer", "get", url]).ok().unwrap();
    assert_eq!(from_inside("http://10.77.0.1/client"), "10.77.0.2", "masquerade");
    let lookup = |name: &str| lab.docker(&["exec", "box", "nslookup", "-type=a", name]);
    let known = lookup("web.example.test");
    assert!(known.stdout.contains("203.0.113.10"), "{known}");
    assert!(lookup("web").stdout.contains("Address"), "the engine's own DNS");
    assert_ne!(lookup("absent.example.test").code, 0);
    assert!(lab.dns_log().contains("absent.example.test"));
}
