//! Routing: which rule of policy leads to which table, and which route of it is taken.

use std::collections::BTreeMap;
use std::net::IpAddr;

use porthole_model::{InterfaceIndex, Link, Route, RouteKind, RoutingAction, RoutingRule};

use super::values::contains;

/// The table of this host's own addresses.
const LOCAL: u32 = 255;

/// `RTN_THROW`: the next rule is asked.
const THROW: RouteKind = RouteKind::Other(9);

/// What is asked of the routing tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) destination: IpAddr,
    /// The sender; `None` where it does not take part.
    pub(super) source: Option<IpAddr>,
    pub(super) mark: u32,
    /// The interface it came in by; `None` for what this host made.
    pub(super) input: Option<InterfaceIndex>,
}

/// The routing tables.
#[derive(Debug)]
pub(super) struct Router<'s> {
    rules: &'s [RoutingRule],
    tables: BTreeMap<u32, Vec<&'s Route>>,
    links: &'s [Link],
}

impl<'s> Router<'s> {
    pub(super) fn new(routes: &'s [Route], rules: &'s [RoutingRule], links: &'s [Link]) -> Self {
        let mut tables: BTreeMap<u32, Vec<&Route>> = BTreeMap::new();
        for route in routes {
            tables.entry(route.table).or_default().push(route);
        }
        Self { rules, tables, links }
    }

    /// What the local table has for an address: this host's own, broadcasts. By that interface, where one is named.
    pub(super) fn local(&self, address: IpAddr, by: Option<InterfaceIndex>) -> Option<&'s Route> {
        let route = self.best(LOCAL, address, None)?;
        by.is_none_or(|by| route.interface == Some(by)).then_some(route)
    }

    /// The route that is taken. Of a rule that depends on more than is known here, `applies` says whether it holds.
    pub(super) fn route(
        &self,
        question: &Question,
        applies: &mut dyn FnMut(&RoutingRule) -> bool,
    ) -> Option<Routing> {
        let mut from = 0;
        let is_ipv4 = question.destination.is_ipv4();
        for rule in self.rules.iter().filter(|rule| rule.is_ipv4 == is_ipv4) {
            if rule.priority < from || !self.holds(rule, question) || rule.further && !applies(rule) {
                continue;
            }
            match rule.action {
                RoutingAction::Table(table) => {
                    let route = self.best(table, question.destination, question.input);
                    let is_suppressed = |route: &Route| {
                        rule.suppressed_length.is_some_and(|most| u32::from(route.destination.length) <= most)
                    };
                    match route {
                        Some(route) if route.kind != THROW && !is_suppressed(route) => {
                            return Some(Routing::of(route));
                        }
                        _ => {}
                    }
                }
                RoutingAction::Goto(priority) => from = priority,
                RoutingAction::Refuse(kind) => return Some(Routing::refused(kind)),
                RoutingAction::Nothing => {}
            }
        }
        None
    }

    fn holds(&self, rule: &RoutingRule, question: &Question) -> bool {
        let is_in = |network, address: Option<IpAddr>| match (network, address) {
            (None, _) => true,
            (Some(network), Some(address)) => contains(network, address),
            (Some(_), None) => false,
        };
        let input = match question.input {
            Some(index) => self.links.iter().find(|link| link.index == index).map(|link| link.name.as_str()),
            None => Some("lo"),
        };
        let holds = is_in(rule.source, question.source)
            && is_in(rule.destination, Some(question.destination))
            && rule.input.as_deref().is_none_or(|wanted| Some(wanted) == input)
            && rule.output.is_none()
            && rule.mark.is_none_or(|(value, mask)| question.mark & mask == value);
        holds != rule.negated
    }

    /// The longest network that has the address, and of several the lowest metric. Routes by interfaces that are down
    /// are not taken; those without a carrier are. A network of the link alone is the one of the interface asked for.
    fn best(&self, table: u32, address: IpAddr, input: Option<InterfaceIndex>) -> Option<&'s Route> {
        let is_scoped = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
        let by = input.filter(|_| is_scoped);
        let routes = self.tables.get(&table)?.iter().filter(|route| {
            contains(route.destination, address)
                && by.is_none_or(|by| route.interface.is_none_or(|interface| interface == by))
                && route.interface.is_none_or(|interface| self.is_up(interface))
        });
        let key = |route: &&&Route| (std::cmp::Reverse(route.destination.length), route.metric.unwrap_or(0));
        routes.min_by_key(key).copied()
    }

    fn is_up(&self, index: InterfaceIndex) -> bool {
        self.links.iter().any(|link| link.index == index && link.up)
    }
}

/// A route as it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Routing {
    pub(super) kind: RouteKind,
    pub(super) table: u32,
    pub(super) interface: Option<InterfaceIndex>,
    pub(super) gateway: Option<IpAddr>,
    /// The source that it suggests to what this host sends.
    pub(super) preferred_source: Option<IpAddr>,
}

impl Routing {
    fn of(route: &Route) -> Self {
        Self {
            kind: route.kind,
            table: route.table,
            interface: route.interface,
            gateway: route.gateway,
            preferred_source: route.preferred_source,
        }
    }

    fn refused(kind: RouteKind) -> Self {
        Self { kind, table: 0, interface: None, gateway: None, preferred_source: None }
    }
}
