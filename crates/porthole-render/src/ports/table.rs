//! The table: a published port a row.

use porthole_model::{Observed, PacketWay, PortChain, ProxyState, Sender, WayEnd};

use super::words;
use crate::doc::{Column, Line, Style, Table};

pub(super) fn of(ports: &[PortChain]) -> Table {
    let mut table = Table::new(vec![
        Column::new("CONTAINER").elide(9),
        Column::new("PUBLISHED AT").wrap(17),
        Column::new("PROXY"),
        Column::new("DNAT").right().may_drop(3),
        Column::new("FORWARD"),
        Column::new("BACK").may_drop(2),
        Column::new("HAIRPIN").may_drop(1),
        Column::new("TARGET").wrap(15),
        Column::new("LISTENS").wrap(8),
    ]);
    for port in ports {
        let mut ways: Vec<_> = port.ways_in().collect();
        let others = if ways.is_empty() { Vec::new() } else { ways.split_off(1) };
        let there = ways.first().copied();
        table.row(vec![
            Line::of(Style::Name, &port.container),
            words::place(port).into(),
            proxy(port),
            way(port, there, translation),
            way(port, there, forward),
            way(port, there.and_then(|there| port.answer(there)), back),
            way(port, port.way(Sender::Itself), hairpin),
            target(port),
            listens(port),
        ]);
        for other in others {
            table.row(by_another_uplink(port, other));
        }
    }
    table
}

/// What comes by another uplink of the host ends otherwise there.
fn by_another_uplink(port: &PortChain, there: &PacketWay) -> Vec<Line> {
    let uplink = there.interface.as_deref().unwrap_or_default();
    let (same, by) = (Line::new, format!("  by {uplink}").into());
    let answer = port.answer(there).map_or_else(dash, back);
    vec![same(), by, same(), translation(there), forward(there), answer, same(), same(), same()]
}

fn proxy(port: &PortChain) -> Line {
    match &port.proxy {
        Observed::Known(ProxyState::Runs(proxy)) => proxy.pid.to_string().into(),
        Observed::Known(ProxyState::Gone) => Line::of(Style::Error, "GONE"),
        Observed::Known(ProxyState::Unused) => dash(),
        Observed::Missing(_) => unknown(),
    }
}

/// What a way says; `-` where there is none, `?` where ways were not followed.
fn way(port: &PortChain, way: Option<&PacketWay>, words: impl FnOnce(&PacketWay) -> Line) -> Line {
    match &port.ways {
        Observed::Known(_) => way.map_or_else(dash, words),
        Observed::Missing(_) => unknown(),
    }
}

fn translation(way: &PacketWay) -> Line {
    way.translation.as_ref().map_or_else(dash, |met| words::count(met).into())
}

/// The verdict on what comes from another machine.
fn forward(way: &PacketWay) -> Line {
    match &way.end {
        _ if !way.is_certain() => Line::of(Style::Warning, "maybe"),
        WayEnd::Container => Line::of(Style::Good, "accept"),
        WayEnd::Proxy(_) => Line::of(Style::Note, "proxy"),
        WayEnd::NotOffered => dash(),
        WayEnd::Stopped { by: Some(_), .. } => Line::of(Style::Error, "DROP"),
        WayEnd::Stopped { .. } => Line::of(Style::Error, "NO"),
        WayEnd::Nobody => Line::of(Style::Error, "NOBODY"),
        WayEnd::Program(_) | WayEnd::Reservation | WayEnd::Elsewhere(_) | WayEnd::World => {
            Line::of(Style::Error, "ASTRAY")
        }
    }
}

fn back(way: &PacketWay) -> Line {
    match &way.end {
        _ if !way.is_certain() => Line::of(Style::Warning, "maybe"),
        WayEnd::World => Line::of(Style::Good, "accept"),
        _ => Line::of(Style::Error, "DROP"),
    }
}

/// How the container reaches its own published port.
fn hairpin(way: &PacketWay) -> Line {
    match &way.end {
        _ if !way.is_certain() => Line::of(Style::Warning, "maybe"),
        WayEnd::Proxy(_) => "proxy".into(),
        WayEnd::Container if way.masquerade.is_some() => "masq".into(),
        WayEnd::Container => "bridge".into(),
        WayEnd::NotOffered => dash(),
        _ => Line::of(Style::Error, "NO"),
    }
}

fn target(port: &PortChain) -> Line {
    port.target.value().map_or_else(unknown, |target| target.to_string().into())
}

fn listens(port: &PortChain) -> Line {
    match (&port.listeners, &port.is_served) {
        (Observed::Missing(_), _) => unknown(),
        (Observed::Known(sockets), _) if sockets.is_empty() => Line::of(Style::Error, "NOBODY"),
        (Observed::Known(sockets), Observed::Known(false)) => {
            Line::of(Style::Error, &words::listeners(sockets))
        }
        (Observed::Known(sockets), _) => words::listeners(sockets).into(),
    }
}

fn dash() -> Line {
    Line::of(Style::Faint, "-")
}

fn unknown() -> Line {
    Line::of(Style::Warning, "?")
}
