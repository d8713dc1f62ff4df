//! Addresses for a place outside that nothing on the host uses or routes.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use porthole_model::{Gap, GapKind, MacAddress, Route};

/// Networks that are no one's: for documentation (RFC 5737), and for measurements (RFC 2544).
const IPV4_NETWORKS: [[u8; 3]; 5] =
    [[203, 0, 113], [198, 51, 100], [192, 0, 2], [198, 18, 113], [198, 19, 113]];

/// Wider prefixes are ways to everywhere, as those of a VPN that takes all; one address is left out of them unharmed.
const WIDE: (u8, u8) = (8, 16);

/// An IPv4 address of which the routes know nothing but the way to everywhere.
pub(super) fn ipv4(routes: &[Route]) -> Result<IpAddr, Gap> {
    let host = 2 + random()[0] % 252;
    let candidates =
        IPV4_NETWORKS.map(|[first, second, third]| Ipv4Addr::new(first, second, third, host).into());
    free(routes, &candidates)
}

/// A unique local IPv6 address (RFC 4193) of the same kind.
pub(super) fn ipv6(routes: &[Route]) -> Result<IpAddr, Gap> {
    let candidate = |[first, second, third, fourth, fifth, ..]: [u8; 8]| {
        let global = [0xfd, first, second, third, fourth, fifth];
        let mut octets = [0; 16];
        octets[..6].copy_from_slice(&global);
        octets[15] = 2;
        IpAddr::from(Ipv6Addr::from(octets))
    };
    free(routes, &[candidate(random()), candidate(random()), candidate(random())])
}

/// An Ethernet address that is no manufacturer's.
pub(super) fn mac() -> MacAddress {
    let [first, second, third, fourth, fifth, ..] = random();
    MacAddress([0x02, first, second, third, fourth, fifth])
}

fn free(routes: &[Route], candidates: &[IpAddr]) -> Result<IpAddr, Gap> {
    let is_used = |address: IpAddr| {
        let least = if address.is_ipv4() { WIDE.0 } else { WIDE.1 };
        routes.iter().any(|route| route.destination.length >= least && route.destination.contains(address))
    };
    let free = candidates.iter().find(|candidate| !is_used(**candidate)).copied();
    free.ok_or_else(|| {
        let tried: Vec<_> = candidates.iter().map(ToString::to_string).collect();
        let cause = format!("the host has routes to each of {}", tried.join(", "));
        Gap::new(GapKind::Failed, "address for probes from outside", cause)
    })
}

/// What nobody can guess and nobody else has.
fn random() -> [u8; 8] {
    RandomState::new().build_hasher().finish().to_le_bytes()
}

#[cfg(test)]
mod tests {
    use porthole_model::{InterfaceIndex, RouteKind};

    use super::*;

    fn route(destination: &str) -> Route {
        Route {
            destination: destination.parse().unwrap(),
            kind: RouteKind::Unicast,
            gateway: None,
            interface: Some(InterfaceIndex(2)),
            preferred_source: None,
            metric: None,
            table: 254,
            protocol: 2,
            link_down: false,
            mtu: None,
        }
    }

    #[test]
    fn what_the_host_routes_is_left_alone() {
        let default = [route("0.0.0.0/0"), route("::/0")];
        assert!(ipv4(&default).unwrap().to_string().starts_with("203.0.113."));
        assert!(ipv6(&default).unwrap().to_string().starts_with("fd"));
        let taken =
            [route("203.0.113.0/24"), route("198.51.0.0/16"), route("192.0.2.128/25"), route("192.0.2.0/25")];
        assert!(ipv4(&taken).unwrap().to_string().starts_with("198.18.113."));
    }

    #[test]
    fn a_host_that_routes_all_of_them_has_no_place() {
        let all = [route("203.0.0.0/8"), route("198.0.0.0/8"), route("192.0.0.0/8")];
        assert!(ipv4(&all).unwrap_err().cause.contains("198.18.113."));
    }

    #[test]
    fn a_vpn_that_takes_all_leaves_room() {
        let halves = [route("0.0.0.0/1"), route("128.0.0.0/1"), route("fc00::/7")];
        assert!(ipv4(&halves).is_ok() && ipv6(&halves).is_ok());
    }
}
