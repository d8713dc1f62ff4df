//! The way of a name: its rungs, what was looked up, and what is wrong.

mod outcome;

use porthole_model::{DnsLadder, DnsName, DnsRung, DnsRungState, DnsTry, DnsVerdict};

use crate::doc::{Column, Doc, Line, Style, Table};
use crate::gaps;
use crate::report::{evidence, remedy, severity_style};

/// The ladder, whole.
pub fn doc(ladder: &DnsLadder) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(head(ladder)).blank();
    doc.table(rungs(&ladder.rungs)).blank();
    doc.table(names(&ladder.names)).blank();
    for name in &ladder.names {
        doc.append(musl(name));
    }
    for (index, each) in ladder.verdicts.iter().enumerate() {
        if index > 0 {
            doc.blank();
        }
        doc.card(severity_style(each.severity), verdict(each));
    }
    if ladder.verdicts.is_empty() {
        doc.paragraph(conclusion(ladder));
    }
    doc.append(gaps::not_seen(&ladder.gaps));
    doc
}

fn head(ladder: &DnsLadder) -> Line {
    let line = Line::from("The way of a name from ").with(Style::Name, &ladder.subject);
    match &ladder.engine {
        Some(engine) => line.with(Style::Faint, &format!(" ({engine})")),
        None => line,
    }
}

fn rungs(rungs: &[DnsRung]) -> Table {
    let mut table =
        Table::new(vec![Column::new("RUNG").elide(12), Column::new("STATE"), Column::new("SEEN").wrap(24)]);
    for rung in rungs {
        let state = Line::of(style(rung.state), word(rung.state));
        table.row(vec![Line::of(Style::Name, &rung.title), state, rung.notes.join("; ").into()]);
    }
    table
}

/// The state of a rung in a word.
pub(crate) fn word(state: DnsRungState) -> &'static str {
    match state {
        DnsRungState::Good => "good",
        DnsRungState::Poor => "poor",
        DnsRungState::Failed => "FAILED",
        DnsRungState::Unknown => "?",
    }
}

fn style(state: DnsRungState) -> Style {
    match state {
        DnsRungState::Good => Style::Good,
        DnsRungState::Poor => Style::Warning,
        DnsRungState::Failed => Style::Error,
        DnsRungState::Unknown => Style::Faint,
    }
}

fn names(names: &[DnsName]) -> Table {
    let mut table = Table::new(vec![
        Column::new("NAME").elide(6),
        Column::new("OF").elide(6).may_drop(1),
        Column::new("TRIED AS").elide(8),
        Column::new("A").wrap(9),
        Column::new("AAAA").wrap(9),
    ]);
    for name in names {
        if !name.in_hosts_file.is_empty() {
            table.row(in_hosts_file(name));
        }
        for (index, attempt) in name.tried.iter().enumerate() {
            let is_first = index == 0 && name.in_hosts_file.is_empty();
            table.row(tried(if is_first { Some(name) } else { None }, attempt));
        }
    }
    table
}

fn in_hosts_file(name: &DnsName) -> Vec<Line> {
    let (v4, v6): (Vec<_>, Vec<_>) = name.in_hosts_file.iter().partition(|address| address.is_ipv4());
    let joined = |addresses: Vec<_>| Line::of(Style::Good, &outcome::joined(addresses));
    vec![
        Line::of(Style::Name, &name.name),
        name.what.as_str().into(),
        "in /etc/hosts".into(),
        joined(v4),
        joined(v6),
    ]
}

fn tried(name: Option<&DnsName>, attempt: &DnsTry) -> Vec<Line> {
    let (title, what) = name.map_or(("", ""), |name| (name.name.as_str(), name.what.as_str()));
    vec![
        Line::of(Style::Name, title),
        what.into(),
        Line::of(Style::Code, &attempt.name),
        outcome::line(attempt.a.as_ref()),
        outcome::line(attempt.aaaa.as_ref()),
    ]
}

fn musl(name: &DnsName) -> Doc {
    let mut doc = Doc::new();
    if let Some(tried) = &name.with_musl {
        let words = format!("With musl (Alpine), {} is tried as {} alone.", name.name, tried.join(", "));
        doc.paragraph(Line::of(Style::Faint, &words)).blank();
    }
    doc
}

fn verdict(verdict: &DnsVerdict) -> Doc {
    let mut doc = Doc::new();
    let style = severity_style(verdict.severity);
    doc.paragraph(Line::of(style, &format!("{}: ", verdict.severity)).plain(&verdict.summary));
    let mut inner = Doc::new();
    inner.definitions(verdict.evidence.iter().map(evidence).collect());
    verdict.remedies.iter().for_each(|way| remedy(&mut inner, way));
    doc.nested(inner);
    doc
}

/// What an answer without a verdict means; nothing is claimed of what could not be asked.
fn conclusion(ladder: &DnsLadder) -> Line {
    if !ladder.gaps.is_empty() {
        return Line::of(Style::Note, "Nothing broken was seen, and not everything could be looked at.");
    }
    let unknown = ladder.names.iter().find(|name| name.addresses.is_empty());
    match unknown {
        None => Line::of(Style::Good, "Names are found: no rung is broken."),
        Some(name) => {
            let words = format!(" {} is not known to the servers here: try a NAME that is.", name.name);
            Line::of(Style::Good, "No rung is broken.").plain(&words)
        }
    }
}
