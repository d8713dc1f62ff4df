//! What was tried: a published port a row, a sender a column.

use std::time::Duration;

use porthole_model::{
    NetworkExit, Observed, PortChain, ProbeOutcome, ProbeVerdict, ProbedStage, PublishedPorts, Refusal,
    StageProbe,
};

use super::words;
use crate::doc::{Column, Doc, Line, Style, Table};
use crate::units;

/// The table of probes; nothing where none was sent.
pub(super) fn of(ports: &PublishedPorts) -> Doc {
    let mut doc = Doc::new();
    let tried: Vec<_> = ports.ports.iter().filter(|port| is_tried(port)).collect();
    if tried.is_empty() {
        return doc;
    }
    let columns = [
        (ProbedStage::Outside, Column::new("OUTSIDE")),
        (ProbedStage::Host, Column::new("HOST")),
        (ProbedStage::Loopback, Column::new("LOOPBACK")),
        (ProbedStage::Itself, Column::new("ITSELF")),
        (ProbedStage::Target, Column::new("TARGET").may_drop(2)),
        (ProbedStage::Inside, Column::new("INSIDE").may_drop(1)),
    ];
    let begin = [Column::new("CONTAINER").elide(9), Column::new("TRIED").wrap(17)];
    let mut table =
        Table::new(begin.into_iter().chain(columns.iter().map(|(_, column)| column.clone())).collect());
    for port in tried {
        let begin = [Line::of(Style::Name, &port.container), words::place(port).into()];
        let cells = columns.iter().map(|(stage, _)| port.probe(*stage).map_or_else(dash, cell));
        table.row(begin.into_iter().chain(cells).collect());
        for way in port.ways_in().skip(1) {
            let outside = port.probe_of(way).map_or_else(dash, cell);
            let place = format!("  at {}", way.destination.ip());
            let begin = [Line::from(String::new()), place.into(), outside];
            let others = columns.iter().skip(1).map(|_| Line::from(String::new()));
            table.row(begin.into_iter().chain(others).collect());
        }
    }
    doc.blank().table(table);
    if let Observed::Known(place) = &ports.outside {
        let words = format!(
            "Outside is a network of porthole's own, which came in by {} and is gone: rules for another interface \
             did not see it.",
            place.interface
        );
        doc.paragraph(Line::of(Style::Faint, &words));
    }
    doc
}

fn is_tried(port: &PortChain) -> bool {
    port.probes.iter().any(|planned| planned.probe.is_some())
}

/// What came of it in a word or two: how long a connection took to stand, or why there is none.
fn cell(planned: &StageProbe) -> Line {
    let Some(probe) = &planned.probe else { return dash() };
    let text = match &probe.outcome {
        ProbeOutcome::Answered | ProbeOutcome::Connected => took(probe.took),
        ProbeOutcome::Closed => "closed".to_owned(),
        ProbeOutcome::Reset => "reset".to_owned(),
        ProbeOutcome::Refused(Refusal::Icmp(_)) => "rejected".to_owned(),
        ProbeOutcome::Refused(_) => "refused".to_owned(),
        ProbeOutcome::Silent => "silent".to_owned(),
        ProbeOutcome::Unreachable(_) => "no way".to_owned(),
        ProbeOutcome::NotTried(_) => "?".to_owned(),
    };
    Line::of(style(planned.verdict()), &text)
}

/// What was tried of a stage, in words: `tried from the host: connected in 0.2ms`.
pub(super) fn words(planned: &StageProbe) -> Option<String> {
    let probe = planned.probe.as_ref()?;
    let outcome = &probe.outcome;
    if let ProbeOutcome::NotTried(_) = outcome {
        return Some(outcome.to_string());
    }
    Some(if outcome.is_taken() {
        format!("tried from {}: {outcome} in {}", probe.request.from, took(probe.took))
    } else {
        format!("tried from {}: {outcome}", probe.request.from)
    })
}

/// The next router, asked from a network.
pub(super) fn of_exit(exit: &NetworkExit) -> Line {
    let Some(verdict) = exit.verdict() else { return dash() };
    let asked = exit.probes.iter().find(|planned| planned.stage == ProbedStage::World);
    let router = asked.map(|planned| planned.request.target.ip().to_string()).unwrap_or_default();
    let words = match verdict {
        ProbeVerdict::Works => format!("{router} answers"),
        ProbeVerdict::Fails => format!("{router} answers the host, and not the container"),
        ProbeVerdict::Unclear => format!("{router} answers neither"),
    };
    Line::of(style(Some(verdict)), &words)
}

fn took(micros: u64) -> String {
    units::time(Duration::from_micros(micros))
}

fn style(verdict: Option<ProbeVerdict>) -> Style {
    match verdict {
        Some(ProbeVerdict::Works) => Style::Good,
        Some(ProbeVerdict::Fails) => Style::Error,
        Some(ProbeVerdict::Unclear) => Style::Warning,
        None => Style::Faint,
    }
}

fn dash() -> Line {
    Line::of(Style::Faint, "-")
}
