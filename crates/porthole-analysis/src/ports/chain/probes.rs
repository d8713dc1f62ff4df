//! Which stages can be tried, and from where.

use std::net::{IpAddr, SocketAddr};

use porthole_model::{
    Container, Gap, NetworkStack, PacketWay, Pid, PortBinding, ProbeRequest, ProbeVantage, ProbedStage,
    RouteKind, Sender, Snapshot, StageProbe, TransportProtocol, WayEnd,
};

use super::View;
use crate::firewall::Seat;
use crate::places::{container_namespace, engine_namespace};

/// The port of the next router that is asked: many serve names there, and the others refuse, which is an answer too.
const ROUTER_PORT: u16 = 53;

/// A process in the engine's network namespace, from which what is sent by the host is sent.
pub fn probing_process(snapshot: &Snapshot) -> Result<Pid, Gap> {
    let namespace = engine_namespace(snapshot)?;
    let daemon = snapshot.engine.value().and_then(|engine| engine.daemon.value().copied());
    let first = || namespace.processes.first().copied();
    daemon
        .filter(|daemon| namespace.processes.contains(daemon))
        .or_else(first)
        .ok_or_else(|| Gap::not_asked("engine's network namespace, in which no process was seen"))
}

/// The stages of a port.
pub(super) fn of_port(
    view: &View<'_>,
    container: &Container,
    binding: &PortBinding,
    target: Option<&SocketAddr>,
    ways: &[PacketWay],
) -> Vec<StageProbe> {
    let protocol = binding.protocol;
    if protocol == TransportProtocol::Sctp {
        return Vec::new();
    }
    let inside = process(view, container).map(ProbeVantage::Container);
    let of_ways = ways.iter().filter(|way| way.end != WayEnd::NotOffered).filter_map(|way| {
        let (stage, from) = match way.sender {
            Sender::Outside => (ProbedStage::Outside, Some(ProbeVantage::Outside)),
            Sender::Host => (ProbedStage::Host, Some(ProbeVantage::Host)),
            Sender::Loopback => (ProbedStage::Loopback, Some(ProbeVantage::Host)),
            Sender::Itself => (ProbedStage::Itself, inside),
            Sender::OtherNetwork | Sender::Answer | Sender::Network => return None,
        };
        Some((stage, from?, way.destination))
    });
    let to_target = target.into_iter().flat_map(|target| {
        let from_inside = inside.map(|inside| (ProbedStage::Inside, inside, *target));
        [Some((ProbedStage::Target, ProbeVantage::Host, *target)), from_inside].into_iter().flatten()
    });
    let planned = of_ways.chain(to_target);
    planned
        .map(|(stage, from, target)| StageProbe::new(stage, ProbeRequest { from, target, protocol }))
        .collect()
}

/// The next router, asked from a container by its network, and from the host.
pub(super) fn of_exit(
    view: &View<'_>,
    seat: &Seat<'_>,
    stack: &NetworkStack,
    is_ipv4: bool,
) -> Vec<StageProbe> {
    let router = router(stack, is_ipv4).filter(|_| seat.leads_out && !seat.network.internal);
    let (Some(router), Some(pid)) = (router, process(view, seat.container)) else { return Vec::new() };
    let target = SocketAddr::new(router, ROUTER_PORT);
    let request = |from| ProbeRequest { from, target, protocol: TransportProtocol::Tcp };
    vec![
        StageProbe::new(ProbedStage::World, request(ProbeVantage::Container(pid))),
        StageProbe::new(ProbedStage::WorldFromHost, request(ProbeVantage::Host)),
    ]
}

/// The next hop of the host's default route; one that is known on its link alone cannot be asked from elsewhere.
fn router(stack: &NetworkStack, is_ipv4: bool) -> Option<IpAddr> {
    let mut routes = stack.routes.value()?.iter().filter(|route| {
        route.destination.length == 0 && route.kind == RouteKind::Unicast && !route.link_down
    });
    let is_scoped =
        |address: &IpAddr| matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    routes.find_map(|route| route.gateway.filter(|hop| hop.is_ipv4() == is_ipv4 && !is_scoped(hop)))
}

fn process(view: &View<'_>, container: &Container) -> Option<Pid> {
    let namespace = container_namespace(view.snapshot.host.value()?, container).ok()?;
    container.pid.filter(|pid| namespace.processes.contains(pid))
}
