//! What doctor says: the host, what was found with its evidence, what was not checked, and the sum.

mod summary;
mod unchecked;

use porthole_model::{Confidence, Evidence, Finding, Gap, Remedy, Report, Severity, Subject, SubjectKind};

use crate::doc::{Doc, Line, Style};
use crate::moment;

/// A report, whole.
pub fn doc(report: &Report) -> Doc {
    let mut doc = Doc::new();
    doc.definitions(about(report)).blank();
    for found in &report.findings {
        doc.append(finding_card(found)).blank();
    }
    doc.append(unchecked::doc(report));
    doc.append(summary::doc(report));
    doc
}

fn about(report: &Report) -> Vec<(Line, Line)> {
    let engine = match &report.engine {
        Ok(engine) => Line::from(engine.as_str()),
        Err(gap) => {
            Line::of(Style::Warning, "not read: ").plain(&gap.cause).with(Style::Faint, &remedy_of(gap))
        }
    };
    let read = moment::for_people(report.observed_at);
    let term = |word| Line::of(Style::Faint, word);
    vec![(term("host"), report.host.as_str().into()), (term("engine"), engine), (term("read"), read.into())]
}

fn remedy_of(gap: &Gap) -> String {
    gap.remedy.as_ref().map(|remedy| format!(" ({remedy})")).unwrap_or_default()
}

/// A finding that stands for itself.
pub(crate) fn finding_card(found: &Finding) -> Doc {
    let mut doc = Doc::new();
    doc.card(severity_style(found.severity), finding(found));
    doc
}

fn finding(finding: &Finding) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(head(finding));
    let mut inner = Doc::new();
    inner.definitions(finding.evidence.iter().map(evidence).collect());
    finding.remedies.iter().for_each(|way| remedy(&mut inner, way));
    let mut folded = Vec::new();
    finding.explains.iter().for_each(|effect| collect_folded(effect, &mut folded));
    if !folded.is_empty() {
        inner.paragraph(Line::of(Style::Strong, "explains")).list(folded);
    }
    doc.nested(inner);
    doc
}

pub(crate) fn head(finding: &Finding) -> Line {
    let mut line =
        Line::of(severity_style(finding.severity), &format!("{}[{}]", finding.severity, finding.code));
    line.push(Style::Plain, " ");
    line.append(subject(&finding.subject));
    line.push(Style::Plain, ": ");
    line.push(Style::Plain, &finding.summary);
    if finding.confidence == Confidence::Likely {
        line.push(Style::Faint, " (likely: the evidence admits other causes)");
    }
    line
}

pub(crate) fn subject(subject: &Subject) -> Line {
    let kind = match subject.kind {
        SubjectKind::Host => "host",
        SubjectKind::Engine => "engine",
        SubjectKind::Network => "network",
        SubjectKind::Container => "container",
        SubjectKind::Port => "port",
    };
    Line::from(format!("{kind} ")).with(Style::Name, &subject.name)
}

pub(crate) fn evidence(evidence: &Evidence) -> (Line, Line) {
    let meaning = Line::from(format!("{}: ", evidence.source)).with(Style::Code, &evidence.observed);
    (Line::of(Style::Faint, "seen"), meaning)
}

pub(crate) fn remedy(doc: &mut Doc, remedy: &Remedy) {
    doc.definitions(vec![(Line::of(Style::Good, "mend"), remedy.explanation.as_str().into())]);
    if !remedy.commands.is_empty() {
        let mut commands = Doc::new();
        commands.code(remedy.commands.iter().flat_map(|command| command.lines()));
        doc.nested(commands);
    }
}

/// Effects of effects are effects: one flat list, nearest first.
fn collect_folded(effect: &Finding, folded: &mut Vec<Line>) {
    folded.push(head(effect));
    effect.explains.iter().for_each(|further| collect_folded(further, folded));
}

pub(crate) fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Note => Style::Note,
        Severity::Warning => Style::Warning,
        Severity::Error => Style::Error,
    }
}
