//! The words that table, tree and picture share.

use porthole_model::{FdbEntry, NeighbourState, Observed, TopologyEnd, TopologyRow};

use crate::doc::{Line, Style};

/// Who is in the namespace: containers, or a process outside any engine, or the bare namespace.
pub(super) fn occupant(row: &TopologyRow) -> String {
    if !row.containers.is_empty() {
        let names: Vec<&str> = row.containers.iter().map(|(name, _)| name.as_str()).collect();
        return names.join(", ");
    }
    match (&row.process, row.pid, &row.namespace) {
        (Some(process), Some(pid), _) => format!("{process}[{pid}]"),
        (None, Some(pid), _) => format!("pid {pid}"),
        (_, None, Observed::Known(namespace)) => format!("namespace {namespace}"),
        (_, None, Observed::Missing(_)) => "?".to_owned(),
    }
}

/// `eth0@12`.
pub(super) fn interface(end: &TopologyEnd) -> String {
    format!("{}@{}", end.name, end.index)
}

/// `172.17.0.2/16, fd00::2/64`; nothing where there is no address.
pub(super) fn addresses(end: &TopologyEnd) -> String {
    let addresses: Vec<String> = end.addresses.iter().map(ToString::to_string).collect();
    addresses.join(", ")
}

/// `up` or `down`.
pub(super) fn state(end: &TopologyEnd) -> Line {
    if end.up { Line::of(Style::Good, "up") } else { Line::of(Style::Warning, "down") }
}

/// The fact in words, `-` where there is none, `?` where it is unknown.
pub(super) fn cell<T>(fact: &Observed<T>, words: impl FnOnce(&T) -> String) -> Line {
    match fact {
        Observed::Known(value) => or_dash(&words(value)),
        Observed::Missing(_) => unknown(),
    }
}

/// A fact that could not be read.
pub(super) fn unknown() -> Line {
    Line::of(Style::Warning, "?")
}

/// The text, or `-` for nothing.
pub(super) fn or_dash(text: &str) -> Line {
    Line::from(if text.is_empty() { "-" } else { text })
}

/// The entries for one MAC: port and state of each.
pub(super) fn forwarding(entries: &[FdbEntry]) -> String {
    let entries: Vec<String> = entries.iter().map(entry).collect();
    entries.join(", ")
}

fn entry(entry: &FdbEntry) -> String {
    let state = neighbour_word(entry.state);
    match entry.vlan {
        Some(vlan) => format!("@{} {state} vlan {vlan}", entry.port),
        None => format!("@{} {state}", entry.port),
    }
}

/// A state as `bridge fdb` and `ip neighbour` spell it.
pub(crate) fn neighbour_word(state: NeighbourState) -> &'static str {
    match state {
        NeighbourState::Incomplete => "incomplete",
        NeighbourState::Reachable => "reachable",
        NeighbourState::Stale => "stale",
        NeighbourState::Delay => "delay",
        NeighbourState::Probe => "probe",
        NeighbourState::Failed => "failed",
        NeighbourState::NoArp => "noarp",
        NeighbourState::Permanent => "permanent",
        NeighbourState::None => "none",
    }
}
