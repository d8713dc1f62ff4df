//! Paths that carry smaller packets than containers send, and who tells the senders.

use std::net::IpAddr;

use porthole_model::{
    Gap, InterfaceIndex, IpPrefix, Link, LinkKind, NetworkStack, PathMtu, Route, RouteKind, Snapshot, Subject,
};

use super::super::Found;
use super::super::ph018_mtu::{about_mtu, larger, mtu_of};
use crate::attachment::bridge_of;
use crate::endpoint::endpoints;
use crate::firewall::Seat;
use crate::places::engine_namespace;

/// A path that carries less than some container sends.
#[derive(Clone, Debug)]
pub(super) struct Path<'a> {
    /// What it is, in words.
    pub(super) words: String,
    pub(super) subject: Subject,
    /// What says how much it carries.
    pub(super) evidence: (String, String),
    pub(super) mtu: u32,
    pub(super) teller: Teller<'a>,
    /// An address that it leads to; `None` for all that no other route is for.
    pub(super) far_end: Option<IpAddr>,
    /// `None` where it is one of both families.
    is_ipv4: Option<bool>,
}

/// Who tells senders that their packets are too large.
#[derive(Clone, Copy, Debug)]
pub(super) enum Teller<'a> {
    /// This host, whose route it is.
    Host,
    /// A router farther out.
    Router { path: &'a PathMtu, uplink: InterfaceIndex },
}

impl Path<'_> {
    /// Whether the container sends packets that do not fit.
    pub(super) fn is_narrow_for(&self, seat: &Seat<'_>) -> bool {
        seat.link.mtu > self.mtu && !seat.network.internal
    }

    /// Whether addresses of that family are on it.
    pub(super) fn is_for(&self, address: IpAddr) -> bool {
        self.is_ipv4.is_none_or(|is_ipv4| is_ipv4 == address.is_ipv4())
    }
}

/// The way out first, then routes that carry less, then what routers told.
pub(super) fn paths<'a>(snapshot: &'a Snapshot, found: &mut Found) -> Result<Vec<Path<'a>>, Gap> {
    let way_out = larger(snapshot, found)?.map(|(way_out, _)| way_out);
    let mut paths: Vec<Path<'a>> = way_out.into_iter().map(|way_out| of_way_out(&way_out)).collect();
    let most = endpoints(snapshot)?.into_iter().flatten().map(|endpoint| endpoint.link.mtu).max();
    let Some(most) = most else { return Ok(paths) };
    let home = engine_namespace(snapshot)?.stack.known()?;
    let outward = outward(snapshot, home)?;
    let is_known = |mtu: u32, link: &Link| {
        way_out.is_some_and(|way_out| way_out.link.index == link.index && way_out.mtu <= mtu)
    };
    for (route, link) in narrow_routes(home, &outward)? {
        let mtu = mtu_of(link, route);
        if mtu < most && !is_known(mtu, link) {
            paths.push(of_route(route, link, mtu));
        }
    }
    // A snapshot of an older porthole has none.
    for path in home.path_mtus.value().into_iter().flatten().filter(|path| path.mtu < most) {
        let link = outward.iter().find(|link| Some(link.index) == path.interface);
        if let Some(link) = link.filter(|link| !is_known(path.mtu, link)) {
            paths.push(told_by_router(path, link));
        }
    }
    Ok(paths)
}

/// The interfaces that lead to other machines: not those of the engine's networks.
fn outward<'a>(snapshot: &Snapshot, home: &'a NetworkStack) -> Result<Vec<&'a Link>, Gap> {
    let engine = snapshot.engine.known()?;
    let networks = engine.networks.known()?.iter();
    let bridges: Vec<_> = networks.filter_map(|network| bridge_of(engine, network, home)).collect();
    let links = home.links.known()?.iter();
    let leads_out = |link: &&Link| {
        link.up && link.kind != LinkKind::Loopback && link.master.is_none() && !bridges.contains(&link.name)
    };
    Ok(links.filter(leads_out).collect())
}

/// Routes beside the default ones, with their interfaces.
fn narrow_routes<'a>(
    home: &'a NetworkStack,
    outward: &[&'a Link],
) -> Result<Vec<(&'a Route, &'a Link)>, Gap> {
    let routes = home.routes.known()?.iter().filter(|route| {
        let network = route.destination.address;
        let is_of_link = matches!(network, IpAddr::V6(network) if network.is_unicast_link_local());
        route.table == Route::MAIN_TABLE
            && route.kind == RouteKind::Unicast
            && !(route.is_default() || route.link_down || network.is_multicast() || is_of_link)
    });
    let with_link = |route: &'a Route| {
        let link = outward.iter().find(|link| Some(link.index) == route.interface)?;
        Some((route, *link))
    };
    Ok(routes.filter_map(with_link).collect())
}

fn of_way_out<'a>(way_out: &super::super::ph018_mtu::WayOut<'a>) -> Path<'a> {
    Path {
        words: format!("'{}', the host's way out", way_out.link.name),
        subject: about_mtu(way_out.link),
        evidence: way_out.evidence(),
        mtu: way_out.mtu,
        teller: Teller::Host,
        far_end: None,
        is_ipv4: None,
    }
}

fn of_route<'a>(route: &Route, link: &Link, mtu: u32) -> Path<'a> {
    let words = format!("the way to {} by '{}'", route.destination, link.name);
    let source = if mtu < link.mtu {
        format!("route of the host to {} by '{}', mtu", route.destination, link.name)
    } else {
        format!("interface '{}' of the host, MTU", link.name)
    };
    Path {
        words,
        subject: about_mtu(link),
        evidence: (source, mtu.to_string()),
        mtu,
        teller: Teller::Host,
        far_end: Some(first_host(route.destination)),
        is_ipv4: Some(route.destination.address.is_ipv4()),
    }
}

fn first_host(network: IpPrefix) -> IpAddr {
    match network.address {
        IpAddr::V4(address) if network.length < 32 => IpAddr::V4((address.to_bits() | 1).into()),
        IpAddr::V6(address) if network.length < 128 => IpAddr::V6((address.to_bits() | 1).into()),
        single => single,
    }
}

fn told_by_router<'a>(path: &'a PathMtu, link: &Link) -> Path<'a> {
    Path {
        words: format!("the path to {}", path.destination),
        subject: about_mtu(link),
        evidence: (
            format!("what a router told this host of the path to {}, mtu", path.destination),
            path.mtu.to_string(),
        ),
        mtu: path.mtu,
        teller: Teller::Router { path, uplink: link.index },
        far_end: Some(path.destination),
        is_ipv4: Some(path.destination.is_ipv4()),
    }
}
