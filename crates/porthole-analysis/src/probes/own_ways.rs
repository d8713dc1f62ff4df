//! The ways of probes from outside: what the rules that were read do with those very packets.

use porthole_model::{
    Gap, InterfaceIndex, IpPrefix, Link, LinkKind, NetworkStack, Observed, OperationalState, OutsidePlace,
    Port, Probe, Route, RouteKind, Snapshot,
};

use crate::firewall::{Aim, Journeys, Stop};
use crate::places::engine_namespace;

/// The kernel's main routing table.
const MAIN_TABLE: u32 = 254;

/// A snapshot in which the interface of the probes stands, as it did while they were sent.
pub(crate) struct OwnWays {
    snapshot: Snapshot,
    interface: InterfaceIndex,
}

impl OwnWays {
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

    /// The walks through that host.
    pub(crate) fn walks(&self) -> Result<Walks<'_>, Gap> {
        Ok(Walks { journeys: Journeys::new(&self.snapshot)?, interface: self.interface })
    }
}

/// What the rules that were read do with probes.
pub(crate) struct Walks<'a> {
    journeys: Journeys<'a>,
    interface: InterfaceIndex,
}

impl Walks<'_> {
    /// What stops a probe's first packet for certain.
    pub(crate) fn stop(&self, probe: &Probe) -> Option<Stop> {
        let source = probe.source?.ip();
        self.journeys.by_interface(self.interface, source, aim(probe)).fate.stop().cloned()
    }

    /// Whether somebody else out there, who comes in by another interface, may get through.
    pub(crate) fn lets_others_in(&self, probe: &Probe) -> bool {
        let aim = aim(probe);
        let mut others = self.journeys.uplinks().iter().filter(|uplink| uplink.link.index != self.interface);
        others.any(|uplink| {
            let mut visitors = uplink.visitors_of(aim.address.is_ipv4());
            visitors.any(|visitor| self.journeys.from_outside(uplink, visitor, aim).fate.stop().is_none())
        })
    }
}

fn aim(probe: &Probe) -> Aim {
    let target = probe.request.target;
    Aim::port(target.ip(), Port(target.port()), probe.request.protocol)
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
            mtu: None,
        }));
    }
    // A new interface takes these from `default`, and those of the probes forward as the uplink does.
    for name in ["rp_filter", "forwarding", "route_localnet"] {
        let default = stack.sysctl(&format!("net.ipv4.conf.default.{name}")).clone();
        stack.sysctls.insert(format!("net.ipv4.conf.{}.{name}", outside.interface), default);
    }
    index
}
