//! The picture's boxes and lines, before anyone knows where they stand.

use std::collections::BTreeMap;
use std::iter;

use porthole_model::{Observed, Topology, TopologyBridge, TopologyEnd, TopologyRow, TopologyUplink};

use super::words::{interface, occupant};
use crate::harmless::harmless;
use crate::text::width;

/// What a box is, and with it the column it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Uplink,
    Bridge,
    Veth,
    Container,
    /// A namespace outside any engine, beside the containers.
    Namespace,
}

impl Kind {
    /// The column, from the left.
    pub(super) fn column(self) -> usize {
        match self {
            Self::Uplink => 0,
            Self::Bridge => 1,
            Self::Veth => 2,
            Self::Container | Self::Namespace => 3,
        }
    }
}

/// A box: its first line is its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) up: bool,
    pub(super) lines: Vec<String>,
    /// The lines before any was shortened.
    pub(super) whole: String,
}

/// A line between two boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Not a link but the host's own routing.
    pub(super) routed: bool,
}

/// Boxes and lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
}

/// The longest line of a box, in characters of a terminal.
const LONGEST: usize = 34;

impl Graph {
    /// The boxes and lines of a topology.
    pub(super) fn new(topology: &Topology) -> Self {
        let mut graph = Self::default();
        let bridges = graph.bridges(&topology.bridges);
        graph.uplinks(&topology.uplinks, &topology.bridges, &bridges);
        let mut occupants = BTreeMap::new();
        for row in &topology.rows {
            let occupant = graph.occupant(row, &mut occupants);
            graph.attach(row, occupant, &bridges);
        }
        graph
    }

    fn bridges<'a>(&mut self, bridges: &'a [TopologyBridge]) -> BTreeMap<&'a str, usize> {
        let mut places = BTreeMap::new();
        for bridge in bridges {
            let network = bridge.network.iter().map(|(name, _)| format!("network {name}"));
            let lines = iter::once(label(&bridge.end)).chain(network).chain(addresses(&bridge.end));
            places.insert(bridge.end.name.as_str(), self.node(Kind::Bridge, bridge.end.up, lines));
        }
        places
    }

    /// An uplink that is a port of a bridge is linked with it; from one with a default route the host routes.
    fn uplinks(
        &mut self,
        uplinks: &[TopologyUplink],
        bridges: &[TopologyBridge],
        places: &BTreeMap<&str, usize>,
    ) {
        for uplink in uplinks {
            let route = uplink.default_route.then(|| "default route".to_owned());
            let lines = iter::once(label(&uplink.end)).chain(addresses(&uplink.end)).chain(route);
            let from = self.node(Kind::Uplink, uplink.end.up, lines);
            for bridge in bridges {
                let is_port = bridge.ports.contains(&uplink.end.name);
                if is_port || uplink.default_route {
                    let to = places[bridge.end.name.as_str()];
                    self.edges.push(Edge { from, to, routed: !is_port });
                }
            }
        }
    }

    /// The box of a namespace: one, however many interfaces it has.
    fn occupant(&mut self, row: &TopologyRow, known: &mut BTreeMap<String, usize>) -> usize {
        let kind = if row.containers.is_empty() { Kind::Namespace } else { Kind::Container };
        let name = occupant(row);
        let key = match row.namespace.value() {
            Some(namespace) => namespace.to_string(),
            None => row.containers.iter().map(|(_, id)| id.to_string()).collect::<Vec<_>>().join(" "),
        };
        let key = if key.is_empty() { format!("{name} {}", self.nodes.len()) } else { key };
        let place = *known.entry(key).or_insert_with(|| self.node(kind, true, [name]));
        self.nodes[place].hold(row.inside.value());
        place
    }

    /// Links an occupant with its bridge, through its veth where it has one.
    fn attach(&mut self, row: &TopologyRow, occupant: usize, bridges: &BTreeMap<&str, usize>) {
        let bridge = row.bridge.as_deref().and_then(|name| bridges.get(name)).copied();
        let veth = match &row.outside {
            Observed::Known(None) => None,
            Observed::Known(Some(end)) => Some(self.node(Kind::Veth, end.up, [label(end)])),
            Observed::Missing(_) => Some(self.node(Kind::Veth, true, ["?".to_owned()])),
        };
        let ends = [bridge, veth, Some(occupant)];
        let ends: Vec<usize> = ends.into_iter().flatten().collect();
        self.edges.extend(ends.windows(2).map(|pair| Edge { from: pair[0], to: pair[1], routed: false }));
    }

    fn node(&mut self, kind: Kind, up: bool, lines: impl IntoIterator<Item = String>) -> usize {
        let mut node = Node { kind, up, lines: Vec::new(), whole: String::new() };
        lines.into_iter().for_each(|line| node.add(&line));
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

/// The interface, and in words that it is down.
fn label(end: &TopologyEnd) -> String {
    if end.up { interface(end) } else { format!("{} down", interface(end)) }
}

fn addresses(end: &TopologyEnd) -> impl Iterator<Item = String> {
    end.addresses.iter().map(ToString::to_string)
}

impl Node {
    /// The width of its longest line, in characters of a terminal.
    pub(super) fn columns(&self) -> usize {
        self.lines.iter().map(|line| width(line)).max().unwrap_or(0)
    }

    /// Adds an interface of the namespace: its first address beside it, the others below.
    fn hold(&mut self, inside: Option<&TopologyEnd>) {
        let Some(end) = inside else { return self.add("?") };
        self.up &= end.up;
        let mut addresses = addresses(end);
        self.add(&format!("{} {}", label(end), addresses.next().unwrap_or_default()));
        addresses.for_each(|address| self.add(&format!("  {address}")));
    }

    fn add(&mut self, line: &str) {
        let line = harmless(line.trim_end());
        self.lines.push(crate::text::elided(&line, LONGEST));
        self.whole.push_str(if self.whole.is_empty() { "" } else { ", " });
        self.whole.push_str(line.trim_start());
    }
}
