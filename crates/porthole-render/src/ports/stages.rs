//! The stages of one published port, from the host's address to the program in the container.

use porthole_model::{
    Gap, Observed, PacketWay, PortChain, ProbeVerdict, ProbedStage, ProxyState, Sender, StageProbe, WayEnd,
};

use super::tried;
use super::words::{self, State};
use crate::doc::{Column, Doc, Line, Style, Table};

pub(super) fn of(port: &PortChain) -> Doc {
    let mut doc = Doc::new();
    let network = port.network.as_ref().map(|network| format!(" on network {network}")).unwrap_or_default();
    let line = Line::of(Style::Strong, &words::place(port)).plain(" leads to ");
    let port_inside = format!("{}/{}", port.binding.container_port, port.binding.protocol);
    doc.paragraph(line.with(Style::Name, &port.container).plain(&format!(", port {port_inside}{network}")));
    let mut table =
        Table::new(vec![Column::new("STAGE").wrap(14), Column::new("STATE"), Column::new("SEEN").wrap(24)]);
    for (title, state, seen) in rows(port) {
        table.row(vec![Line::of(Style::Name, &title), state.line(), seen.into()]);
    }
    doc.table(table);
    doc
}

type Row = (String, State, String);

fn rows(port: &PortChain) -> Vec<Row> {
    let mut rows = vec![host(port), proxy(port)];
    for way in port.ways_in() {
        let stages = outside(way).into_iter().chain(port.answer(way).map(answer));
        rows.extend(stages.map(|(title, state, seen)| (by_uplink(port, way, &title), state, seen)));
    }
    rows.push(probed(port.probe(ProbedStage::Target), target(port)));
    rows.push(probed(port.probe(ProbedStage::Inside), listener(port)));
    rows.extend(port.ways_in().map(|way| tried_way(port, way)));
    let senders = [Sender::Host, Sender::Loopback, Sender::Itself, Sender::OtherNetwork];
    rows.extend(senders.into_iter().filter_map(|sender| Some(tried_way(port, port.way(sender)?))));
    if let Some(gap) = port.ways.gap() {
        rows.push(missing("ways", gap));
    }
    rows
}

fn tried_way(port: &PortChain, told: &PacketWay) -> Row {
    let (title, state, seen) = way(told);
    let title = if told.sender == Sender::Outside { by_uplink(port, told, &title) } else { title };
    probed(port.probe_of(told), (title, state, seen))
}

/// The uplink is told where it matters which.
fn by_uplink(port: &PortChain, way: &PacketWay, title: &str) -> String {
    match &way.interface {
        Some(uplink) if port.ways_in().count() > 1 => format!("{title} ({uplink})"),
        _ => title.to_owned(),
    }
}

/// The same row with what was tried of its stage, which has the last word where it tells.
fn probed(planned: Option<&StageProbe>, row: Row) -> Row {
    let Some((planned, words)) = planned.and_then(|planned| Some((planned, tried::words(planned)?))) else {
        return row;
    };
    let (title, told, seen) = row;
    let outcome = match planned.verdict() {
        Some(ProbeVerdict::Works) if told == State::Unknown => State::Good,
        Some(ProbeVerdict::Fails) => State::Failed,
        _ => told,
    };
    (title, outcome, format!("{seen}; {words}"))
}

/// Who holds the port on the host.
fn host(port: &PortChain) -> Row {
    let title = "host's port".to_owned();
    match &port.host_sockets {
        Observed::Missing(gap) => missing(&title, gap),
        Observed::Known(sockets) if sockets.is_empty() => {
            let seen = "no program on the host listens there; rules alone lead to the container";
            let has_proxy = matches!(port.proxy, Observed::Known(ProxyState::Runs(_) | ProxyState::Gone));
            (title, if has_proxy { State::Failed } else { State::None }, seen.to_owned())
        }
        Observed::Known(sockets) => (title, State::Good, words::listeners(sockets)),
    }
}

fn proxy(port: &PortChain) -> Row {
    let title = "docker-proxy".to_owned();
    match &port.proxy {
        Observed::Known(ProxyState::Runs(proxy)) => {
            let seen = format!(
                "pid {}: -proto {} -host-ip {} -host-port {} -container-ip {} -container-port {}",
                proxy.pid,
                proxy.protocol,
                proxy.host_address,
                proxy.host_port,
                proxy.container_address,
                proxy.container_port
            );
            (title, State::Good, seen)
        }
        Observed::Known(ProxyState::Gone) => {
            (title, State::Failed, "the engine uses it, and its process is gone".to_owned())
        }
        Observed::Known(ProxyState::Unused) => (title, State::None, "the engine does without".to_owned()),
        Observed::Missing(gap) => missing(&title, gap),
    }
}

/// The rules for what comes from another machine.
fn outside(way: &PacketWay) -> Vec<Row> {
    if way.end == WayEnd::NotOffered {
        let seen = "it is published on a loopback address: for programs on this host only";
        return vec![("other machines".to_owned(), State::None, seen.to_owned())];
    }
    let state = words::end_state(way);
    let translation = match &way.translation {
        Some(met) => ("DNAT".to_owned(), State::Good, words::rule(met)),
        None => {
            ("DNAT".to_owned(), State::None, "no rule gives these packets another destination".to_owned())
        }
    };
    let mut rows = vec![translation];
    let stop = match &way.end {
        WayEnd::Stopped { by: Some(by), .. } => Some(by),
        _ => None,
    };
    let forward = stop.or_else(|| way.permission());
    rows.extend(forward.map(|decision| {
        let title = if stop.is_some() { "stopped by" } else { "FORWARD" };
        (title.to_owned(), state, words::decision(decision))
    }));
    rows
}

/// The way back: connection tracking gives it the host's address again, without a rule.
fn answer(way: &PacketWay) -> Row {
    let rule =
        way.permission().map(|decision| format!("; {}", words::decision(decision))).unwrap_or_default();
    ("way back".to_owned(), words::end_state(way), format!("{}{rule}", words::end(way)))
}

fn target(port: &PortChain) -> Row {
    let title = "target".to_owned();
    match &port.target {
        Observed::Known(target) => (title, State::Good, words::with_protocol(*target, port.binding.protocol)),
        Observed::Missing(gap) => missing(&title, gap),
    }
}

fn listener(port: &PortChain) -> Row {
    let title = "listener".to_owned();
    let sockets = match &port.listeners {
        Observed::Known(sockets) => sockets,
        Observed::Missing(gap) => return missing(&title, gap),
    };
    let seen = words::listeners(sockets);
    match &port.is_served {
        _ if sockets.is_empty() => {
            let port = port.binding.container_port;
            (title, State::Failed, format!("nobody listens on port {port} in the container"))
        }
        Observed::Known(true) => (title, State::Good, seen),
        Observed::Known(false) => (title, State::Failed, format!("{seen}: not on the target's address")),
        Observed::Missing(gap) => missing(&title, gap),
    }
}

/// A way of packets, by its end and what made it so.
fn way(way: &PacketWay) -> Row {
    let mut seen = words::end(way);
    if way.end == WayEnd::NotOffered {
        return (words::sender(way), State::None, seen);
    }
    if way.sender != Sender::Outside {
        let stop = match &way.end {
            WayEnd::Stopped { by: Some(by), .. } => Some(words::decision(by)),
            _ => None,
        };
        let translation = way.translation.as_ref().map(words::rule);
        let masquerade = way.masquerade.as_ref().map(words::rule);
        for rule in stop.into_iter().chain(translation).chain(masquerade) {
            seen.push_str("; ");
            seen.push_str(&rule);
        }
    }
    (words::sender(way), words::end_state(way), format!("to {}: {seen}", way.destination))
}

fn missing(title: &str, gap: &Gap) -> Row {
    (title.to_owned(), State::Unknown, gap.cause.clone())
}
