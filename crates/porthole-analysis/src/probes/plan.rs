//! What can be tried of published ports and of ways out, and from where.

use std::net::{IpAddr, SocketAddr};

use porthole_model::{
    Container, Gap, NetworkStack, Pid, ProbeRequest, ProbeVantage, ProbedStage, RouteKind, Sender, Snapshot,
    StageProbe, TransportProtocol,
};

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

/// The process from whose network namespace a container is asked to send.
pub(crate) fn first_process(snapshot: &Snapshot, container: &Container) -> Option<Pid> {
    let namespace = container_namespace(snapshot.host.value()?, container).ok()?;
    container.pid.filter(|pid| namespace.processes.contains(pid))
}

/// Somebody who asks the host for a published port; `inside` is a process of its container.
pub(crate) fn of_asker(
    sender: Sender,
    door: SocketAddr,
    inside: Option<Pid>,
    protocol: TransportProtocol,
) -> Option<StageProbe> {
    let stage = ProbedStage::of(sender)?;
    let from = match sender {
        Sender::Outside => ProbeVantage::Outside,
        Sender::Itself => ProbeVantage::Container(inside?),
        _ => ProbeVantage::Host,
    };
    Some(StageProbe::new(stage, ProbeRequest { from, target: door, protocol }))
}

/// The container's own address, asked by the host and from within.
pub(crate) fn of_target(
    target: SocketAddr,
    inside: Option<Pid>,
    protocol: TransportProtocol,
) -> impl Iterator<Item = StageProbe> {
    let request = move |from| ProbeRequest { from, target, protocol };
    let by_host = StageProbe::new(ProbedStage::Target, request(ProbeVantage::Host));
    let within =
        inside.map(|pid| StageProbe::new(ProbedStage::Inside, request(ProbeVantage::Container(pid))));
    std::iter::once(by_host).chain(within)
}

/// The next router, asked from a container by its network, and from the host.
pub(crate) fn of_exit(
    snapshot: &Snapshot,
    seat: &Seat<'_>,
    stack: &NetworkStack,
    is_ipv4: bool,
) -> Option<[StageProbe; 2]> {
    let router = router(stack, is_ipv4).filter(|_| seat.leads_out && !seat.network.internal)?;
    seat.address(is_ipv4)?;
    let inside = first_process(snapshot, seat.container)?;
    let target = SocketAddr::new(router, ROUTER_PORT);
    let request = |from| ProbeRequest { from, target, protocol: TransportProtocol::Tcp };
    Some([
        StageProbe::new(ProbedStage::World, request(ProbeVantage::Container(inside))),
        StageProbe::new(ProbedStage::WorldFromHost, request(ProbeVantage::Host)),
    ])
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
