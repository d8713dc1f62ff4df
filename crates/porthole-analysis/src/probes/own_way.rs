//! The walk of a probe from outside: what the rules that were read do with that very packet.

use porthole_model::{
    Gap, InterfaceIndex, IpPrefix, Link, LinkKind, NetworkStack, Observed, OperationalState, OutsidePlace,
    Port, Probe, Route, RouteKind, Snapshot,
};

use crate::firewall::{Aim, Fate, Journeys};
use crate::places::engine_namespace;

/// The kernel's main routing table.
const MAIN_TABLE: u32 = 254;

/// A snapshot in which the interface of the probes stands, as it did while they were sent.
pub(crate) struct OwnWay {
    snapshot: Snapshot,
    interface: InterfaceIndex,
}

impl OwnWay {
    /// The host with that interface.
    pub(crate) fn new(snapshot: &Snapshot, outside: &OutsidePlace) -> Result<Self, Gap> {
        let home = engine_namespace(snapshot)?.id;
        let mut snapshot = snapshot.clone();
        let namespaces = match &mut snapshot.host {
            Observed::Known(host) => &mut host.network_namespaces,
            Observed::Missing(gap) => return Err(gap.clone()),
        };
        let namespaces = match namespaces {
            Observed::Known(namespaces) => namespaces,
            Observed::Missing(gap) => return Err(gap.clone()),
        };
        let stacks = namespaces.iter_mut().filter(|namespace| namespace.id == home);
        let mut interface = InterfaceIndex(0);
        for stack in stacks.filter_map(|namespace| match &mut namespace.stack {
            Observed::Known(stack) => Some(stack),
            Observed::Missing(_) => None,
        }) {
            interface = add(stack, outside);
        }
        Ok(Self { snapshot, interface })
    }

    /// What becomes of a probe's first packet, and of the same packet by an interface that leads out of the host.
    pub(crate) fn fates(&self, probe: &Probe) -> Result<Fates, Gap> {
        let journeys = Journeys::new(&self.snapshot)?;
        let request = &probe.request;
        let aim = Aim::port(request.target.ip(), Port(request.target.port()), request.protocol);
        let source = probe.source.map(|source| source.ip());
        let uplink = journeys.uplinks().iter().find(|uplink| uplink.link.index != self.interface);
        let lets_others_in = uplink.is_some_and(|uplink| {
            let mut visitors = uplink.visitors_of(aim.address.is_ipv4());
            visitors.any(|visitor| journeys.from_outside(uplink, visitor, aim).fate.stop().is_none())
        });
        let own = source.map(|source| journeys.from_interface(self.interface, source, aim).fate);
        Ok(Fates { own, lets_others_in })
    }
}

/// What the rules that were read do with a probe.
pub(crate) struct Fates {
    /// With itself; `None` where it had no address.
    pub(crate) own: Option<Fate>,
    /// Whether somebody else out there gets through.
    pub(crate) lets_others_in: bool,
}

/// Puts the interface there, and the way back to who is beyond it.
fn add(stack: &mut NetworkStack, outside: &OutsidePlace) -> InterfaceIndex {
    let taken = stack.links.value().into_iter().flatten().map(|link| link.index.0).max();
    let index = InterfaceIndex(taken.unwrap_or(0) + 1);
    if let Observed::Known(links) = &mut stack.links {
        links.push(Link {
            index,
            name: outside.interface.clone(),
            kind: LinkKind::Veth,
            mac: None,
            mtu: 1500,
            up: true,
            carrier: true,
            operational_state: OperationalState::Up,
            master: None,
            peer: None,
            bridge_port: None,
            bridge: None,
        });
    }
    if let Observed::Known(routes) = &mut stack.routes {
        routes.extend(outside.addresses.iter().map(|address| Route {
            destination: IpPrefix { address: *address, length: if address.is_ipv4() { 32 } else { 128 } },
            kind: RouteKind::Unicast,
            gateway: None,
            interface: Some(index),
            preferred_source: None,
            metric: None,
            table: MAIN_TABLE,
            protocol: 3,
            link_down: false,
        }));
    }
    // A new interface takes these from `default`, and those of the probes forward as the uplink does.
    for name in ["rp_filter", "forwarding", "route_localnet"] {
        let default = stack.sysctl(&format!("net.ipv4.conf.default.{name}")).clone();
        stack.sysctls.insert(format!("net.ipv4.conf.{}.{name}", outside.interface), default);
    }
    index
}
