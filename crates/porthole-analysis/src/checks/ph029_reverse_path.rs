//! PH029: packets for a published port are dropped because the way back would be another one.

use std::net::IpAddr;
use std::rc::Rc;

use porthole_model::{
    CheckCode, Container, Discard, Gap, NetworkStack, Outcome, PortBinding, RouteKind, RoutingAction,
    RoutingRule, Severity, Snapshot,
};

use super::concern::{about_container, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::{Aim, Journey, Journeys, Seat, Uplink, Walker};
use crate::places::{container_namespace, engine_namespace, in_engine_namespace};
use crate::ports;

const CODE: CheckCode = CheckCode(29);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "packets are dropped because the way back is another one",
    documentation: Documentation {
        checks: "For the ports that running containers publish: whether the kernel's reverse path filter \
                 (`rp_filter = 1`) drops packets from far away, on the host where they come in by an interface that a \
                 rule of routing policy gives a default route of its own, or in the container, where they arrive by an \
                 interface that its default route does not lead out by.",
        why: "With `rp_filter = 1` the kernel drops a packet when its answer would leave by another interface. On a host \
              with two ways out, `ip rule` often sends answers back by the way that the question came; but that rule \
              goes by the host's address, and a published port's destination is the container's by then, so the way \
              back is found to be the main one. In a container on two networks the same happens when its default route \
              leads to the other one. Connections time out, though every rule lets them pass. The setting alone is no \
              fault: many systems have it.",
        mend: "Set `rp_filter` to 2 (loose) on the interface, so that any way back will do; and for the answers to go \
               the same way, mark connections and route by the mark. In a container, make the network of the published \
               port the one with the default route (`gw-priority`, from Docker 28 on).",
        example: "A server with a second provider on `eth1` and `ip rule add from 203.0.113.7 table 100`: `ssh` works by \
                  both, and the container's web page only by the first.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let containers = snapshot.engine.known()?.containers.known()?;
    let mut found = Found::default();
    let published: Vec<_> = containers.iter().filter(|each| ports::is_published(each)).collect();
    let asked: Vec<_> = published.iter().flat_map(|container| first_bindings(container)).collect();
    if asked.is_empty() {
        return Ok(found);
    }
    let scene =
        Scene { snapshot, home: engine_namespace(snapshot)?.stack.known()?, journeys: case.journeys()? };
    for (container, binding) in asked {
        found.part(scene.judge(container, binding));
    }
    Ok(found)
}

/// The first IPv4 binding of each published port; `rp_filter` is of IPv4 alone.
fn first_bindings(container: &Container) -> impl Iterator<Item = (&Container, &PortBinding)> {
    let ports = ports::of(container);
    let first = ports.into_iter().filter_map(|port| {
        port.bindings
            .into_iter()
            .find(|binding| binding.host_address.is_ipv4() && !binding.host_address.is_loopback())
    });
    first.map(move |binding| (container, binding))
}

struct Scene<'a> {
    snapshot: &'a Snapshot,
    home: &'a NetworkStack,
    journeys: Rc<Journeys<'a>>,
}

impl Scene<'_> {
    fn judge(&self, container: &Container, binding: &PortBinding) -> Result<Option<Concern>, Gap> {
        let Some(main) = self.journeys.uplinks().iter().find(|uplink| self.is_main(uplink)) else {
            return Ok(None);
        };
        let Some(stranger) = main.visitor(true) else { return Ok(None) };
        let mut others = self.journeys.uplinks().iter().filter(|other| other.link.index != main.link.index);
        let on_host = others.find_map(|other| self.on_host(container, binding, (main, other), stranger));
        if on_host.is_some() {
            return Ok(on_host);
        }
        let arrived = self.arrived(main, stranger, binding);
        arrived.map_or(Ok(None), |journey| self.in_container(container, binding, &journey))
    }

    fn is_main(&self, uplink: &Uplink<'_>) -> bool {
        let routes = self.home.routes.value().into_iter().flatten();
        let mut defaults = routes.filter(|route| route.is_default() && route.destination.address.is_ipv4());
        defaults.any(|route| route.interface == Some(uplink.link.index))
    }

    fn journey(&self, uplink: &Uplink<'_>, stranger: IpAddr, binding: &PortBinding) -> Option<Journey> {
        let addresses = self.journeys.outside_addresses(uplink, binding);
        let aim = Aim::port(*addresses.first()?, binding.host_port, binding.protocol);
        Some(self.journeys.from_outside(uplink, stranger, aim))
    }

    fn arrived(&self, uplink: &Uplink<'_>, stranger: IpAddr, binding: &PortBinding) -> Option<Journey> {
        self.journey(uplink, stranger, binding).filter(|journey| journey.fate.arrival().is_some())
    }

    /// Whether the container itself drops what the host passes on to it.
    fn in_container(
        &self,
        container: &Container,
        binding: &PortBinding,
        journey: &Journey,
    ) -> Result<Option<Concern>, Gap> {
        let Some(arrival) = journey.fate.arrival() else { return Ok(None) };
        let seat = self.journeys.seat_at(arrival.header.destination);
        let Some(seat) = seat.filter(|seat| seat.container.id == container.id) else { return Ok(None) };
        let host = self.snapshot.host.known()?;
        let stack = container_namespace(host, container)?.stack.known()?;
        let packet = porthole_model::Packet {
            origin: porthole_model::PacketOrigin::Interface(seat.link.index),
            source: arrival.header.source,
            destination: arrival.header.destination,
            transport: Aim::port(arrival.header.destination, binding.container_port, binding.protocol)
                .transport,
            ..journey.packet.clone()
        };
        let walk = Walker::new(stack)?.walk(&packet);
        let is_dropped = walk.outcome() == Some(&Outcome::Discarded(Discard::ReversePath));
        Ok(is_dropped.then(|| inside(seat, binding, stack)))
    }

    /// An uplink that a rule of routing policy gives a default route of its own, and that drops the packet.
    fn on_host(
        &self,
        container: &Container,
        binding: &PortBinding,
        (main, other): (&Uplink<'_>, &Uplink<'_>),
        stranger: IpAddr,
    ) -> Option<Concern> {
        let rule = self.rule_for(other)?;
        let journey = self.journey(other, stranger, binding)?;
        let stop = journey.fate.stop()?;
        let is_dropped = stop.outcome == Outcome::Discarded(Discard::ReversePath);
        is_dropped.then(|| self.outside(container, binding, (main, other), rule))
    }

    /// The rule that looks, for answers of an uplink's address, in a table with a default route by it.
    fn rule_for(&self, uplink: &Uplink<'_>) -> Option<&RoutingRule> {
        let routes = self.home.routes.value()?;
        let leads_out = |table: u32| {
            routes.iter().any(|route| {
                route.table == table
                    && route.destination.length == 0
                    && route.kind == RouteKind::Unicast
                    && route.interface == Some(uplink.link.index)
            })
        };
        self.home.routing_rules.value()?.iter().find(|rule| {
            let of_uplink = rule.source.is_some_and(|source| {
                source.length > 0 && uplink.addresses().any(|own| source.contains(own))
            });
            of_uplink
                && !rule.negated
                && matches!(rule.action, RoutingAction::Table(table) if leads_out(table))
        })
    }

    fn outside(
        &self,
        container: &Container,
        binding: &PortBinding,
        (main, other): (&Uplink<'_>, &Uplink<'_>),
        rule: &RoutingRule,
    ) -> Concern {
        let (name, main) = (&other.link.name, &main.link.name);
        let summary = format!(
            "port {} of container '{}' cannot be reached by '{name}' from far away: the kernel drops the packets, \
             because the way back from the container leads out by '{main}'",
            binding.host_port, container.name
        );
        let source = rule.source.map(|source| source.to_string()).unwrap_or_default();
        let subject = about_port(container, binding.container_port, binding.protocol);
        let set = format!("sysctl -w {}=2", setting(name));
        strict(Concern::new(CODE, Severity::Warning, subject, summary), self.home, name, "this host")
            .related(about_container(container))
            .evidence("rule of routing policy", format!("from {source}, with a default route by '{name}'"))
            .evidence("default route of the main table", format!("by '{main}'"))
            .remedy("accept any way back on that interface", vec![in_engine_namespace(self.snapshot, &set)])
            .remedy("then have answers leave by the way that the question came: mark connections by interface, and route by the mark", Vec::new())
    }
}

fn inside(seat: &Seat<'_>, binding: &PortBinding, stack: &NetworkStack) -> Concern {
    let (container, link) = (seat.container, &seat.link.name);
    let summary = format!(
        "port {} of container '{}' cannot be reached from far away: packets arrive by its interface '{link}' on network \
         '{}', and are dropped there, because its default route leads out by another one",
        binding.host_port, container.name, seat.network.name
    );
    let subject = about_port(container, binding.container_port, binding.protocol);
    let place = format!("container '{}'", container.name);
    strict(Concern::new(CODE, Severity::Error, subject, summary), stack, link, &place)
        .related(about_container(container))
        .evidence(format!("default route of {place}"), default_route(stack))
        .remedy(
            "make the container with that network as the one of its default route, or with --sysctl \
             net.ipv4.conf.all.rp_filter=2",
            Vec::new(),
        )
}

fn default_route(stack: &NetworkStack) -> String {
    let routes = stack.routes.value().into_iter().flatten();
    let mut defaults = routes.filter(|route| route.is_default() && route.destination.address.is_ipv4());
    let links = stack.links.value().into_iter().flatten().collect::<Vec<_>>();
    let link =
        defaults.next().and_then(|route| links.iter().find(|link| Some(link.index) == route.interface));
    link.map_or_else(|| "none".to_owned(), |link| format!("by '{}'", link.name))
}

/// The stricter one of two settings counts.
fn strict(concern: Concern, stack: &NetworkStack, interface: &str, place: &str) -> Concern {
    ["all", interface].into_iter().fold(concern, |concern, name| {
        let name = setting(name);
        let value = stack.sysctl(&name);
        concern
            .evidence(format!("sysctl {name} of {place}"), value.value().map_or("not read", String::as_str))
    })
}

fn setting(interface: &str) -> String {
    format!("net.ipv4.conf.{interface}.rp_filter")
}
