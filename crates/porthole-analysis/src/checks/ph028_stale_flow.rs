//! PH028: connection tracking still sends UDP to where a container was.

use std::net::IpAddr;

use porthole_model::{
    CheckCode, Container, Gap, GapKind, NetworkStack, Port, PortBinding, Severity, TransportProtocol, UdpFlow,
};

use super::concern::{about_container, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::Aim;
use crate::places::{engine_namespace, in_engine_namespace};
use crate::ports;

const CODE: CheckCode = CheckCode(28);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "UDP goes to where a container was",
    documentation: Documentation {
        checks: "For each UDP port that a running container publishes: whether connection tracking has an entry of a \
                 client that leads elsewhere than to that container, where the rules would lead a new one there, and a \
                 packet of it came after the container was started.",
        why: "The kernel decides once per connection where its packets go, and UDP has no end of connections: as long \
              as a client sends on, its entry lives, and a container that was started meanwhile with another address, \
              or a rule that came later, changes nothing for it. The client's packets go to an address that nobody has, \
              or to docker-proxy, so that the container sees the gateway as the sender. Syslog, DNS, WireGuard and \
              games, which send from one port all the time, are hit; a new client is served well.",
        mend: "Remove the entries; the client's next packet makes a right one. Docker does that by itself when a \
               container starts or ends, but not in every version and case.",
        example: "After `docker restart syslog` a switch's messages do not arrive any more, until it is silent for two \
                  minutes.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let containers = snapshot.engine.known()?.containers.known()?;
    let mut found = Found::default();
    let published: Vec<_> = containers.iter().filter(|each| ports::is_published(each)).collect();
    let bindings: Vec<_> = published.iter().flat_map(|container| udp(container)).collect();
    if bindings.is_empty() {
        return Ok(found);
    }
    let home = engine_namespace(snapshot)?.stack.known()?;
    let flows = home.connection_tracking.known()?.udp.known()?;
    let scene = Scene { case, home };
    for (container, binding) in bindings {
        let stale: Result<Vec<_>, Gap> = flows
            .flows
            .iter()
            .filter(|flow| is_to(flow, binding))
            .filter_map(|flow| scene.judge(container, flow).transpose())
            .collect();
        found.part(stale.map(|stale| scene.concern(container, binding, &stale)));
    }
    if flows.omitted > 0 {
        let reason = format!("there are {} more than are read", flows.omitted);
        found.gap(Gap::new(GapKind::Unsupported, "UDP entries of connection tracking", reason));
    }
    Ok(found)
}

fn udp(container: &Container) -> impl Iterator<Item = (&Container, &PortBinding)> {
    let bindings = container.published_ports.iter();
    let is_udp =
        |binding: &&PortBinding| binding.protocol == TransportProtocol::Udp && binding.host_port.0 != 0;
    bindings.filter(is_udp).map(move |binding| (container, binding))
}

/// Whether a flow's first packet was for a binding.
fn is_to(flow: &UdpFlow, binding: &PortBinding) -> bool {
    let (asked, sent) = (binding.host_address, flow.destination.ip());
    let is_there = asked == sent || asked.is_unspecified() && asked.is_ipv4() == sent.is_ipv4();
    flow.destination.port() == binding.host_port.0 && is_there
}

/// A flow that leads elsewhere.
struct Stale<'a> {
    flow: &'a UdpFlow,
    /// Whether it leads to the host itself, where docker-proxy may take it.
    to_host: bool,
}

struct Scene<'a, 's> {
    case: &'a Case<'s>,
    home: &'a NetworkStack,
}

impl Scene<'_, '_> {
    fn judge<'f>(&self, container: &Container, flow: &'f UdpFlow) -> Result<Option<Stale<'f>>, Gap> {
        let leads_to = flow.reply_source.ip();
        let is_own = holds(container, leads_to);
        let to_host = flow.reply_source == flow.destination;
        if is_own
            || !self.is_of_this_host(flow.destination.ip())?
            || (to_host && !self.is_from_outside(flow)?)
        {
            return Ok(None);
        }
        if !self.leads_to(container, flow)? {
            return Ok(None);
        }
        let is_sending = self.last_packet(flow)? > container.started.map_or(i64::MAX, |started| started.0);
        Ok(is_sending.then_some(Stale { flow, to_host }))
    }

    /// Whether the first packet of a new connection of that client would be led to the container: an engine without
    /// rules, or without root, relays all of them.
    fn leads_to(&self, container: &Container, flow: &UdpFlow) -> Result<bool, Gap> {
        let journeys = self.case.journeys()?;
        let port = Port(flow.destination.port());
        let aim = Aim::port(flow.destination.ip(), port, TransportProtocol::Udp);
        let leads = journeys.uplinks().iter().any(|uplink| {
            let journey = journeys.from_outside(uplink, flow.source.ip(), aim);
            journey.fate.arrival().is_some_and(|arrival| holds(container, arrival.header.destination))
        });
        Ok(leads)
    }

    fn is_of_this_host(&self, address: IpAddr) -> Result<bool, Gap> {
        Ok(self.home.addresses.known()?.iter().any(|held| held.prefix.address == address))
    }

    /// What the host itself and containers send goes to docker-proxy by design.
    fn is_from_outside(&self, flow: &UdpFlow) -> Result<bool, Gap> {
        let source = flow.source.ip();
        let networks = self.case.snapshot.engine.known()?.networks.known()?;
        let is_container =
            networks.iter().flat_map(|network| &network.subnets).any(|subnet| subnet.prefix.contains(source));
        // docker-proxy takes IPv6 for containers that have none.
        Ok(source.is_ipv4() && !is_container && !source.is_loopback() && !self.is_of_this_host(source)?)
    }

    /// When the flow's last packet was seen, at the earliest, in milliseconds since the epoch: an entry's time runs
    /// anew with every packet, and the longer of the two times that it may have is taken.
    fn last_packet(&self, flow: &UdpFlow) -> Result<i64, Gap> {
        let names = ["nf_conntrack_udp_timeout", "nf_conntrack_udp_timeout_stream"];
        let name = format!("net.netfilter.{}", names[usize::from(flow.seen_reply)]);
        let full = self.home.sysctl(&name);
        let full: Option<i64> = full.known()?.trim().parse().ok();
        let left = flow.expires_in.map(i64::from);
        let (Some(full), Some(left)) = (full, left) else {
            return Err(Gap::new(GapKind::Failed, "age of a UDP entry", "the kernel does not tell it"));
        };
        Ok(self.case.snapshot.observed_at.0 - (full - left).max(0) * 1000)
    }

    fn concern(&self, container: &Container, binding: &PortBinding, stale: &[Stale<'_>]) -> Option<Concern> {
        let first = stale.first()?;
        let port = binding.host_port;
        let is_relayed = stale.iter().all(|each| each.to_host) && self.has_proxy(binding);
        let (severity, what) = if is_relayed {
            (Severity::Warning, "goes by docker-proxy, so that the container sees its gateway as the sender")
        } else {
            (Severity::Error, "is lost")
        };
        let clients: Vec<_> = stale.iter().map(|each| each.flow.source.to_string()).collect();
        let summary = format!(
            "what {} sends to UDP port {port} of this host {what}: the kernel goes on with a way that it took before \
             container '{}' was there",
            if let [client] = clients.as_slice() {
                client.clone()
            } else {
                format!("{} clients", clients.len())
            },
            container.name
        );
        let concern = Concern::new(
            CODE,
            severity,
            about_port(container, binding.container_port, binding.protocol),
            summary,
        )
        .related(about_container(container))
        .evidence(format!("container '{}', addresses", container.name), addresses(container));
        let concern = stale.iter().take(10).fold(concern, |concern, each| {
            concern.evidence(
                format!("connection tracking, {} to {}", each.flow.source, each.flow.destination),
                leads(each),
            )
        });
        let family = if first.flow.source.is_ipv4() { "ipv4" } else { "ipv6" };
        let remove = format!("conntrack -D -f {family} -p udp --orig-port-dst {port}");
        Some(concern.remedy(
            "remove the entries; the next packet makes right ones",
            vec![in_engine_namespace(self.case.snapshot, &remove)],
        ))
    }

    fn has_proxy(&self, binding: &PortBinding) -> bool {
        ports::proxies(self.case.snapshot).iter().any(|proxy| ports::relays(proxy, binding))
    }
}

/// Whether the engine gave it that address.
fn holds(container: &Container, address: IpAddr) -> bool {
    let given = container.attachments.iter().flat_map(|place| [place.ipv4, place.ipv6]).flatten();
    given.into_iter().any(|given| given.address == address)
}

fn leads(stale: &Stale<'_>) -> String {
    let left = stale.flow.expires_in.map_or_else(String::new, |left| format!(", {left} s left"));
    if stale.to_host {
        format!("to the host itself, without translation{left}")
    } else {
        format!("to {}{left}", stale.flow.reply_source)
    }
}

fn addresses(container: &Container) -> String {
    let held = container.attachments.iter().flat_map(|place| [place.ipv4, place.ipv6]).flatten();
    held.map(|prefix| prefix.address.to_string()).collect::<Vec<_>>().join(", ")
}
