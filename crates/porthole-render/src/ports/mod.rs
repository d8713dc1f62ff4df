//! Published ports: the table of all, the stages of one, what docker-proxy is there for, and the ways out.

mod exits;
mod proxying;
mod stages;
mod table;
mod tried;
mod words;

use porthole_model::{Gap, GapKind, ProbeOutcome, PublishedPorts};

use crate::doc::{Doc, Line, Style};
use crate::{gaps, report};

pub(crate) use words::end_word;

/// How much is told of each port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A row; every stage only of ports that are broken.
    Rows,
    /// A row, and every stage.
    Stages,
}

/// The ports, whole.
pub fn doc(ports: &PublishedPorts, detail: Detail) -> Doc {
    let mut doc = Doc::new();
    if ports.ports.is_empty() {
        doc.paragraph("No port is published. (EXPOSE in an image publishes nothing: docker run -p does.)");
    } else {
        doc.table(table::of(&ports.ports));
        doc.append(tried::of(ports));
    }
    for port in ports.ports.iter().filter(|port| detail == Detail::Stages || port.is_broken()) {
        doc.blank().append(stages::of(port));
    }
    for finding in &ports.findings {
        doc.blank().append(report::finding_card(finding));
    }
    if let Some(review) = ports.proxying.value().filter(|_| !ports.ports.is_empty()) {
        doc.blank().append(proxying::of(review));
    }
    if !ports.exits.is_empty() {
        doc.blank().append(exits::of(&ports.exits));
    }
    doc.append(gaps::not_seen(missing(ports)));
    if detail == Detail::Rows && !ports.ports.is_empty() {
        let hint = "porthole ports CONTAINER shows every stage with its rules.";
        doc.blank().paragraph(Line::of(Style::Faint, hint));
    }
    doc
}

fn missing(ports: &PublishedPorts) -> impl Iterator<Item = &Gap> {
    let exits = ports.exits.iter().filter_map(|exit| exit.way.gap());
    let outside = ports.outside.gap().filter(|gap| gap.kind != GapKind::NotAsked);
    ports.gaps.iter().chain(ports.proxying.gap()).chain(exits).chain(outside).chain(untried(ports))
}

/// Why probes that were planned could not be sent.
fn untried(ports: &PublishedPorts) -> impl Iterator<Item = &Gap> {
    let planned = ports.ports.iter().flat_map(|port| &port.probes);
    planned.filter_map(|planned| match &planned.probe.as_ref()?.outcome {
        ProbeOutcome::NotTried(gap) => Some(gap),
        _ => None,
    })
}
