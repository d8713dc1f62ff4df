//! What leads out of each network, and what it is kept apart from.

use std::net::SocketAddr;

use porthole_model::{
    Barrier, Container, ContainerId, Gap, GapKind, IpPrefix, Network, NetworkExit, PacketWay, Port, Sender,
    Snapshot, StageProbe, TransportProtocol, WayEnd,
};

use super::ends::{Quest, way};
use super::{View, observed};
use crate::attachment::{bridge_of, has_bridge, network_of};
use crate::firewall::{Aim, Journeys, Seat};
use crate::places::engine_namespace;
use crate::probes::of_exit;

/// The port that is asked for in the world: any will do, for no rule of an engine tells them apart.
const WORLD_PORT: Port = Port(443);

/// Of how many networks it is looked at which of them are apart.
const MOST_NETWORKS: usize = 12;

const INTERNAL: &str = "the network is internal: it was made without a way out";
const NETWORKS_APART: &str = "the engine keeps the containers of different networks apart";
const PEERS_APART: &str =
    "the network was made with enable_icc=false: its containers do not reach each other";

/// The exits of the networks that running containers are on, or one of them.
pub(super) fn of(view: &View<'_>, only: Option<&ContainerId>) -> Vec<NetworkExit> {
    let networks = view.engine.networks.value().into_iter().flatten().filter(|network| has_bridge(network));
    let exits = networks.flat_map(|network| {
        let containers = members(view, network);
        let is_shown = !containers.is_empty()
            && only.is_none_or(|only| containers.iter().any(|container| container.id == *only));
        let subnets = network.subnets.iter().filter(move |_| is_shown);
        let exits: Vec<_> = subnets.map(|subnet| exit(view, network, subnet.prefix, &containers)).collect();
        exits
    });
    exits.collect()
}

/// The containers on a network that live.
fn members<'a>(view: &View<'a>, network: &Network) -> Vec<&'a Container> {
    let containers = view.engine.containers.value().into_iter().flatten();
    let is_on = |container: &&Container| {
        let mut places = container.attachments.iter();
        container.is_alive()
            && places.any(|place| network_of(view.engine, place).is_some_and(|own| own.id == network.id))
    };
    containers.filter(is_on).collect()
}

fn exit(view: &View<'_>, network: &Network, subnet: IpPrefix, containers: &[&Container]) -> NetworkExit {
    let journeys = view.journeys.as_ref().ok();
    let is_ipv4 = subnet.address.is_ipv4();
    NetworkExit {
        network: network.name.clone(),
        bridge: bridge(view.snapshot, view, network),
        subnet,
        internal: network.internal,
        containers: containers.iter().map(|container| container.name.clone()).collect(),
        way: observed(out(view, network, is_ipv4)),
        probes: journeys.map(|journeys| router_probes(view, journeys, network, is_ipv4)).unwrap_or_default(),
        apart_from: journeys.map(|journeys| apart(view, journeys, network, is_ipv4)).unwrap_or_default(),
        peers_apart: journeys.and_then(|journeys| peers(view, journeys, network, is_ipv4)),
    }
}

fn bridge(snapshot: &Snapshot, view: &View<'_>, network: &Network) -> Option<String> {
    bridge_of(view.engine, network, engine_namespace(snapshot).ok()?.stack.value()?)
}

fn router_probes(
    view: &View<'_>,
    journeys: &Journeys<'_>,
    network: &Network,
    is_ipv4: bool,
) -> Vec<StageProbe> {
    let seat = seat(journeys, network, is_ipv4);
    let probes = seat.and_then(|seat| of_exit(view.snapshot, seat, journeys.stack(), is_ipv4));
    probes.into_iter().flatten().collect()
}

/// The way of a packet from a container of the network to somebody beyond an uplink.
fn out(view: &View<'_>, network: &Network, is_ipv4: bool) -> Result<PacketWay, Gap> {
    let journeys = view.journeys.as_ref().map_err(Clone::clone)?;
    let lacking = |cause: &str| {
        let family = if is_ipv4 { "IPv4" } else { "IPv6" };
        Gap::new(GapKind::Failed, format!("way out of network '{}' over {family}", network.name), cause)
    };
    let seat = seat(journeys, network, is_ipv4);
    let seat = seat.ok_or_else(|| lacking("no interface of a container on it was found"))?;
    let mut uplinks = journeys.uplinks().iter();
    let somebody = uplinks.find_map(|uplink| uplink.visitor(is_ipv4));
    let somebody =
        somebody.ok_or_else(|| lacking("the host has no address of that family that leads out"))?;
    let design = network.internal.then_some(INTERNAL);
    let to = SocketAddr::new(somebody, WORLD_PORT.0);
    send(view, journeys, seat, to, design)
        .ok_or_else(|| lacking("its containers have no address of that family"))
}

/// Other networks whose containers are not reached by their addresses.
fn apart(view: &View<'_>, journeys: &Journeys<'_>, network: &Network, is_ipv4: bool) -> Vec<Barrier> {
    let Some(from) = seat(journeys, network, is_ipv4) else { return Vec::new() };
    let mut others: Vec<&Network> = Vec::new();
    for seat in journeys.seats() {
        if seat.network.id != network.id && !others.iter().any(|other| other.id == seat.network.id) {
            others.push(seat.network);
        }
    }
    let barriers = others.into_iter().take(MOST_NETWORKS).filter_map(|other| {
        let to = seat(journeys, other, is_ipv4)?.address(is_ipv4)?;
        barrier(view, journeys, (from, SocketAddr::new(to, 80)), &other.name, NETWORKS_APART)
    });
    barriers.collect()
}

fn peers(view: &View<'_>, journeys: &Journeys<'_>, network: &Network, is_ipv4: bool) -> Option<Barrier> {
    let mut seats = journeys.seats().iter().filter(|seat| seat.network.id == network.id);
    let (from, to) = (seats.next()?, seats.next()?);
    let to = SocketAddr::new(to.address(is_ipv4)?, 80);
    barrier(view, journeys, (from, to), &network.name, PEERS_APART)
}

/// What stops a packet between two containers, where something does.
fn barrier(
    view: &View<'_>,
    journeys: &Journeys<'_>,
    (from, to): (&Seat<'_>, SocketAddr),
    name: &str,
    design: &str,
) -> Option<Barrier> {
    let way = send(view, journeys, from, to, Some(design))?;
    matches!(way.end, WayEnd::Stopped { .. }).then(|| Barrier { from: name.to_owned(), way })
}

fn send(
    view: &View<'_>,
    journeys: &Journeys<'_>,
    from: &Seat<'_>,
    to: SocketAddr,
    design: Option<&str>,
) -> Option<PacketWay> {
    let protocol = TransportProtocol::Tcp;
    let journey = journeys.from_container(from, Aim::port(to.ip(), Port(to.port()), protocol))?;
    let quest = Quest {
        sender: Sender::Network,
        destination: to,
        protocol,
        interface: Some(&from.port.name),
        is_target: &|_, _| false,
        design,
    };
    Some(way(view, journeys, &journey, &quest))
}

/// A place on the network, one that leads out first.
fn seat<'j, 's>(journeys: &'j Journeys<'s>, network: &Network, is_ipv4: bool) -> Option<&'j Seat<'s>> {
    let on = || {
        let seats = journeys.seats().iter().filter(|seat| seat.network.id == network.id);
        seats.filter(|seat| seat.address(is_ipv4).is_some())
    };
    on().find(|seat| seat.leads_out).or_else(|| on().next())
}
