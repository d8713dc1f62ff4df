//! The picture: uplinks, bridges, veth pairs and containers from left to right.

use std::fmt::{self, Write};

use porthole_model::Topology;

use super::graph::{Edge, Graph, Kind, Node};
use super::layout::{LINE, Layout, MARGIN, PADDING, Place, layout};
use crate::escape::escaped;

/// Light and dark; a picture alone has no page around it that could say so.
const SKIN: &str = include_str!("picture.css");
/// The height of a letter above the line it stands on.
const ASCENT: f64 = 13.0;

/// The picture of a topology.
pub fn svg(topology: &Topology) -> String {
    let graph = Graph::new(topology);
    let layout = layout(&graph);
    let mut markup = String::with_capacity(8 * 1024);
    // Writing to a String cannot fail.
    let _infallible = draw(&mut markup, topology, &graph, &layout);
    markup
}

/// What the picture shows, in a sentence.
pub(super) fn description(topology: &Topology) -> String {
    format!(
        "{} interfaces in containers and other namespaces, {} bridges, {} uplinks of the host.",
        topology.rows.len(),
        topology.bridges.len(),
        topology.uplinks.len()
    )
}

fn draw(out: &mut String, topology: &Topology, graph: &Graph, layout: &Layout) -> fmt::Result {
    let (width, height) = (layout.width.max(320.0), layout.height + LINE);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"topology\" role=\"img\" aria-labelledby=\"topology-title \
         topology-words\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">"
    )?;
    writeln!(out, "<title id=\"topology-title\">Links of this host</title>")?;
    writeln!(out, "<desc id=\"topology-words\">{}</desc>", escaped(&description(topology)))?;
    writeln!(out, "<style>\n{SKIN}</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>")?;
    titles(out, graph, layout)?;
    graph.edges.iter().try_for_each(|edge| line(out, *edge, &layout.places))?;
    graph.nodes.iter().zip(&layout.places).try_for_each(|(node, place)| self::node(out, node, *place))?;
    if graph.edges.iter().any(|edge| edge.routed) {
        let y = height - MARGIN / 2.0;
        writeln!(
            out,
            "<text class=\"faint\" x=\"{MARGIN}\" y=\"{y:.1}\">dashed: through the host's routing and firewall</text>"
        )?;
    }
    writeln!(out, "</svg>")
}

fn titles(out: &mut String, graph: &Graph, layout: &Layout) -> fmt::Result {
    for (column, title) in ["uplinks", "bridges", "veth", "containers and namespaces"].into_iter().enumerate()
    {
        let mut nodes = graph.nodes.iter().zip(&layout.places);
        if let Some((_, place)) = nodes.find(|(node, _)| node.kind.column() == column) {
            writeln!(
                out,
                "<text class=\"faint\" x=\"{:.1}\" y=\"{:.1}\">{title}</text>",
                place.x,
                MARGIN + 2.0
            )?;
        }
    }
    Ok(())
}

/// From the right side of one box to the left side of the other, without touching the words of a third.
fn line(out: &mut String, edge: Edge, places: &[Place]) -> fmt::Result {
    let (from, to) = (places[edge.from], places[edge.to]);
    let (x1, y1) = (from.x + from.width, from.y + from.height / 2.0);
    let (x2, y2) = (to.x, to.y + to.height / 2.0);
    let bend = (x2 - x1).min(70.0) / 2.0;
    let class = if edge.routed { "link routed" } else { "link" };
    writeln!(
        out,
        "<path class=\"{class}\" d=\"M{x1:.1} {y1:.1} H{:.1} C{:.1} {y1:.1} {:.1} {y2:.1} {x2:.1} {y2:.1}\"/>",
        x2 - 2.0 * bend,
        x2 - bend,
        x2 - bend
    )
}

fn node(out: &mut String, node: &Node, place: Place) -> fmt::Result {
    let down = if node.up { "" } else { " down" };
    writeln!(out, "<g class=\"{}{down}\">", class(node.kind))?;
    writeln!(out, "<title>{}: {}</title>", class(node.kind), escaped(&node.whole))?;
    writeln!(
        out,
        "<rect class=\"box\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"5\"/>",
        place.x, place.y, place.width, place.height
    )?;
    let mut y = place.y + PADDING + ASCENT;
    for (number, line) in node.lines.iter().enumerate() {
        let class = if number == 0 { "first" } else { "more" };
        let x = place.x + PADDING;
        writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(line))?;
        y += LINE;
    }
    writeln!(out, "</g>")
}

fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Uplink => "uplink",
        Kind::Bridge => "bridge",
        Kind::Veth => "veth",
        Kind::Container => "container",
        Kind::Namespace => "namespace",
    }
}
