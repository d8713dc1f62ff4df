//! The table: an interface a row, then the bridges and the uplinks.

use porthole_model::{Observed, Topology, TopologyBridge, TopologyEnd, TopologyRow, TopologyUplink};

use super::words::{addresses, cell, forwarding, interface, occupant, or_dash, state, unknown};
use crate::doc::{Column, Doc, Line, Style, Table};
use crate::gaps;

/// The width of the longest IPv4 address with its prefix length.
const WHOLE_IPV4: usize = 18;

/// The interfaces of containers and other namespaces, bridges, uplinks, and what could not be seen.
pub fn table(topology: &Topology) -> Doc {
    let mut doc = Doc::new();
    if topology.rows.is_empty() {
        doc.paragraph("No interface of a container or of another namespace.");
    } else {
        doc.table(rows(&topology.rows));
    }
    if !topology.bridges.is_empty() {
        doc.blank().table(bridges(&topology.bridges));
    }
    if !topology.uplinks.is_empty() {
        doc.blank().table(uplinks(&topology.uplinks));
    }
    doc.append(gaps::not_seen(super::all_gaps(topology)));
    doc
}

fn rows(rows: &[TopologyRow]) -> Table {
    let mut table = Table::new(vec![
        Column::new("CONTAINER").elide(12),
        Column::new("NETWORK").elide(8).may_drop(4),
        Column::new("INTERFACE"),
        Column::new("ADDRESS").wrap(WHOLE_IPV4),
        Column::new("MAC").may_drop(2),
        Column::new("HOST VETH"),
        Column::new("BRIDGE").elide(10).may_drop(5),
        Column::new("FDB").wrap(12).may_drop(1),
        Column::new("STATE").may_drop(3),
    ]);
    for row in rows {
        table.row(cells(row));
    }
    table
}

fn cells(row: &TopologyRow) -> Vec<Line> {
    let style = if row.containers.is_empty() { Style::Faint } else { Style::Name };
    vec![
        Line::of(style, &occupant(row)),
        or_dash(row.network.as_ref().map_or("", |(name, _)| name)),
        cell(&row.inside, interface),
        cell(&row.inside, addresses),
        cell(&row.inside, mac),
        cell(&row.outside, |end| end.as_ref().map(interface).unwrap_or_default()),
        or_dash(row.bridge.as_deref().unwrap_or_default()),
        cell(&row.fdb, |entries| forwarding(entries)),
        ends_state(row),
    ]
}

fn mac(end: &TopologyEnd) -> String {
    end.mac.map(|mac| mac.to_string()).unwrap_or_default()
}

/// Up when both ends are; else which one is down.
fn ends_state(row: &TopologyRow) -> Line {
    match (&row.inside, &row.outside) {
        (Observed::Known(inside), _) if !inside.up => Line::of(Style::Warning, "inside down"),
        (_, Observed::Known(Some(outside))) if !outside.up => Line::of(Style::Warning, "veth down"),
        (Observed::Known(_), Observed::Known(_)) => Line::of(Style::Good, "up"),
        _ => unknown(),
    }
}

fn bridges(bridges: &[TopologyBridge]) -> Table {
    let mut table = Table::new(vec![
        Column::new("BRIDGE").elide(12),
        Column::new("NETWORK").elide(8),
        Column::new("ADDRESS").wrap(WHOLE_IPV4),
        Column::new("MAC").may_drop(1),
        Column::new("PORTS").right(),
        Column::new("STATE"),
    ]);
    for bridge in bridges {
        table.row(vec![
            Line::of(Style::Name, &interface(&bridge.end)),
            or_dash(bridge.network.as_ref().map_or("", |(name, _)| name)),
            or_dash(&addresses(&bridge.end)),
            or_dash(&mac(&bridge.end)),
            bridge.ports.len().to_string().into(),
            state(&bridge.end),
        ]);
    }
    table
}

fn uplinks(uplinks: &[TopologyUplink]) -> Table {
    let mut table = Table::new(vec![
        Column::new("UPLINK").elide(12),
        Column::new("DEFAULT ROUTE"),
        Column::new("ADDRESS").wrap(WHOLE_IPV4),
        Column::new("MAC").may_drop(1),
        Column::new("STATE"),
    ]);
    for uplink in uplinks {
        table.row(vec![
            Line::of(Style::Name, &interface(&uplink.end)),
            if uplink.default_route { "yes" } else { "no" }.into(),
            or_dash(&addresses(&uplink.end)),
            or_dash(&mac(&uplink.end)),
            state(&uplink.end),
        ]);
    }
    table
}
