//! The ways out of networks, and what is kept apart.

use porthole_model::{Barrier, Decision, NetworkExit, Observed, PacketWay, WayEnd};

use super::{tried, words};
use crate::doc::{Column, Doc, Line, Style, Table};

pub(super) fn of(exits: &[NetworkExit]) -> Doc {
    let mut doc = Doc::new();
    doc.heading("Out of networks");
    let mut table = Table::new(vec![
        Column::new("NETWORK").elide(8),
        Column::new("RANGE"),
        Column::new("BRIDGE").may_drop(1),
        Column::new("TO THE WORLD").wrap(20),
        Column::new("TRIED").wrap(10),
        Column::new("MASQUERADE").wrap(20),
    ]);
    for exit in exits {
        table.row(vec![
            Line::of(Style::Name, &exit.network),
            exit.subnet.to_string().into(),
            exit.bridge.as_deref().unwrap_or("-").into(),
            end(exit),
            tried::of_exit(exit),
            masquerade(exit),
        ]);
    }
    doc.table(table);
    let apart: Vec<Line> = exits.iter().flat_map(apart).collect();
    if !apart.is_empty() {
        doc.blank().paragraph(Line::of(Style::Strong, "Apart by design")).list(apart);
    }
    doc
}

fn end(exit: &NetworkExit) -> Line {
    match &exit.way {
        Observed::Missing(_) => Line::of(Style::Warning, "?"),
        Observed::Known(way) => {
            let style = match &way.end {
                WayEnd::World if way.is_certain() => Style::Good,
                WayEnd::Stopped { design: Some(_), .. } => Style::Note,
                _ => Style::Error,
            };
            Line::of(style, &words::end(way))
        }
    }
}

fn masquerade(exit: &NetworkExit) -> Line {
    let way = exit.way.value();
    let met = way.and_then(|way| way.masquerade.as_ref());
    met.map_or_else(|| Line::of(Style::Faint, "-"), |met| words::rule(met).into())
}

fn apart(exit: &NetworkExit) -> Vec<Line> {
    let peers = exit.peers_apart.iter().map(|barrier| {
        line(&format!("containers of {} do not reach each other: ", exit.network), &barrier.way)
    });
    // Each pair is told once, by its first name.
    let others = exit.apart_from.iter().filter(|barrier| exit.network < barrier.from);
    let others = others.map(|Barrier { from, way }| {
        line(&format!("containers of {} and {from} do not reach each other's addresses: ", exit.network), way)
    });
    peers.chain(others).collect()
}

fn line(begin: &str, way: &PacketWay) -> Line {
    let by = match &way.end {
        WayEnd::Stopped { by: Some(by), .. } => Some(by),
        _ => None,
    };
    let rule = by.map(|by: &Decision| format!("; {}", words::decision(by))).unwrap_or_default();
    Line::from(begin).plain(&words::end(way)).with(Style::Faint, &rule)
}
