//! PH016: a route of the host claims addresses of a network.

use porthole_model::{CheckCode, Gap, IpPrefix, Link, Network, Route, RouteKind, Severity, Snapshot};

use super::concern::{about_network, client};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::{bridge_of, has_bridge};
use crate::case::Case;
use crate::places::{engine_namespace, in_engine_namespace};
use crate::shell::word;

const CODE: CheckCode = CheckCode(16);

const MAIN_TABLE: u32 = 254;
const LOCAL_TABLE: u32 = 255;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a route claims addresses of a network",
    documentation: Documentation {
        checks: "Whether a route of the host that does not lead to a network's bridge leads to addresses of that \
                 network's subnet. Default routes are left out.",
        why: "The kernel takes the most specific route. If a VPN or another bridge has a route as specific as the \
              network's own, or more so, packets for containers leave by the wrong interface, and published ports \
              answer only by docker-proxy. If the other route is wider, containers work, and it is the machines behind \
              the VPN with such addresses that cannot be reached from this host and its containers.",
        mend: "Give the network another subnet, one that nothing else uses: for the default bridge `bip`, for all \
               new networks `default-address-pools` in `/etc/docker/daemon.json`, for one network \
               `docker network create --subnet`.",
        example: "A company VPN announces 172.16.0.0/12: the wiki at 172.17.3.4 cannot be reached from the laptop that \
                  runs Docker.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let home = engine_namespace(snapshot)?.stack.known()?;
    let (links, routes) = (home.links.known()?, home.routes.known()?);
    let mut concerns = Vec::new();
    for network in engine.networks.known()?.iter().filter(|network| has_bridge(network)) {
        let bridge = bridge_of(engine, network, home).and_then(|name| home.link(&name));
        let Some(bridge) = bridge else { continue };
        for subnet in &network.subnets {
            let rivals = routes.iter().filter(|route| claims(route, subnet.prefix, bridge));
            let rival = rivals.max_by_key(|route| route.destination.length);
            concerns.extend(rival.map(|route| concern(snapshot, network, subnet.prefix, route, links)));
        }
    }
    Ok(Found { concerns, gaps: Vec::new() })
}

/// Routes of length 0 and 1 are default routes: VPNs lay two halves to take precedence.
fn claims(route: &Route, subnet: IpPrefix, bridge: &Link) -> bool {
    route.kind == RouteKind::Unicast
        && route.table != LOCAL_TABLE
        && route.destination.length > 1
        && !route.destination.address.is_multicast()
        && route.interface.is_some_and(|interface| interface != bridge.index)
        && (subnet.contains(route.destination.address) || route.destination.contains(subnet.address))
}

fn concern(
    snapshot: &Snapshot,
    network: &Network,
    subnet: IpPrefix,
    route: &Route,
    links: &[Link],
) -> Concern {
    let link = links.iter().find(|link| Some(link.index) == route.interface);
    let interface = link.map_or("an interface that is not known", |link| link.name.as_str());
    let wins = route.destination.length >= subnet.length;
    let (severity, summary) = if wins {
        let summary = format!(
            "packets for {} of network '{}' leave by '{interface}' instead of the network's bridge",
            route.destination, network.name
        );
        (Severity::Error, summary)
    } else {
        let summary = format!(
            "network '{}' hides the addresses {subnet} behind '{interface}': this host and its containers cannot reach them",
            network.name
        );
        (Severity::Warning, summary)
    };
    let concern = Concern::new(CODE, severity, about_network(network), summary)
        .evidence(
            format!("route in table {}", route.table),
            format!(
                "{} by '{interface}'{}",
                route.destination,
                route.gateway.map(|by| format!(" via {by}")).unwrap_or_default()
            ),
        )
        .evidence(format!("subnet of network '{}'", network.name), subnet.to_string());
    // Rules that choose between tables are not read.
    let concern = if route.table == MAIN_TABLE { concern } else { concern.likely() };
    let client = snapshot.engine.value().map_or("docker", client);
    concern
        .remedy(
            "see which way the kernel takes",
            vec![in_engine_namespace(snapshot, &format!("ip route get {}", route.destination.address))],
        )
        .remedy(
            "make the network anew with a subnet that nothing else uses",
            vec![format!("{client} network inspect {}", word(&network.name))],
        )
}
