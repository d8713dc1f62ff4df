//! Where the boxes of the picture stand: columns by kind, rows by the layered layout of Sugiyama.

use rust_sugiyama::configure::{Config, RankingType};

use super::graph::{Graph, Node};

/// A box with its place: its upper left corner and its size, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A place for every box, and the size of the picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) places: Vec<Place>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The height of a line of text.
pub(super) const LINE: f64 = 17.0;
/// The space between a box's border and its words.
pub(super) const PADDING: f64 = 9.0;
/// The space around the picture; above it stand the titles of the columns.
pub(super) const MARGIN: f64 = 20.0;
const TITLES: f64 = 24.0;
const BETWEEN_COLUMNS: f64 = 70.0;
const BETWEEN_ROWS: f64 = 12.0;
/// A character of the monospaced font at 13 pixels.
const CHARACTER: f64 = 7.85;

/// Lays a graph out.
pub(super) fn layout(graph: &Graph) -> Layout {
    let sizes: Vec<(f64, f64)> = graph.nodes.iter().map(size).collect();
    let columns = columns(graph, &sizes);
    let (centres, height) = rows(graph, &sizes);
    let places = graph.nodes.iter().zip(&sizes).zip(centres).map(|((node, size), centre)| {
        let (x, width) = columns[node.kind.column()];
        Place { x, y: MARGIN + TITLES + centre - size.1 / 2.0, width, height: size.1 }
    });
    let right = columns.iter().map(|(x, width)| x + width).fold(0.0, f64::max);
    Layout { places: places.collect(), width: right + MARGIN, height: height + TITLES + 2.0 * MARGIN }
}

fn size(node: &Node) -> (f64, f64) {
    (pixels(node.columns()) * CHARACTER + 2.0 * PADDING, pixels(node.lines.len()) * LINE + 2.0 * PADDING)
}

/// Where each column begins and how wide it is; an empty one takes no room.
fn columns(graph: &Graph, sizes: &[(f64, f64)]) -> [(f64, f64); 4] {
    let mut columns = [(0.0, 0.0); 4];
    for (node, size) in graph.nodes.iter().zip(sizes) {
        let width: &mut f64 = &mut columns[node.kind.column()].1;
        *width = width.max(size.0);
    }
    let mut x = MARGIN;
    for (start, width) in &mut columns {
        *start = x;
        x += if *width > 0.0 { *width + BETWEEN_COLUMNS } else { 0.0 };
    }
    columns
}

/// The centre of every box from top to bottom, and the height of all.
///
/// The library lays layers out from top to bottom. Ours go from left to right, because names are wide and boxes are
/// flat: sizes and coordinates are swapped. Parts that nothing links are stacked.
fn rows(graph: &Graph, sizes: &[(f64, f64)]) -> (Vec<f64>, f64) {
    let vertices: Vec<(u32, (f64, f64))> =
        sizes.iter().enumerate().map(|(place, size)| (number(place), (size.1, size.0))).collect();
    let edges: Vec<(u32, u32)> =
        graph.edges.iter().map(|edge| (number(edge.from), number(edge.to))).collect();
    let config = Config { vertex_spacing: BETWEEN_ROWS, ranking_type: RankingType::Up, ..Config::default() };
    let mut parts = rust_sugiyama::from_vertices_and_edges(&vertices, &edges, &config);
    parts.sort_by_key(|(part, ..)| part.iter().map(|(place, _)| *place).min());
    let mut centres = vec![0.0; sizes.len()];
    let mut below = 0.0;
    for (part, ..) in parts {
        below = stack(&part, graph, sizes, below, &mut centres);
    }
    (centres, (below - BETWEEN_ROWS).max(0.0))
}

/// Puts one part below the others; where the next begins.
fn stack(
    part: &[(usize, (f64, f64))],
    graph: &Graph,
    sizes: &[(f64, f64)],
    top: f64,
    centres: &mut [f64],
) -> f64 {
    let edge = |&(place, (x, _)): &(usize, (f64, f64))| x - sizes[place].1 / 2.0;
    let first = part.iter().map(edge).fold(f64::INFINITY, f64::min);
    let mut downwards: Vec<(usize, f64)> =
        part.iter().map(|(place, (x, _))| (*place, x - first + top)).collect();
    downwards.sort_by(|one, other| one.1.total_cmp(&other.1).then(one.0.cmp(&other.0)));
    // The library's layers are not always our columns: a box whose layer was another keeps clear of its neighbours.
    let mut free = [top; 4];
    for (place, wanted) in downwards {
        let (half, column) = (sizes[place].1 / 2.0, graph.nodes[place].kind.column());
        centres[place] = wanted.max(free[column] + half);
        free[column] = centres[place] + half + BETWEEN_ROWS;
    }
    free.into_iter().fold(top, f64::max)
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn pixels(count: usize) -> f64 {
    f64::from(number(count))
}

#[cfg(test)]
mod tests {
    use porthole_model::{Observed, Topology, TopologyRow};
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    fn row((occupant, bridge, seen): (u64, usize, bool)) -> TopologyRow {
        let bridge = ["docker0", "br-3f1c9e2a7b5d", "unknown"][bridge];
        let (inside, outside) = (samples::end("eth0", 2, &["10.0.0.2/8"]), samples::end("veth0", 3, &[]));
        let row = samples::row("web", occupant, inside, outside, bridge);
        if seen { row } else { TopologyRow { outside: Observed::Known(None), ..row } }
    }

    fn overlap(one: &Place, other: &Place) -> bool {
        one.x < other.x + other.width
            && other.x < one.x + one.width
            && one.y < other.y + other.height
            && other.y < one.y + one.height
    }

    proptest! {
        #[test]
        fn no_box_covers_another(
            rows in prop::collection::vec((0..6_u64, 0..3_usize, any::<bool>()), 0..24),
            default_route in any::<bool>(),
            uplink_is_port in any::<bool>(),
        ) {
            let rows = rows.into_iter().map(row).collect();
            let mut topology = Topology { rows, ..samples::topology() };
            topology.uplinks[0].default_route = default_route;
            if uplink_is_port {
                topology.bridges[1].ports.push("eth0".to_owned());
            }
            let layout = layout(&Graph::new(&topology));
            for (number, place) in layout.places.iter().enumerate() {
                prop_assert!(place.x >= 0.0 && place.x + place.width <= layout.width);
                prop_assert!(place.y >= 0.0 && place.y + place.height <= layout.height);
                prop_assert!(!layout.places[..number].iter().any(|other| overlap(place, other)));
            }
        }
    }
}
