//! PH024: a network has IPv6 for its engine, and the kernel or the rules have only half of it.

mod lost_route;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use porthole_model::{
    CheckCode, Container, EngineKind, Gap, Link, Network, NetworkStack, Port, Route, Severity, Snapshot,
    Subject, SubjectKind, TransportProtocol,
};

use super::concern::{about_container, about_network};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::{bridge_of, has_bridge};
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::firewall::{Aim, Journeys, Seat};
use crate::places::{container_namespace, engine_namespace, in_engine_namespace};

const CODE: CheckCode = CheckCode(24);

const OF_ALL: &str = "net.ipv6.conf.all.disable_ipv6";

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "IPv6 is half set up",
    documentation: Documentation {
        checks: "For networks with IPv6: whether IPv6 is turned off (`disable_ipv6`) on their bridges or in their \
                 containers; and, where the host itself has an address of the Internet, whether packets of containers \
                 that have only local addresses (`fc00::/7`) leave the host with an address that can be answered. And for \
                 the host: whether it has lost the default route of a router's advertisement. That is found where an \
                 interface still holds an address of the Internet that the kernel says came by such an advertisement \
                 (Linux 5.18), takes no more of them (`accept_ra=1` and `forwarding=1`), and there is no other default \
                 route; once that address has run out, nothing tells such a host from one that never had a router.",
        why: "Where one part has IPv6 and the next one does not, programs try IPv6 first, since the name has such an \
              address, and fail or wait before they try IPv4. Docker before version 27 lays no rules for IPv6 unless \
              it is told to (`\"ip6tables\": true`): its containers then send packets to the Internet from an address \
              that nobody can answer. Docker turns forwarding on for IPv6, and a kernel that forwards takes itself for a \
              router: it drops the default routes that it was told by others, and ignores them from then on, unless \
              `accept_ra` is 2. What manages interfaces itself (NetworkManager, systemd-networkd) is not concerned.",
        mend: "Set `accept_ra` to 2 on the interface of a lost route, for the next boot too. Turn IPv6 on where it is off, or make the network without it. For the way out, turn on `ip6tables` in \
               `/etc/docker/daemon.json` (with Docker 20.10 to 26 that needs `\"experimental\": true`), or give the \
               network a range of the host's own provider.",
        example: "A hardening file sets `net.ipv6.conf.all.disable_ipv6 = 1`; the network was made with `--ipv6`, and its \
                  bridge has no IPv6 address any more.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let engine = snapshot.engine.known()?;
    let networks = engine.networks.known()?;
    let home = engine_namespace(snapshot)?.stack.known()?;
    let mut found = Found::default();
    let with_ipv6: Vec<_> = networks.iter().filter(|network| has_ipv6(network)).collect();
    found.part(lost_route::lost_route(snapshot, home));
    found.part(on_bridges(snapshot, home, &with_ipv6));
    for endpoint in endpoints(snapshot)? {
        match endpoint {
            Ok(endpoint) if has_ipv6(endpoint.network) && endpoint.attachment.ipv6.is_some() => {
                found.part(in_container(&endpoint));
            }
            Ok(_) => {}
            Err(gap) => found.gap(gap),
        }
    }
    if engine.version.kind == EngineKind::Docker && !with_ipv6.is_empty() {
        found.part(ways_out(case));
    }
    Ok(found)
}

fn has_ipv6(network: &Network) -> bool {
    has_bridge(network)
        && network.ipv6
        && network.subnets.iter().any(|subnet| subnet.prefix.address.is_ipv6())
}

/// Bridges without IPv6: one cause where it is off for all.
fn on_bridges(snapshot: &Snapshot, home: &NetworkStack, networks: &[&Network]) -> Result<Vec<Concern>, Gap> {
    let engine = snapshot.engine.known()?;
    let mut off = Vec::new();
    for network in networks {
        let Some(bridge) = bridge_of(engine, network, home) else { continue };
        if home.link(&bridge).is_some() && is_off(home, &bridge)? {
            off.push((*network, bridge));
        }
    }
    if off.is_empty() {
        return Ok(Vec::new());
    }
    if is_off(home, "all")? {
        return Ok(vec![everywhere(snapshot, &off)]);
    }
    Ok(off.iter().map(|(network, bridge)| on_bridge(snapshot, network, bridge)).collect())
}

fn is_off(stack: &NetworkStack, interface: &str) -> Result<bool, Gap> {
    Ok(stack.sysctl(&setting(interface)).known()?.trim() != "0")
}

fn setting(interface: &str) -> String {
    format!("net.ipv6.conf.{interface}.disable_ipv6")
}

fn everywhere(snapshot: &Snapshot, off: &[(&Network, String)]) -> Concern {
    let names: Vec<_> = off.iter().map(|(network, _)| network.name.as_str()).collect();
    let summary = format!(
        "IPv6 is turned off on this host, and networks of the engine have it ({}): their containers reach nothing over \
         IPv6, and published ports do not answer there",
        names.join(", ")
    );
    let subject = Subject { kind: SubjectKind::Host, name: "IPv6".to_owned() };
    let bridges = off.iter().map(|(_, bridge)| setting(bridge));
    let set = std::iter::once(OF_ALL.to_owned()).chain(bridges).map(|setting| format!("{setting}=0"));
    let set = format!("sysctl -w {}", set.collect::<Vec<_>>().join(" "));
    let concern =
        Concern::new(CODE, Severity::Error, subject, summary).evidence(format!("sysctl {OF_ALL}"), "1");
    off.iter()
        .fold(concern, |concern, (network, bridge)| {
            concern.related(about_network(network)).evidence(format!("sysctl {}", setting(bridge)), "1")
        })
        .remedy(
            "turn it on, then restart the engine, which gives the bridges their addresses again",
            vec![in_engine_namespace(snapshot, &set), "systemctl restart docker".to_owned()],
        )
        .remedy("or make the networks without IPv6", Vec::new())
}

fn on_bridge(snapshot: &Snapshot, network: &Network, bridge: &str) -> Concern {
    let summary = format!(
        "IPv6 is turned off on the bridge of network '{}', which has IPv6: its containers reach nothing outside over \
         IPv6, and their published ports do not answer there",
        network.name
    );
    let set = in_engine_namespace(snapshot, &format!("sysctl -w {}=0", setting(bridge)));
    Concern::new(CODE, Severity::Error, about_network(network), summary)
        .evidence(format!("sysctl {}", setting(bridge)), "1")
        .evidence(format!("network '{}', EnableIPv6", network.name), "true")
        .remedy(
            "turn it on, then restart the engine, which gives the bridge its address again",
            vec![set, "systemctl restart docker".to_owned()],
        )
}

/// A container that was given an IPv6 address and has IPv6 turned off inside.
fn in_container(endpoint: &Endpoint<'_>) -> Result<Option<Concern>, Gap> {
    let name = &endpoint.link.name;
    if !is_off(endpoint.stack, name)? {
        return Ok(None);
    }
    let container = endpoint.container;
    let address = endpoint.attachment.ipv6.map(|prefix| prefix.address.to_string()).unwrap_or_default();
    let summary = format!(
        "IPv6 is turned off in container '{}', and network '{}' tells its name with the IPv6 address {address}: others \
         try that first, in vain",
        container.name, endpoint.network.name
    );
    let concern = Concern::new(CODE, Severity::Warning, about_container(container), summary)
        .related(about_network(endpoint.network))
        .evidence(format!("sysctl {} of container '{}'", setting(name), container.name), "1")
        .evidence(format!("container '{}', GlobalIPv6Address", container.name), address)
        .remedy(
            "run the container without the sysctl that turns it off, or on a network without IPv6",
            Vec::new(),
        );
    Ok(Some(concern))
}

/// An address of the Internet that nothing but a default route leads to: the documentation's network of RFC 9637.
const OUTSIDE: IpAddr = IpAddr::V6(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 1));

/// Networks whose containers send to the Internet from an address that nobody can answer.
fn ways_out(case: &Case<'_>) -> Result<Vec<Concern>, Gap> {
    let journeys = case.journeys()?;
    let mut seen = BTreeSet::new();
    let asked = journeys.seats().iter().filter(|seat| {
        has_ipv6(seat.network) && !seat.network.internal && has_way_out(case.snapshot, seat.container)
    });
    let found = asked.filter_map(|seat| {
        let source = seat.address(false).filter(|address| is_local(*address))?;
        let way_out = leaves_as_it_is(&journeys, seat, source)?;
        seen.insert(&seat.network.name).then(|| unanswered(seat, source, way_out))
    });
    Ok(found.collect())
}

fn is_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unique_local())
}

/// Whether the container itself sends IPv6 out.
fn has_way_out(snapshot: &Snapshot, container: &Container) -> bool {
    let namespace = snapshot.host.value().map(|host| container_namespace(host, container));
    let Some(Ok(namespace)) = namespace else { return false };
    let routes = namespace.stack.value().and_then(|stack| stack.routes.value());
    let is_ipv6 = |route: &Route| route.is_default() && route.destination.address.is_ipv6();
    routes.is_some_and(|routes| routes.iter().any(is_ipv6))
}

/// The interface by which a packet leaves the host with its local source, where that interface has an address of the
/// Internet.
fn leaves_as_it_is<'a>(journeys: &Journeys<'a>, seat: &Seat<'_>, source: IpAddr) -> Option<&'a Link> {
    let aim = Aim::port(OUTSIDE, Port(443), TransportProtocol::Tcp);
    let journey = journeys.from_container(seat, aim)?;
    let arrival = journey.fate.arrival().filter(|arrival| arrival.header.source == source)?;
    let uplink = journeys.uplinks().iter().find(|uplink| Some(uplink.link.index) == arrival.interface)?;
    uplink.addresses().any(is_of_the_internet).then_some(uplink.link)
}

fn is_of_the_internet(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.segments()[0] & 0xe000 == 0x2000)
}

fn unanswered(seat: &Seat<'_>, source: IpAddr, way_out: &Link) -> Concern {
    let network = seat.network;
    let summary = format!(
        "containers on network '{}' have no use of IPv6 outside: their packets leave this host with a local address, \
         which nobody on the Internet can answer",
        network.name
    );
    Concern::new(CODE, Severity::Warning, about_network(network), summary)
        .evidence(format!("container '{}', GlobalIPv6Address", seat.container.name), source.to_string())
        .evidence(
            format!("a packet of it to {OUTSIDE}, by routes and rules"),
            format!("leaves by '{}' from {source}: no rule gives it another source", way_out.name),
        )
        .remedy(
            "have the engine lay rules for IPv6: set \"ip6tables\": true in /etc/docker/daemon.json (with \"experimental\": \
             true before Docker 27), and restart it",
            vec!["systemctl restart docker".to_owned()],
        )
        .remedy("or make the network without IPv6, or with a range of your provider", Vec::new())
}
