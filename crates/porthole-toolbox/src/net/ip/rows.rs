//! Lines of text about links, routes and neighbours, in iproute2's manner.

use std::fmt::Write;
use std::net::IpAddr;

use porthole_model::{
    InterfaceAddress, InterfaceIndex, Link, LinkKind, Neighbour, NetworkStack, OperationalState, Route,
    RouteKind,
};

use super::{Object, Request, Table};
use crate::net::names::Family;
use crate::net::tool::Failure;

/// What is shown of a network namespace.
pub(super) struct Rows<'a> {
    stack: &'a NetworkStack,
    request: &'a Request,
    pub(super) all_links: &'a [Link],
    addresses: &'a [InterfaceAddress],
}

impl<'a> Rows<'a> {
    pub(super) fn new(stack: &'a NetworkStack, request: &'a Request) -> Result<Self, Failure> {
        let all_links = stack.links.known().map_err(|gap| Failure::from(gap.clone()))?;
        let addresses = stack.addresses.known().map_err(|gap| Failure::from(gap.clone()))?;
        Ok(Self { stack, request, all_links, addresses })
    }

    /// What is asked for.
    pub(super) fn object(&self) -> &Object {
        &self.request.object
    }

    /// The links that are asked for.
    pub(super) fn wanted_links(&self) -> impl Iterator<Item = &'a Link> {
        let device = self.request.device.as_deref();
        self.all_links.iter().filter(move |link| device.is_none_or(|device| device == link.name))
    }

    /// The addresses of a link, where addresses are asked for.
    pub(super) fn addresses_of(&self, link: &Link) -> impl Iterator<Item = &'a InterfaceAddress> {
        let (index, family) = (link.index, self.request.family);
        let shown = self.request.object == Object::Address;
        let all = self.addresses.iter();
        all.filter(move |own| shown && own.interface == index && family.has(own.prefix.address))
    }

    pub(super) fn links(&self) -> Vec<String> {
        self.wanted_links().flat_map(|link| self.link(link)).collect()
    }

    fn link(&self, link: &Link) -> Vec<String> {
        let master = link.master.map(|master| format!(" master {}", self.name(master))).unwrap_or_default();
        let peer = link.peer.as_ref().map(|peer| format!("@if{}", peer.index.0)).unwrap_or_default();
        let (name, flags, state) = (&link.name, flags(link).join(","), state(link));
        let index = link.index.0;
        let mut lines =
            vec![format!("{index}: {name}{peer}: <{flags}> mtu {}{master} state {state}", link.mtu)];
        let mac = link.mac.map(|mac| format!(" {mac}")).unwrap_or_default();
        lines.push(format!("    link/{}{mac}", link_type(link)));
        for own in self.addresses_of(link) {
            let family = if own.prefix.address.is_ipv4() { "inet" } else { "inet6" };
            lines.push(format!("    {family} {} scope {}", own.prefix, scope(own.prefix.address)));
        }
        lines
    }

    pub(super) fn brief_links(&self) -> Vec<String> {
        let is_about_addresses = self.request.object == Object::Address;
        let line = |link: &Link| {
            let peer = link.peer.as_ref().map(|peer| format!("@if{}", peer.index.0)).unwrap_or_default();
            let what = if is_about_addresses {
                let own = self.addresses_of(link).map(|own| own.prefix.to_string());
                own.collect::<Vec<_>>().join(" ")
            } else {
                let mac = link.mac.map(|mac| format!("{mac} ")).unwrap_or_default();
                format!("{mac}<{}>", flags(link).join(","))
            };
            format!("{:<16} {:<14} {what}", format!("{}{peer}", link.name), state(link)).trim_end().to_owned()
        };
        self.wanted_links().map(line).collect()
    }

    /// The routes that are asked for; without `-6` those of IPv4, as iproute2 does.
    pub(super) fn wanted_routes(&self) -> Result<impl Iterator<Item = &'a Route>, Failure> {
        let all = self.stack.routes.known().map_err(|gap| Failure::from(gap.clone()))?;
        let request = self.request;
        let family = if request.family == Family::Any { Family::V4 } else { request.family };
        let device = request
            .device
            .as_deref()
            .and_then(|device| self.all_links.iter().find(|link| link.name == device).map(|link| link.index));
        Ok(all.iter().filter(move |route| {
            family.has(route.destination.address)
                && (request.table == Table::All || request.table == Table::Number(route.table))
                && device.is_none_or(|device| route.interface == Some(device))
        }))
    }

    pub(super) fn routes(&self) -> Result<Vec<String>, Failure> {
        Ok(self.wanted_routes()?.map(|route| self.route(route, &destination(route))).collect())
    }

    /// The kernel's choice for one destination.
    pub(super) fn route_to(&self, to: IpAddr, route: &Route) -> String {
        self.route(route, &to.to_string())
    }

    fn route(&self, route: &Route, destination: &str) -> String {
        let mut line = match kind(route.kind) {
            "unicast" => destination.to_owned(),
            kind => format!("{kind} {destination}"),
        };
        let mut add = |word: &str, value: Option<String>| {
            if let Some(value) = value {
                let _infallible = write!(line, " {word} {value}");
            }
        };
        add("via", route.gateway.map(|gateway| gateway.to_string()));
        add("dev", route.interface.map(|interface| self.name(interface)));
        add(
            "table",
            (route.table != 254 && self.request.table == Table::All).then(|| route.table.to_string()),
        );
        add("proto", protocol(route.protocol));
        add("src", route.preferred_source.map(|source| source.to_string()));
        add("metric", route.metric.map(|metric| metric.to_string()));
        if route.link_down {
            line.push_str(" linkdown");
        }
        line
    }

    /// The neighbours that are asked for; those that need no resolution are left out, as iproute2 does.
    pub(super) fn wanted_neighbours(&self) -> Result<impl Iterator<Item = &'a Neighbour>, Failure> {
        let all = self.stack.neighbours.known().map_err(|gap| Failure::from(gap.clone()))?;
        let request = self.request;
        let names = self.all_links;
        Ok(all.iter().filter(move |neighbour| {
            let name = names.iter().find(|link| link.index == neighbour.interface).map(|link| &link.name);
            request.family.has(neighbour.address)
                && neighbour.state != porthole_model::NeighbourState::NoArp
                && request.device.as_ref().is_none_or(|device| name == Some(device))
        }))
    }

    pub(super) fn neighbours(&self) -> Result<Vec<String>, Failure> {
        let line = |neighbour: &Neighbour| {
            let mac = neighbour.mac.map(|mac| format!(" lladdr {mac}")).unwrap_or_default();
            let state = neighbour_state(neighbour);
            format!("{} dev {}{mac} {state}", neighbour.address, self.name(neighbour.interface))
        };
        Ok(self.wanted_neighbours()?.map(line).collect())
    }

    /// The name of an interface; its number where it is gone.
    pub(super) fn name(&self, index: InterfaceIndex) -> String {
        let link = self.all_links.iter().find(|link| link.index == index);
        link.map_or_else(|| format!("if{}", index.0), |link| link.name.clone())
    }
}

/// The flags that porthole knows of.
pub(super) fn flags(link: &Link) -> Vec<&'static str> {
    let mut flags = Vec::new();
    if link.kind == LinkKind::Loopback {
        flags.push("LOOPBACK");
    }
    if link.up && !link.carrier {
        flags.push("NO-CARRIER");
    }
    if link.up {
        flags.push("UP");
    }
    if link.carrier {
        flags.push("LOWER_UP");
    }
    flags
}

pub(super) fn state(link: &Link) -> &'static str {
    match link.operational_state {
        OperationalState::Unknown => "UNKNOWN",
        OperationalState::NotPresent => "NOTPRESENT",
        OperationalState::Down => "DOWN",
        OperationalState::LowerLayerDown => "LOWERLAYERDOWN",
        OperationalState::Testing => "TESTING",
        OperationalState::Dormant => "DORMANT",
        OperationalState::Up => "UP",
    }
}

pub(super) fn link_type(link: &Link) -> &'static str {
    match (&link.kind, link.mac) {
        (LinkKind::Loopback, _) => "loopback",
        (_, Some(_)) => "ether",
        (_, None) => "none",
    }
}

/// The scope that the kernel gives an address of this kind.
pub(super) fn scope(address: IpAddr) -> &'static str {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    if address.is_loopback() {
        "host"
    } else if is_link_local {
        "link"
    } else {
        "global"
    }
}

pub(super) fn destination(route: &Route) -> String {
    let whole = if route.destination.address.is_ipv4() { 32 } else { 128 };
    match route.destination.length {
        0 => "default".to_owned(),
        length if length == whole => route.destination.address.to_string(),
        _ => route.destination.to_string(),
    }
}

pub(super) fn kind(kind: RouteKind) -> &'static str {
    match kind {
        RouteKind::Unicast => "unicast",
        RouteKind::Local => "local",
        RouteKind::Broadcast => "broadcast",
        RouteKind::Anycast => "anycast",
        RouteKind::Multicast => "multicast",
        RouteKind::Blackhole => "blackhole",
        RouteKind::Unreachable => "unreachable",
        RouteKind::Prohibit => "prohibit",
        RouteKind::Other(_) => "other",
    }
}

/// `/etc/iproute2/rt_protos`; 0 and 3, what was typed by hand, say nothing, as in iproute2.
pub(super) fn protocol(number: u8) -> Option<String> {
    match number {
        0 | 3 => None,
        1 => Some("redirect".into()),
        2 => Some("kernel".into()),
        4 => Some("static".into()),
        9 => Some("ra".into()),
        16 => Some("dhcp".into()),
        other => Some(other.to_string()),
    }
}

pub(super) fn neighbour_state(neighbour: &Neighbour) -> String {
    format!("{:?}", neighbour.state).to_uppercase()
}
