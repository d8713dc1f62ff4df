//! Connection tracking and address translation.

use std::net::IpAddr;

use porthole_model::firewall::{
    AddressRange, Hook, Lookup, Nat, NatKind, NatTarget, PortRange, SetOutcome, Value, ValueTest,
};
use porthole_model::{IpPrefix, Outcome, Port, Transport};

use super::chains::Standing;
use super::connection::{EndState, Tracking};
use super::sets::Found;
use super::station::Based;
use super::values::contains;
use super::{Onward, Run};

/// An address and a port, each as far as it changes.
type End = (Option<IpAddr>, Option<Port>);

impl<'s> Run<'_, 's> {
    /// Connection tracking looks the packet up, unless it did before the packet came through the loopback interface.
    pub(super) fn track(&mut self) {
        if self.flight.tracking == Tracking::NotYet {
            self.flight.tracking = if self.is_neighbour_discovery() {
                Tracking::Untracked
            } else {
                Tracking::Tracked(self.flight.connection.told.state)
            };
        }
    }

    /// `noct_valid_new`: `ICMPv6` for multicast listeners, routers and neighbours.
    fn is_neighbour_discovery(&self) -> bool {
        let kinds = [130..=136, 143..=143];
        match self.flight.transport {
            Transport::Icmp { kind, .. } if !self.flight.destination.is_ipv4() => {
                kinds.iter().any(|range| range.contains(&kind))
            }
            _ => false,
        }
    }

    /// The chains of kind "nat" decide once for each connection and each of its two ends; after that its packets are
    /// translated without them.
    pub(super) fn translate(&mut self, hook: Hook, chains: &[Based<'s>]) -> Onward<()> {
        if !self.flight.has_connection() {
            return Ok(());
        }
        let before = self.flight.header();
        let of_source = matches!(hook, Hook::Postrouting | Hook::Input);
        if self.flight.is_new() && self.flight.connection.told.translation.is_none() {
            self.ask_chains(of_source, chains)?;
        } else {
            self.as_told(of_source);
            self.translated(before);
        }
        if hook == Hook::Output && self.flight.header().destination != before.destination {
            self.route_again()?;
        }
        Ok(())
    }

    fn ask_chains(&mut self, of_source: bool, chains: &[Based<'s>]) -> Onward<()> {
        for chain in chains {
            if *self.end(of_source) != EndState::Open {
                return Ok(());
            }
            self.base_chain(*chain)?;
        }
        let end = self.end(of_source);
        if *end == EndState::Open {
            *end = EndState::Kept;
        }
        Ok(())
    }

    fn end(&mut self, of_source: bool) -> &mut EndState {
        let connection = &mut self.flight.connection;
        if of_source { &mut connection.source } else { &mut connection.destination }
    }

    fn as_told(&mut self, of_source: bool) {
        let Some(translation) = self.flight.connection.told.translation else { return };
        if of_source {
            if let Some((address, port)) = translation.source {
                self.flight.set_source(Some(address), port);
            }
        } else if let Some((address, port)) = translation.destination {
            self.flight.set_destination(Some(address), port);
        }
    }

    /// Does what a rule says; `false` where a map that it looks into has nothing for the packet.
    pub(super) fn apply_nat(&mut self, standing: Standing<'s>, nat: &'s Nat) -> Onward<bool> {
        let of_source = matches!(nat.kind, NatKind::Source | NatKind::Masquerade);
        let Some((address, port)) = self.nat_end(standing, nat)? else { return Ok(false) };
        let address = match nat.kind {
            NatKind::Source | NatKind::Destination => address,
            NatKind::Masquerade => {
                Some(self.masquerade_address().ok_or_else(|| Outcome::Dropped(standing.reference()))?)
            }
            NatKind::Redirect => {
                Some(self.redirect_address().ok_or_else(|| Outcome::Dropped(standing.reference()))?)
            }
        };
        let before = self.flight.header();
        if of_source {
            self.flight.set_source(address, port);
        } else {
            self.flight.set_destination(address, port);
        }
        let is_same = before == self.flight.header();
        *self.end(of_source) = if is_same { EndState::Kept } else { EndState::Translated };
        Ok(true)
    }

    fn nat_end(&mut self, standing: Standing<'s>, nat: &'s Nat) -> Onward<Option<End>> {
        match &nat.target {
            NatTarget::Fixed { addresses, ports } => {
                let of_source = matches!(nat.kind, NatKind::Source | NatKind::Masquerade);
                let is_netmap = nat.flags.iter().any(|flag| flag == "netmap");
                let address = match addresses {
                    Some(range) if is_netmap => Some(self.netmap(*range, of_source)),
                    Some(range) => Some(self.one_address(standing, *range)?),
                    None => None,
                };
                let port = match ports {
                    Some(range) => Some(self.one_port(standing, *range, of_source)?),
                    None => None,
                };
                Ok(Some((address, port)))
            }
            NatTarget::Mapped { addresses, ports } => {
                self.mapped(standing, addresses.as_ref(), ports.as_ref())
            }
        }
    }

    fn mapped(
        &mut self,
        standing: Standing<'s>,
        addresses: Option<&'s Lookup>,
        ports: Option<&'s Lookup>,
    ) -> Onward<Option<End>> {
        let mut end = (None, None);
        for lookup in [addresses, ports].into_iter().flatten() {
            let element = match self.find(standing.table, &lookup.fields, &lookup.elements) {
                Found::Known(Some(element)) => element,
                Found::Known(None) => return Ok(None),
                Found::Maybe(_) => return Err(Outcome::Undecided(standing.reference())),
            };
            let Some(SetOutcome::Values(values)) = &element.outcome else { return Ok(None) };
            for value in values {
                match value {
                    ValueTest::Is(Value::Address(address)) => end.0 = Some(*address),
                    ValueTest::Is(Value::Number(port)) => end.1 = u16::try_from(*port).ok().map(Port),
                    _ => return Err(Outcome::Undecided(standing.reference())),
                }
            }
        }
        Ok(Some(end))
    }

    /// Of several addresses the kernel takes one by a hash that only it knows.
    fn one_address(&mut self, standing: Standing<'_>, range: AddressRange) -> Onward<IpAddr> {
        if range.from == range.to || !self.takes_another(standing, "address") {
            Ok(range.from)
        } else {
            Err(Outcome::Undecided(standing.reference()))
        }
    }

    /// A port that is in the range stays; otherwise the kernel takes one that is free.
    fn one_port(&mut self, standing: Standing<'_>, range: PortRange, of_source: bool) -> Onward<Port> {
        let now =
            self.flight.ports().map(|(source, destination)| if of_source { source } else { destination });
        match now.filter(|now| (range.from..=range.to).contains(now)) {
            Some(now) => Ok(now),
            None if range.from == range.to || !self.takes_another(standing, "port") => Ok(range.from),
            None => Err(Outcome::Undecided(standing.reference())),
        }
    }

    fn takes_another(&mut self, standing: Standing<'_>, what: &str) -> bool {
        let rule = standing.reference();
        let condition = format!("the kernel takes another {what} than the first of the range");
        self.oracle.ask(format!("{rule:?} {what}"), condition, Some(rule))
    }

    /// The bits of the network from the range, those of the host from the packet (`nf_nat_netmap`).
    fn netmap(&self, range: AddressRange, of_source: bool) -> IpAddr {
        let now = if of_source { self.flight.source } else { self.flight.destination };
        match (range.from, range.to, now) {
            (IpAddr::V4(from), IpAddr::V4(to), IpAddr::V4(now)) => {
                let hosts = from.to_bits() ^ to.to_bits();
                IpAddr::V4((from.to_bits() & !hosts | now.to_bits() & hosts).into())
            }
            (IpAddr::V6(from), IpAddr::V6(to), IpAddr::V6(now)) => {
                let hosts = from.to_bits() ^ to.to_bits();
                IpAddr::V6((from.to_bits() & !hosts | now.to_bits() & hosts).into())
            }
            (from, ..) => from,
        }
    }

    /// The address of the interface it leaves by that is in the next hop's network, or else its first one. IPv4 takes none
    /// that means this host alone, as the loopback interface has, but another interface's (`inet_select_addr`).
    fn masquerade_address(&self) -> Option<IpAddr> {
        let next_hop = self.flight.route.and_then(|route| route.gateway).unwrap_or(self.flight.destination);
        let is_ipv4 = next_hop.is_ipv4();
        let for_others = |prefix: &IpPrefix| !is_ipv4 || !prefix.address.is_loopback();
        let of_interface: Vec<_> =
            self.addresses_of(self.flight.place.output?, is_ipv4).filter(for_others).collect();
        let in_network = of_interface.iter().find(|address| contains(**address, next_hop));
        let own = in_network.or(of_interface.first()).map(|prefix| prefix.address);
        own.or_else(|| self.first_address().filter(|_| is_ipv4))
    }

    /// The first IPv4 address of any interface that others can send to.
    fn first_address(&self) -> Option<IpAddr> {
        let held = self.walker.addresses.iter().filter(|held| match held.prefix.address {
            IpAddr::V4(address) => !address.is_loopback() && !address.is_link_local(),
            IpAddr::V6(_) => false,
        });
        held.min_by_key(|held| held.interface).map(|held| held.prefix.address)
    }

    /// The first address of the interface it came in by; what this host sends itself goes to the loopback address.
    fn redirect_address(&self) -> Option<IpAddr> {
        let is_ipv4 = self.flight.destination.is_ipv4();
        match self.flight.place.input {
            Some(input) => self.addresses_of(input, is_ipv4).next().map(|prefix| prefix.address),
            None if is_ipv4 => Some(std::net::Ipv4Addr::LOCALHOST.into()),
            None => Some(std::net::Ipv6Addr::LOCALHOST.into()),
        }
    }

    /// The addresses of an interface that others can send to; those of the link alone come last.
    fn addresses_of(
        &self,
        interface: porthole_model::InterfaceIndex,
        is_ipv4: bool,
    ) -> impl Iterator<Item = IpPrefix> {
        let mut prefixes: Vec<_> = self
            .walker
            .addresses
            .iter()
            .filter(|address| address.interface == interface && address.prefix.address.is_ipv4() == is_ipv4)
            .map(|address| address.prefix)
            .collect();
        prefixes.sort_by_key(
            |prefix| matches!(prefix.address, IpAddr::V6(address) if address.is_unicast_link_local()),
        );
        prefixes.into_iter()
    }
}
