//! PH018: containers send larger packets than the host's way out carries.

use porthole_model::{CheckCode, Gap, Link, NetworkStack, Route, Severity, Snapshot, Subject, SubjectKind};

use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::places::engine_namespace;

const CODE: CheckCode = CheckCode(18);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "containers send larger packets than the way out carries",
    documentation: Documentation {
        checks: "Whether the interface of a running container, on a network with a way out, has a larger MTU than the \
                 host's default route: its own (`mtu`), or that of its interface.",
        why: "Containers fill their packets up to their own MTU. Where the host's way out carries less (a VPN, PPPoE, a \
              cloud's overlay), the kernel tells the container to send smaller ones, by ICMP. That works until \
              something drops these messages: then small things work, a ping, a DNS query, and large ones hang, a TLS \
              handshake, a download. The other direction hangs in the same way when the other side's messages are \
              lost.",
        mend: "Give the networks the MTU of the way out: for the default bridge `\"mtu\"` in `/etc/docker/daemon.json`, \
               for others `docker network create -o com.docker.network.driver.mtu=`; both hold for what is made after \
               that.",
        example: "On a cloud machine with an MTU of 1450, `apt-get update` in a container stops at `0% [Working]`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let mut found = Found::default();
    if let Some((way_out, larger)) = larger(snapshot, &mut found)? {
        found.concerns.push(concern(way_out, &larger));
    }
    Ok(found)
}

/// The host's way out, and the size of the largest packet that it carries.
#[derive(Clone, Copy, Debug)]
pub(super) struct WayOut<'a> {
    pub(super) link: &'a Link,
    pub(super) mtu: u32,
}

impl<'a> WayOut<'a> {
    fn new(link: &'a Link, route: &Route) -> Self {
        Self { link, mtu: mtu_of(link, route) }
    }

    /// What was read of it.
    pub(super) fn evidence(&self) -> (String, String) {
        let name = &self.link.name;
        let source = if self.mtu < self.link.mtu {
            format!("default route of the host by '{name}', mtu")
        } else {
            format!("interface '{name}' of the host, MTU")
        };
        (source, self.mtu.to_string())
    }
}

/// The size of the largest packet that a route carries (`ip_dst_mtu_maybe_forward`).
pub(super) fn mtu_of(link: &Link, route: &Route) -> u32 {
    route.mtu.map_or(link.mtu, |own| own.min(link.mtu))
}

/// The way out, and the interfaces of containers that send larger packets than it carries, if there are any.
pub(super) fn larger<'a>(
    snapshot: &'a Snapshot,
    found: &mut Found,
) -> Result<Option<(WayOut<'a>, Vec<Endpoint<'a>>)>, Gap> {
    let home = engine_namespace(snapshot)?.stack.known()?;
    let Some(way_out) = way_out(home)? else { return Ok(None) };
    let mut larger = Vec::new();
    for endpoint in endpoints(snapshot)? {
        match endpoint {
            Ok(endpoint) if endpoint.link.mtu > way_out.mtu && !endpoint.network.internal => {
                larger.push(endpoint);
            }
            Ok(_) => {}
            Err(gap) => found.gap(gap),
        }
    }
    Ok((!larger.is_empty()).then_some((way_out, larger)))
}

/// The MTU of the host's way out as a subject.
pub(super) fn about_mtu(way_out: &Link) -> Subject {
    Subject { kind: SubjectKind::Host, name: format!("MTU of {}", way_out.name) }
}

/// How the networks are given the MTU of the way out.
pub(super) fn with_smaller_networks(concern: Concern, mtu: u32) -> Concern {
    concern.remedy(
        format!("set the MTU of the networks to {mtu}, and make networks and containers anew"),
        vec![format!("docker network create -o com.docker.network.driver.mtu={mtu} …")],
    )
}

/// The interface of the default route that the kernel prefers, of either family.
fn way_out(home: &NetworkStack) -> Result<Option<WayOut<'_>>, Gap> {
    let (links, routes) = (home.links.known()?, home.routes.known()?);
    let defaults = routes.iter().filter(|route| route.is_default());
    let preferred =
        defaults.min_by_key(|route| (route.destination.address.is_ipv6(), route.metric.unwrap_or(0)));
    Ok(preferred.and_then(|route| {
        let link = links.iter().find(|link| Some(link.index) == route.interface)?;
        Some(WayOut::new(link, route))
    }))
}

fn concern(way_out: WayOut<'_>, larger: &[Endpoint<'_>]) -> Concern {
    let mut networks: Vec<_> = larger.iter().map(|endpoint| endpoint.network.name.as_str()).collect();
    networks.sort_unstable();
    networks.dedup();
    let summary = format!(
        "containers send packets that are larger than '{}', the host's way out, carries: large transfers may hang",
        way_out.link.name
    );
    let (source, observed) = way_out.evidence();
    let mtu = larger.iter().map(|endpoint| endpoint.link.mtu).max().unwrap_or_default();
    let concern = Concern::new(CODE, Severity::Warning, about_mtu(way_out.link), summary)
        .likely()
        .evidence(source, observed)
        .evidence(
            format!("interfaces of {} containers on {}, MTU", larger.len(), networks.join(", ")),
            format!("up to {mtu}"),
        );
    with_smaller_networks(concern, way_out.mtu).remedy(
        "try it: this must get an answer from a machine outside",
        vec![format!(
            "porthole debug {} -- ping -c 1 -s {} ADDRESS",
            larger[0].container.name,
            way_out.mtu.saturating_sub(28)
        )],
    )
}
