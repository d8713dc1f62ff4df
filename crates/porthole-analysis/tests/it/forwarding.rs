//! PH001: forwarding.

use crate::lab::{Lab, commands, known, refused};
use crate::spec::container;

const FORWARD: &str = "net.ipv4.ip_forward";
const FORWARD6: &str = "net.ipv6.conf.all.forwarding";

#[test]
fn forwarding_off_is_ph001() {
    let mut lab = Lab::docker();
    lab.run(container("web"));
    assert_eq!(lab.found(), [""; 0]);
    lab.sysctl(FORWARD, "0");
    assert_eq!(lab.found(), ["error PH001 IPv4 forwarding"]);
    assert_eq!(lab.only().evidence[0].source, "sysctl net.ipv4.ip_forward");
    assert_eq!(commands(&lab.only())[0], "sysctl -w net.ipv4.ip_forward=1");
}

#[test]
fn without_a_container_it_is_a_warning() {
    let mut lab = Lab::docker();
    lab.sysctl(FORWARD, "0");
    assert_eq!(lab.found(), ["warning PH001 IPv4 forwarding"]);
}

#[test]
fn ipv6_forwarding_matters_to_ipv6_networks_only() {
    let mut lab = Lab::docker();
    lab.sysctl(FORWARD6, "0");
    lab.run(container("web"));
    assert_eq!(lab.found(), [""; 0]);
    lab.add_network("six", "172.19.0.0/16 fd00:6::/64");
    assert_eq!(lab.found(), ["warning PH001 IPv6 forwarding"]);
    lab.run(container("six").on("six"));
    assert_eq!(lab.found(), ["error PH001 IPv6 forwarding"]);
}

#[test]
fn internal_networks_and_none_need_no_forwarding() {
    let mut lab = Lab::docker();
    lab.sysctl(FORWARD, "0");
    lab.network("bridge").internal = true;
    assert_eq!(lab.found(), [""; 0]);
    known(&mut lab.engine().networks).retain(|network| network.name != "bridge");
    assert_eq!(lab.found(), [""; 0]);
}

#[test]
fn podman_turns_it_on_with_the_first_container() {
    let mut lab = Lab::podman();
    lab.sysctl(FORWARD, "0");
    assert_eq!(lab.found(), [""; 0]);
    lab.run(container("web"));
    assert_eq!(lab.found(), ["error PH001 IPv4 forwarding"]);
}

#[test]
fn the_engines_namespace_counts_and_commands_go_there() {
    let mut lab = Lab::docker();
    lab.run(container("web"));
    lab.sysctl(FORWARD, "0");
    lab.host().own_network_namespace = porthole_model::Observed::Known(porthole_model::NetnsId(9));
    assert_eq!(commands(&lab.only())[0], "nsenter --target 100 --net -- sysctl -w net.ipv4.ip_forward=1");
}

#[test]
fn what_could_not_be_read_is_a_gap() {
    let mut lab = Lab::docker();
    lab.host_stack().sysctls.insert(FORWARD.to_owned(), refused("sysctl net.ipv4.ip_forward"));
    assert_eq!(lab.gaps(1), ["sysctl net.ipv4.ip_forward: permission denied"]);
    lab.host_stack().sysctls.clear();
    assert_eq!(lab.gaps(1), ["sysctl net.ipv4.ip_forward: this command does not read it"]);
    lab.snapshot.host = refused("host");
    assert_eq!(lab.gaps(1), ["skipped: host: permission denied"]);
    assert_eq!(lab.found(), [""; 0]);
}
