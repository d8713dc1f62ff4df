//! Bridges: a frame goes up to this host or on to another port, and the rules of IP see it all the same where
//! `bridge-nf-call-iptables` says so (`br_netfilter_hooks.c`).

use std::net::IpAddr;

use porthole_model::firewall::{Hook, TableFamily};
use porthole_model::{
    BridgePortState, Discard, InterfaceIndex, Link, MacAddress, Outcome, PacketOrigin, RouteKind, Step,
};

use super::routing::Question;
use super::values::contains;
use super::{Onward, Run};

/// The places of the kernel's own hooks that call the rules of IP: `NF_BR_PRI_BRNF`, and one before it.
const PREROUTING: i32 = 0;
const FORWARD: i32 = -1;

impl Run<'_, '_> {
    /// A port of a bridge received it.
    pub(super) fn enter_bridge(&mut self, port: &Link, bridge: InterfaceIndex) -> Onward<Outcome> {
        let passes = port.bridge_port.is_some_and(|settings| settings.state == BridgePortState::Forwarding);
        if !passes {
            return Err(Outcome::Discarded(Discard::PortBlocked(port.index)));
        }
        if !self.walker.link(bridge).is_some_and(|bridge| bridge.up) {
            return Err(Outcome::Discarded(Discard::InterfaceDown(bridge)));
        }
        let mut up = self.is_for_host(bridge);
        self.flight.place.is_for_another = !up;
        let calls_rules = self.calls_rules_of_ip(bridge);
        self.part_of_hook(TableFamily::Bridge, Hook::Prerouting, |priority| priority <= PREROUTING)?;
        if calls_rules {
            up = self.prerouting_in_bridge(port.index, bridge, up)?;
        }
        self.flight.place.input = Some(port.index);
        self.part_of_hook(TableFamily::Bridge, Hook::Prerouting, |priority| priority > PREROUTING)?;
        self.steps.push(Step::Bridge { bridge, from: port.index, up });
        if up { self.pass_up(bridge, calls_rules) } else { self.pass_on(port, bridge, calls_rules) }
    }

    /// The prerouting rules of IP see the bridge as the interface. A packet whose destination they change goes up, or
    /// on in the bridge where its new route leads there.
    fn prerouting_in_bridge(
        &mut self,
        port: InterfaceIndex,
        bridge: InterfaceIndex,
        up: bool,
    ) -> Onward<bool> {
        let before = self.flight.destination;
        (self.flight.place.input, self.flight.place.input_port) = (Some(bridge), Some(port));
        self.hook(self.flight.family(), Hook::Prerouting)?;
        if self.flight.destination == before {
            return Ok(up);
        }
        let question = Question {
            destination: self.flight.destination,
            source: Some(self.flight.source),
            mark: self.flight.mark.unwrap_or(0),
            input: Some(bridge),
        };
        let routing = self.look_up_route(&question).ok_or(Outcome::NoRoute { kind: None })?;
        let up = routing.kind != RouteKind::Unicast || routing.interface != Some(bridge);
        self.flight.place.is_for_another &= !up;
        Ok(up)
    }

    /// This host takes it; the prerouting rules of IP come only once to it (`ip_sabotage_in`).
    fn pass_up(&mut self, bridge: InterfaceIndex, has_prerouted: bool) -> Onward<Outcome> {
        self.hook(TableFamily::Bridge, Hook::Input)?;
        self.flight.place.input = Some(bridge);
        if !has_prerouted {
            self.hook(self.flight.family(), Hook::Prerouting)?;
        }
        self.route_in(bridge)
    }

    fn pass_on(&mut self, from: &Link, bridge: InterfaceIndex, calls_rules: bool) -> Onward<Outcome> {
        let port = self.port_of(bridge, self.flight.destination).and_then(|port| self.walker.link(port));
        if let Some(port) = port {
            may_pass(from, port)?;
        }
        let port = port.map(|port| port.index);
        self.flight.place.is_bridged = true;
        self.between_ports(from.index, port);
        self.part_of_hook(TableFamily::Bridge, Hook::Forward, |priority| priority <= FORWARD)?;
        if calls_rules {
            let place = &mut self.flight.place;
            (place.input, place.output, place.output_port) = (Some(bridge), Some(bridge), port);
            self.hook(self.flight.family(), Hook::Forward)?;
        }
        self.between_ports(from.index, port);
        self.part_of_hook(TableFamily::Bridge, Hook::Forward, |priority| priority > FORWARD)?;
        self.flight.place.input = None;
        self.hook(TableFamily::Bridge, Hook::Postrouting)?;
        if calls_rules {
            self.flight.place.output = Some(bridge);
            self.hook(self.flight.family(), Hook::Postrouting)?;
        }
        Ok(Outcome::Bridged { bridge, port })
    }

    /// In a bridge's own chains the interfaces are its ports.
    fn between_ports(&mut self, from: InterfaceIndex, to: Option<InterfaceIndex>) {
        (self.flight.place.input, self.flight.place.output) = (Some(from), to);
    }

    /// This host sends it by a bridge: the port where the next hop is, if the bridge knows it.
    pub(super) fn leave_by_bridge(
        &mut self,
        bridge: &Link,
        next_hop: IpAddr,
    ) -> Onward<Option<InterfaceIndex>> {
        let port = self.port_of(bridge.index, next_hop);
        (self.flight.place.input, self.flight.place.output) = (None, port);
        self.hook(TableFamily::Bridge, Hook::Output)?;
        self.hook(TableFamily::Bridge, Hook::Postrouting)?;
        Ok(port)
    }

    /// One of the two settings is enough, that of all bridges or the bridge's own (`br_nf_pre_routing`).
    fn calls_rules_of_ip(&self, bridge: InterfaceIndex) -> bool {
        let own = self.walker.link(bridge).and_then(|bridge| bridge.bridge).unwrap_or_default();
        let (sysctl, own) = match self.flight.family() {
            TableFamily::Ip6 => ("net.bridge.bridge-nf-call-ip6tables", own.calls_ip6tables),
            _ => ("net.bridge.bridge-nf-call-iptables", own.calls_iptables),
        };
        // Without the module br_netfilter there is no such sysctl, and nothing that would call the rules.
        self.sysctl(sysctl).is_some_and(|value| own || value != "0")
    }

    /// Whether the frame is sent to the bridge itself: whoever sends it does so for the addresses of this host, and for
    /// all that is not in the bridge's network, since it is the gateway.
    fn is_for_host(&self, bridge: InterfaceIndex) -> bool {
        let destination = self.flight.destination;
        if let Some(mac) = self.flight.packet.frame_destination {
            return self.walker.link(bridge).is_some_and(|bridge| bridge.mac == Some(mac));
        }
        let own: Vec<_> = self
            .walker
            .addresses
            .iter()
            .filter(|address| {
                address.interface == bridge && address.prefix.address.is_ipv4() == destination.is_ipv4()
            })
            .collect();
        let is_in_network = own.iter().any(|address| contains(address.prefix, destination));
        self.is_own(destination) || !own.is_empty() && !is_in_network
    }

    /// The Ethernet address that the frame was sent to, where it is known.
    pub(super) fn frame_destination(&self) -> Option<MacAddress> {
        let PacketOrigin::Interface(interface) = self.flight.origin else { return None };
        let link = self.walker.link(interface)?;
        self.flight.packet.frame_destination.or_else(|| match link.master {
            Some(bridge) if self.is_for_host(bridge) => self.walker.link(bridge)?.mac,
            Some(bridge) => self.neighbour(bridge, self.flight.destination),
            None => link.mac,
        })
    }

    /// The port of a bridge behind which an address is.
    ///
    /// Of who asks its own address, it is the port where the packet came in, whatever the bridge has learned so far:
    /// it learns that from this very packet.
    fn port_of(&self, bridge: InterfaceIndex, address: IpAddr) -> Option<InterfaceIndex> {
        if let PacketOrigin::Interface(port) = self.flight.origin
            && self.flight.packet.source == address
            && self.walker.link(port).is_some_and(|port| port.master == Some(bridge))
        {
            return Some(port);
        }
        let told = self.flight.packet.frame_destination.filter(|_| self.flight.destination == address);
        let mac = told.or_else(|| self.neighbour(bridge, address))?;
        let entries = self.walker.stack.forwarding_database.value()?;
        entries.iter().find(|entry| entry.bridge == Some(bridge) && entry.mac == mac).map(|entry| entry.port)
    }

    fn neighbour(&self, interface: InterfaceIndex, address: IpAddr) -> Option<MacAddress> {
        let neighbours = self.walker.stack.neighbours.value()?;
        let is_it = |neighbour: &&porthole_model::Neighbour| {
            neighbour.interface == interface && neighbour.address == address
        };
        neighbours.iter().find(is_it)?.mac
    }
}

/// Whether a bridge passes a frame from one port to the other (`should_deliver`).
fn may_pass(from: &Link, to: &Link) -> Onward<()> {
    let (Some(came_by), Some(goes_by)) = (from.bridge_port, to.bridge_port) else { return Ok(()) };
    if from.index == to.index && !goes_by.hairpin {
        return Err(Outcome::Discarded(Discard::HairpinOff(to.index)));
    }
    if came_by.isolated && goes_by.isolated {
        return Err(Outcome::Discarded(Discard::Isolated));
    }
    if goes_by.state != BridgePortState::Forwarding {
        return Err(Outcome::Discarded(Discard::PortBlocked(to.index)));
    }
    Ok(())
}
