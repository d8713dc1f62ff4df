//! A host's links as a table, a tree, a picture and a page.

mod graph;
mod layout;
mod svg;
mod table;
mod tree;
mod words;

use porthole_model::{Gap, Topology};

use crate::doc::{Doc, Picture};
use crate::html as page;

pub use svg::svg;
pub use table::table;
pub use tree::tree;
pub(crate) use words::neighbour_word;

/// A page with the picture and the table.
pub fn html(topology: &Topology) -> String {
    let mut doc = Doc::new();
    doc.picture(Picture { svg: svg(topology), words: svg::description(topology) });
    doc.append(table(topology));
    page::page("porthole topology", &doc)
}

/// Why a row shows `?`, and what could not be seen at all.
fn all_gaps(topology: &Topology) -> impl Iterator<Item = &Gap> {
    let of_rows = topology.rows.iter().flat_map(|row| {
        [row.namespace.gap(), row.inside.gap(), row.outside.gap(), row.fdb.gap()].into_iter().flatten()
    });
    of_rows.chain(&topology.gaps)
}
