//! How a request came here, told by the peer's address, the routes and the name that was asked for.

use std::net::IpAddr;

use porthole_model::{InterfaceAddress, NetworkStack, Observed, Route};
use serde::Serialize;

/// How a request came here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Reached {
    /// One word, for programs.
    pub(super) kind: &'static str,
    /// A sentence, for people.
    pub(super) words: &'static str,
}

const LOOPBACK: Reached =
    Reached { kind: "loopback", words: "from inside this very container, over its loopback interface" };
const ITSELF: Reached =
    Reached { kind: "itself", words: "from inside this very container, by its own address" };
const HOST: Reached = Reached {
    kind: "host",
    words: "by this container's own address, from the host itself: the peer is the network's gateway",
};
const PUBLISHED_PROXIED: Reached = Reached {
    kind: "published-by-gateway",
    words: "through a published port, with the gateway as peer: docker-proxy carried the connection, or the host's \
            NAT put the gateway's address in place of the client's; the client itself cannot be seen from here",
};
const PUBLISHED: Reached = Reached {
    kind: "published-by-nat",
    words: "through a published port, by the kernel's NAT alone: the peer's address is the client's own",
};
const NEIGHBOUR: Reached = Reached {
    kind: "same-network",
    words: "from the same network: another container, or a machine on the same link",
};
const ROUTED: Reached = Reached {
    kind: "routed",
    words: "by this container's own address, routed here from another network without NAT",
};

/// Tells how a request from `peer` for `host` came here. `names` are those that this container goes by.
pub(super) fn reached(
    peer: IpAddr,
    local: IpAddr,
    host: Option<&str>,
    names: &[&str],
    stack: &NetworkStack,
) -> Reached {
    let for_us = host.is_none_or(|host| is_ours(host, local, names));
    if peer.is_loopback() {
        LOOPBACK
    } else if peer == local || addresses(stack).iter().any(|own| own.prefix.address == peer) {
        ITSELF
    } else if routes(stack).iter().any(|route| route.gateway == Some(peer)) {
        if for_us { HOST } else { PUBLISHED_PROXIED }
    } else if addresses(stack).iter().any(|own| own.prefix.contains(peer)) {
        NEIGHBOUR
    } else if for_us {
        ROUTED
    } else {
        PUBLISHED
    }
}

/// Whether a `Host` header names this container rather than the host that publishes its ports.
fn is_ours(host: &str, local: IpAddr, names: &[&str]) -> bool {
    let name = without_port(host);
    match name.parse::<IpAddr>() {
        Ok(address) => address == local,
        Err(_) => names.iter().any(|own| own.eq_ignore_ascii_case(name)),
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or(bracketed),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

fn addresses(stack: &NetworkStack) -> &[InterfaceAddress] {
    known(&stack.addresses)
}

fn routes(stack: &NetworkStack) -> &[Route] {
    known(&stack.routes)
}

fn known<T>(facts: &Observed<Vec<T>>) -> &[T] {
    facts.value().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use porthole_model::{Gap, InterfaceIndex, IpPrefix, RouteKind};

    use super::*;

    fn stack() -> NetworkStack {
        let unread = || Gap::not_asked("it");
        let gateway = "172.17.0.1".parse().ok();
        let prefix = |address: &str, length| IpPrefix { address: address.parse().unwrap(), length };
        let default = Route {
            destination: prefix("0.0.0.0", 0),
            kind: RouteKind::Unicast,
            gateway,
            interface: Some(InterfaceIndex(2)),
            preferred_source: None,
            metric: None,
            table: 254,
            protocol: 3,
            link_down: false,
            mtu: None,
        };
        let own = InterfaceAddress::new(InterfaceIndex(2), prefix("172.17.0.2", 16));
        NetworkStack {
            links: Observed::Missing(unread()),
            addresses: Observed::Known(vec![own]),
            routes: Observed::Known(vec![default]),
            path_mtus: Observed::Known(Vec::new()),
            routing_rules: Observed::Known(Vec::new()),
            neighbours: Observed::Missing(unread()),
            forwarding_database: Observed::Missing(unread()),
            sysctls: BTreeMap::new(),
            sockets: Observed::Missing(unread()),
            firewall: Observed::Missing(unread()),
            connection_tracking: Observed::Missing(unread()),
        }
    }

    fn kind(peer: &str, host: Option<&str>) -> &'static str {
        let local = "172.17.0.2".parse().unwrap();
        reached(peer.parse().unwrap(), local, host, &["box"], &stack()).kind
    }

    #[test]
    fn peers_are_told_apart() {
        assert_eq!(kind("127.0.0.1", Some("localhost")), "loopback");
        assert_eq!(kind("172.17.0.2", Some("box")), "itself");
        assert_eq!(kind("172.17.0.3", Some("box:80")), "same-network");
        assert_eq!(kind("10.77.0.1", Some("172.17.0.2")), "routed");
        assert_eq!(kind("10.77.0.1", Some("10.77.0.2:8080")), "published-by-nat");
    }

    #[test]
    fn the_gateway_is_the_host_or_stands_for_a_client() {
        assert_eq!(kind("172.17.0.1", Some("172.17.0.2")), "host");
        assert_eq!(kind("172.17.0.1", None), "host");
        assert_eq!(kind("172.17.0.1", Some("localhost:8080")), "published-by-gateway");
        assert_eq!(kind("172.17.0.1", Some("[::1]:8080")), "published-by-gateway");
    }
}
