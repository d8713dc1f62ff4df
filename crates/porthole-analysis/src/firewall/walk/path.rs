//! The path of a packet: which hooks it comes to, and what routing does between them.

use std::net::IpAddr;

use porthole_model::firewall::Hook;
use porthole_model::{Discard, InterfaceIndex, Link, LinkKind, Outcome, PacketOrigin, RouteKind, Step};

use super::routing::{Question, Routing};
use super::{Onward, Run};

impl Run<'_, '_> {
    /// From the packet's origin to its end.
    pub(super) fn begin(&mut self) -> Onward<Outcome> {
        match self.flight.origin {
            PacketOrigin::Local => self.send(),
            PacketOrigin::Interface(interface) => self.arrive(interface),
        }
    }

    /// A device received it.
    fn arrive(&mut self, interface: InterfaceIndex) -> Onward<Outcome> {
        let link = self.walker.link(interface).filter(|link| link.up);
        let link = link.ok_or(Outcome::Discarded(Discard::InterfaceDown(interface)))?;
        self.flight.place.input = Some(interface);
        self.device_chains(Hook::Ingress, link)?;
        if let Some(bridge) = link.master.filter(|_| link.bridge_port.is_some()) {
            return self.enter_bridge(link, bridge);
        }
        self.hook(self.flight.family(), Hook::Prerouting)?;
        self.route_in(interface)
    }

    /// Chains of a single device.
    fn device_chains(&mut self, hook: Hook, link: &Link) -> Onward<()> {
        for chain in self.walker.device_stops(hook, &link.name) {
            self.base_chain(chain)?;
        }
        Ok(())
    }

    /// It has passed the prerouting hook of an interface: for this host, or for another.
    pub(super) fn route_in(&mut self, interface: InterfaceIndex) -> Onward<Outcome> {
        self.flight.place.input = Some(interface);
        self.check_loopback_addresses(interface)?;
        let routing = self.route(Some(interface))?;
        match routing.kind {
            RouteKind::Local | RouteKind::Broadcast | RouteKind::Multicast | RouteKind::Anycast => {
                self.check_source(interface)?;
                self.deliver()
            }
            RouteKind::Unicast => self.forward(interface, routing),
            kind => Err(Outcome::NoRoute { kind: Some(kind) }),
        }
    }

    /// A loopback address that came from elsewhere (`ip_route_input_slow`).
    fn check_loopback_addresses(&mut self, interface: InterfaceIndex) -> Onward<()> {
        let (source, destination) = (self.flight.source, self.flight.destination);
        let is_ipv4_loopback = |address: IpAddr| address.is_ipv4() && address.is_loopback();
        let is_concerned = is_ipv4_loopback(source) || is_ipv4_loopback(destination);
        if is_concerned && !self.setting(interface, "route_localnet") {
            return Err(Outcome::Discarded(Discard::LoopbackAddress));
        }
        Ok(())
    }

    /// A source of IPv4 that cannot have come this way (`fib_validate_source`).
    fn check_source(&mut self, interface: InterfaceIndex) -> Onward<()> {
        let source = self.flight.source;
        if !source.is_ipv4() || source.is_loopback() {
            return Ok(());
        }
        if self.is_own(source) {
            return Err(Outcome::Discarded(Discard::OwnSource));
        }
        self.check_reverse_path(interface)
    }

    fn check_reverse_path(&mut self, interface: InterfaceIndex) -> Onward<()> {
        let strictness = self.reverse_path_filter(interface);
        if strictness == 0 || self.flight.source.is_unspecified() || self.flight.source.is_loopback() {
            return Ok(());
        }
        let question = Question {
            destination: self.flight.source,
            source: Some(self.flight.destination),
            mark: 0,
            input: None,
        };
        let back = self.look_up_route(&question).filter(|back| back.kind == RouteKind::Unicast);
        let leads_back = back.is_some_and(|back| back.interface == Some(interface));
        let is_fine = if strictness == 1 { leads_back } else { back.is_some() };
        if is_fine { Ok(()) } else { Err(Outcome::Discarded(Discard::ReversePath)) }
    }

    fn deliver(&mut self) -> Onward<Outcome> {
        self.flight.place.output = None;
        self.hook(self.flight.family(), Hook::Input)?;
        let header = self.flight.header();
        Ok(Outcome::Delivered { address: header.destination, port: header.destination_port })
    }

    fn forward(&mut self, interface: InterfaceIndex, routing: Routing) -> Onward<Outcome> {
        if let Some(sysctl) = self.not_forwarding(interface) {
            return Err(Outcome::NotForwarded { sysctl });
        }
        self.check_source(interface)?;
        if self.flight.packet.hop_limit.is_some_and(|hops| hops <= 1) {
            return Err(Outcome::Discarded(Discard::HopLimit));
        }
        self.flight.place.output = routing.interface;
        self.hook(self.flight.family(), Hook::Forward)?;
        self.leave(routing)
    }

    /// This host sends it.
    fn send(&mut self) -> Onward<Outcome> {
        let routing = self.route(None)?;
        self.flight.place.output = routing.interface;
        self.hook(self.flight.family(), Hook::Output)?;
        let routing = self.flight.route.unwrap_or(routing);
        if routing.kind != RouteKind::Local {
            return self.leave(routing);
        }
        self.flight.place.output = self.walker.loopback();
        self.hook(self.flight.family(), Hook::Postrouting)?;
        self.steps.push(Step::Loopback);
        (self.flight.place.input, self.flight.place.output) = (self.walker.loopback(), None);
        self.hook(self.flight.family(), Hook::Prerouting)?;
        self.deliver()
    }

    fn leave(&mut self, routing: Routing) -> Onward<Outcome> {
        self.flight.place.output = routing.interface;
        self.hook(self.flight.family(), Hook::Postrouting)?;
        let next_hop = routing.gateway.unwrap_or(self.flight.destination);
        let Some(link) = routing.interface.and_then(|interface| self.walker.link(interface)) else {
            return Err(Outcome::NoRoute { kind: Some(routing.kind) });
        };
        let bridge_port =
            if link.kind == LinkKind::Bridge { self.leave_by_bridge(link, next_hop)? } else { None };
        self.device_chains(Hook::Egress, link)?;
        Ok(Outcome::Sent { interface: link.index, bridge_port, next_hop })
    }

    /// A rule changed where it goes before it left: the kernel looks up its route once more (`ip_route_me_harder`).
    pub(super) fn route_again(&mut self) -> Onward<()> {
        let routing = self.route(None)?;
        let leaves = routing.interface.filter(|interface| !self.is_loopback(*interface));
        let is_loopback = self.flight.source.is_ipv4() && self.flight.source.is_loopback();
        if let Some(interface) = leaves.filter(|_| is_loopback && routing.kind != RouteKind::Local)
            && !self.setting(interface, "route_localnet")
        {
            return Err(Outcome::Discarded(Discard::LoopbackAddress));
        }
        Ok(())
    }

    /// Looks the packet's route up and notes it.
    fn route(&mut self, input: Option<InterfaceIndex>) -> Onward<Routing> {
        let mark = self.flight.mark.unwrap_or(0);
        let (destination, source) = (self.flight.destination, Some(self.flight.source));
        let routing = self.look_up_route(&Question { destination, source, mark, input });
        let mut routing = routing.ok_or(Outcome::NoRoute { kind: None })?;
        if input.is_none() && routing.kind == RouteKind::Local {
            routing.interface = self.walker.loopback();
        }
        let Routing { kind, table, interface, gateway, .. } = routing;
        self.steps.push(Step::Routed { kind, table, interface, gateway });
        if matches!(kind, RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit) {
            return Err(Outcome::NoRoute { kind: Some(kind) });
        }
        self.flight.route = Some(routing);
        Ok(routing)
    }

    pub(super) fn look_up_route(&mut self, question: &Question) -> Option<Routing> {
        let oracle = &mut self.oracle;
        self.walker.router.route(question, &mut |rule| {
            let condition = format!("the routing rule of priority {} is for this packet", rule.priority);
            oracle.ask(condition.clone(), condition, None)
        })
    }

    /// The sysctl that keeps a packet from being forwarded, if one does.
    fn not_forwarding(&mut self, interface: InterfaceIndex) -> Option<String> {
        let sysctl = if self.flight.destination.is_ipv4() {
            format!("net.ipv4.conf.{}.forwarding", self.name(interface))
        } else {
            "net.ipv6.conf.all.forwarding".to_owned()
        };
        let forwards = match self.sysctl(&sysctl) {
            Some(value) => value != "0",
            None => self.oracle.ask(sysctl.clone(), format!("{sysctl} is on"), None),
        };
        (!forwards).then_some(sysctl)
    }

    /// A switch that holds when it is on for the interface or for all.
    fn setting(&mut self, interface: InterfaceIndex, name: &str) -> bool {
        let of_interface = format!("net.ipv4.conf.{}.{name}", self.name(interface));
        let of_all = format!("net.ipv4.conf.all.{name}");
        match (self.sysctl(&of_interface), self.sysctl(&of_all)) {
            (Some(value), Some(all)) => value != "0" || all != "0",
            _ => self.oracle.ask(of_interface.clone(), format!("{of_interface} is on"), None),
        }
    }

    /// The stricter of the interface's setting and that of all.
    fn reverse_path_filter(&mut self, interface: InterfaceIndex) -> u8 {
        let of_interface = format!("net.ipv4.conf.{}.rp_filter", self.name(interface));
        let value = |run: &Self, name: &str| run.sysctl(name).and_then(|value| value.parse::<u8>().ok());
        match (value(self, &of_interface), value(self, "net.ipv4.conf.all.rp_filter")) {
            (Some(own), Some(all)) => own.max(all),
            _ => u8::from(self.oracle.ask(of_interface.clone(), format!("{of_interface} is strict"), None)),
        }
    }

    pub(super) fn sysctl(&self, name: &str) -> Option<&str> {
        self.walker.stack.sysctls.get(name)?.value().map(String::as_str)
    }

    fn name(&self, interface: InterfaceIndex) -> &str {
        self.walker.link(interface).map_or("", |link| link.name.as_str())
    }

    fn is_loopback(&self, interface: InterfaceIndex) -> bool {
        self.walker.loopback() == Some(interface)
    }

    /// Whether an address is one of this host's own.
    pub(super) fn is_own(&self, address: IpAddr) -> bool {
        self.walker.router.local(address, None).is_some_and(|route| route.kind == RouteKind::Local)
    }
}
