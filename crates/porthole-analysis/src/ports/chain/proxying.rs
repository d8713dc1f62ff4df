//! What docker-proxy is there for on this host, and what would become of it without.

use std::collections::BTreeSet;

use porthole_model::{
    Gap, NetworkStack, Observed, PacketWay, PortChain, ProxyDuty, ProxyDutyKind, ProxyReview, ProxyState,
    Sender, WayEnd, WithoutProxy,
};

use super::View;
use crate::attachment::bridge_of;
use crate::places::engine_namespace;

/// The review, for the ports that are shown.
pub(super) fn review(view: &View<'_>, ports: &[PortChain]) -> Result<ProxyReview, Gap> {
    let home = engine_namespace(view.snapshot)?.stack.known()?;
    let is_used = ports
        .iter()
        .any(|port| matches!(port.proxy, Observed::Known(ProxyState::Runs(_) | ProxyState::Gone)));
    let kinds = [
        ProxyDutyKind::Outside,
        ProxyDutyKind::Loopback,
        ProxyDutyKind::Loopback6,
        ProxyDutyKind::Hairpin,
        ProxyDutyKind::OtherNetworks,
        ProxyDutyKind::Ipv6ToIpv4,
    ];
    let duties = kinds.into_iter().filter_map(|kind| {
        let ports = relayed(ports, kind);
        let is_told = kind == ProxyDutyKind::Outside || !ports.is_empty();
        let (without, because) = without(view, home, kind, !ports.is_empty());
        (is_used && is_told).then_some(ProxyDuty { kind, ports, without, because })
    });
    Ok(ProxyReview { processes: view.proxies.len(), is_used, duties: duties.collect() })
}

/// The ports whose connections of a kind end at docker-proxy.
fn relayed(ports: &[PortChain], kind: ProxyDutyKind) -> Vec<String> {
    let mut relayed = BTreeSet::new();
    for port in ports {
        let ways = port.ways.value().into_iter().flatten();
        for way in ways.filter(|way| kind_of(port, way) == Some(kind)) {
            relayed.insert(format!("{}/{}", way.destination, port.binding.protocol));
        }
    }
    relayed.into_iter().collect()
}

/// What docker-proxy does for a packet that it takes.
fn kind_of(port: &PortChain, way: &PacketWay) -> Option<ProxyDutyKind> {
    let WayEnd::Proxy(_) = way.end else { return None };
    let is_ipv6 = way.destination.is_ipv6();
    let to_ipv4 = port.target.value().is_some_and(std::net::SocketAddr::is_ipv4);
    match way.sender {
        Sender::Loopback if is_ipv6 => Some(ProxyDutyKind::Loopback6),
        Sender::Loopback => Some(ProxyDutyKind::Loopback),
        _ if is_ipv6 && to_ipv4 => Some(ProxyDutyKind::Ipv6ToIpv4),
        Sender::Itself => Some(ProxyDutyKind::Hairpin),
        Sender::OtherNetwork => Some(ProxyDutyKind::OtherNetworks),
        Sender::Outside | Sender::Host => Some(ProxyDutyKind::Outside),
        Sender::Answer | Sender::Network => None,
    }
}

fn without(
    view: &View<'_>,
    home: &NetworkStack,
    kind: ProxyDutyKind,
    is_relayed: bool,
) -> (WithoutProxy, String) {
    use WithoutProxy::{Lost, Same};
    let told = |without, words: &str| (without, words.to_owned());
    match kind {
        ProxyDutyKind::Outside if is_relayed => {
            told(Lost, "no rule leads these connections to the container: only docker-proxy does")
        }
        ProxyDutyKind::Outside => told(
            Same,
            "a rule gives their packets the container's address before the host looks who they are for, so they \
             do not show up on docker-proxy",
        ),
        ProxyDutyKind::Loopback => loopback(view, home),
        ProxyDutyKind::Loopback6 => {
            told(Lost, "the kernel has no route_localnet for IPv6, and the engine lays no rules for ::1")
        }
        ProxyDutyKind::Hairpin => hairpin(home),
        ProxyDutyKind::OtherNetworks => told(
            Lost,
            "the engine's rules keep containers of different networks apart, and without docker-proxy these \
             connections meet them",
        ),
        ProxyDutyKind::Ipv6ToIpv4 => {
            told(Lost, "the containers have no IPv6 address, and nothing else turns IPv6 into IPv4")
        }
    }
}

/// `route_localnet`, which the engine turns on for a bridge when it does without docker-proxy (Linux 3.6).
fn loopback(view: &View<'_>, home: &NetworkStack) -> (WithoutProxy, String) {
    let networks = view.engine.networks.value().into_iter().flatten();
    let bridges = networks.filter_map(|network| bridge_of(view.engine, network, home));
    let mut names = bridges.map(|bridge| format!("net.ipv4.conf.{bridge}.route_localnet"));
    let held = names.find(|name| home.sysctl(name).value().is_some());
    match held {
        Some(name) => (
            WithoutProxy::Kernel,
            format!("this kernel has {name}, which the engine then turns on, with rules for 127.0.0.1"),
        ),
        None => (WithoutProxy::Unknown, "route_localnet of the bridges was not read".to_owned()),
    }
}

/// Hairpin mode for the container itself; its neighbours need the rules of IP to see what the bridge passes on.
fn hairpin(home: &NetworkStack) -> (WithoutProxy, String) {
    let name = "net.bridge.bridge-nf-call-iptables";
    let begin = "the engine then turns on hairpin mode of the containers' bridge ports and lays a masquerade rule for \
                 each port";
    match home.sysctl(name).value().map(|value| value.trim()) {
        Some("1") => (
            WithoutProxy::Kernel,
            format!("{begin}; for containers that reach each other so, {name} is 1 as it must be"),
        ),
        Some(_) => (
            WithoutProxy::Lost,
            format!("{begin}, but {name} is 0: containers of one network would not reach each other so"),
        ),
        None => (
            WithoutProxy::Unknown,
            format!(
                "{begin}, but the module br_netfilter is not loaded, without which containers of one network do \
                     not reach each other so: the engine loads it where it can"
            ),
        ),
    }
}
