//! How two recordings differ: which calls one of them has alone, and in what the others differ.

use porthole_model::{
    CallDifference, Change, ChangedCall, ChangedPart, ContainerNames, DiffSide, Exchange, TrafficDiff,
};
use serde_json::Value;

use super::words;
use crate::doc::{Doc, Line, Style};
use crate::text::elided;

/// A value longer than this is shown by its beginning and its end.
const LONGEST_VALUE: usize = 100;

/// How two recordings differ; they are called by their `titles`, and A and B for short.
pub fn traffic_diff(diff: &TrafficDiff, titles: [&str; 2]) -> Doc {
    let mut doc = Doc::new();
    let sides = ["A", "B"].into_iter().zip(titles).zip(&diff.sides);
    doc.definitions(sides.map(|((letter, title), of)| (strong(letter), side(title, of))).collect());
    for call in &diff.calls {
        doc.blank();
        match call {
            CallDifference::OnlyLeft(call) => doc.paragraph(alone("-", Style::Error, call)),
            CallDifference::OnlyRight(call) => doc.paragraph(alone("+", Style::Good, call)),
            CallDifference::Changed(call) => changed(&mut doc, call),
        };
    }
    doc.blank().paragraph(total(diff));
    doc
}

fn side(title: &str, side: &DiffSide) -> Line {
    let mut line = Line::of(Style::Name, title).plain(&format!("  {}", calls(side.calls)));
    if side.has_more {
        line.push(Style::Warning, ", its first; the others were not compared");
    }
    if !side.api_versions.is_empty() {
        line.push(Style::Plain, &format!(", API {}", side.api_versions.join(", ")));
    }
    for agent in &side.user_agents {
        line.push(Style::Faint, &format!(", {agent}"));
    }
    line
}

fn calls(count: u64) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

fn alone(mark: &str, style: Style, call: &Exchange) -> Line {
    let mut line = Line::of(style, mark).with(Style::Faint, &format!(" #{}  ", call.id));
    line.append(words::story(call, &ContainerNames::default()));
    line
}

fn changed<'a>(doc: &'a mut Doc, call: &ChangedCall) -> &'a mut Doc {
    let numbers = format!(" #{} #{}  ", call.left.id, call.right.id);
    let mut heading = Line::of(Style::Warning, "~").with(Style::Faint, &numbers);
    heading.append(words::story(&call.left, &ContainerNames::default()));
    doc.paragraph(heading);
    let mut inner = Doc::new();
    inner.definitions(terms(&call.changes));
    doc.nested(inner)
}

/// Keys and empty fields of one side alone are many, and stand together.
fn terms(changes: &[Change]) -> Vec<(Line, Line)> {
    let (grouped, single): (Vec<_>, Vec<_>) = changes.iter().partition(|change| group(change).is_some());
    let mut terms: Vec<_> =
        single.into_iter().map(|change| (faint(&label(&change.part)), values(change))).collect();
    for wanted in GROUPS {
        let of_group = grouped.iter().filter(|change| group(change) == Some(wanted));
        let paths: Vec<&str> = of_group.filter_map(|change| path(&change.part)).collect();
        if !paths.is_empty() {
            terms.push((faint(wanted.label()), Line::of(Style::Code, &paths.join(", "))));
        }
    }
    terms
}

/// What stands together, in its order.
const GROUPS: [Group; 5] = [
    Group::EmptyFieldOfBoth,
    Group::EmptyField(Side::A),
    Group::EmptyField(Side::B),
    Group::Key(Side::A),
    Group::Key(Side::B),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    A,
    B,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    EmptyFieldOfBoth,
    EmptyField(Side),
    Key(Side),
}

impl Group {
    fn label(self) -> &'static str {
        match self {
            Self::EmptyFieldOfBoth => "request, empty but written otherwise",
            Self::EmptyField(Side::A) => "request, empty and only in A",
            Self::EmptyField(Side::B) => "request, empty and only in B",
            Self::Key(Side::A) => "answer, only in A",
            Self::Key(Side::B) => "answer, only in B",
        }
    }
}

fn group(change: &Change) -> Option<Group> {
    let is_field = matches!(change.part, ChangedPart::RequestField(_));
    let (side, value) = match (&change.left, &change.right) {
        (Some(left), Some(right)) => {
            return (is_field && is_empty(left) && is_empty(right)).then_some(Group::EmptyFieldOfBoth);
        }
        (Some(value), None) => (Side::A, value),
        (None, Some(value)) => (Side::B, value),
        (None, None) => return None,
    };
    match change.part {
        ChangedPart::AnswerKey(_) => Some(Group::Key(side)),
        _ if is_field && is_empty(value) => Some(Group::EmptyField(side)),
        _ => None,
    }
}

/// Whether a JSON value says nothing: it is null, zero, false, or holds only such.
fn is_empty(value: &str) -> bool {
    serde_json::from_str(value).is_ok_and(|value| says_nothing(&value))
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.iter().all(says_nothing),
        Value::Object(members) => members.values().all(says_nothing),
    }
}

fn label(part: &ChangedPart) -> String {
    match part {
        ChangedPart::About => "about".to_owned(),
        ChangedPart::Status => "status".to_owned(),
        ChangedPart::Failure => "failure".to_owned(),
        ChangedPart::End => "end".to_owned(),
        ChangedPart::ExitCode => "exit code".to_owned(),
        ChangedPart::Upgrade => "upgraded".to_owned(),
        ChangedPart::Parameter(name) => format!("query {name}"),
        ChangedPart::RequestBody => "request".to_owned(),
        ChangedPart::RequestField(path) => format!("request {path}"),
        ChangedPart::AnswerKey(path) | ChangedPart::AnswerValue(path) => format!("answer {path}"),
        ChangedPart::Time => "time".to_owned(),
    }
}

fn path(part: &ChangedPart) -> Option<&str> {
    match part {
        ChangedPart::RequestField(path) | ChangedPart::AnswerKey(path) => Some(path),
        _ => None,
    }
}

fn values(change: &Change) -> Line {
    let value = |value: &Option<String>| match value {
        Some(value) => Line::of(Style::Code, &elided(value, LONGEST_VALUE)),
        None => Line::of(Style::Faint, "absent"),
    };
    let mut line = value(&change.left).plain(" → ");
    line.append(value(&change.right));
    line
}

fn total(diff: &TrafficDiff) -> Line {
    let mut line = match (diff.is_same(), diff.calls.is_empty()) {
        (true, true) => Line::of(Style::Good, "No difference"),
        (true, false) => Line::of(Style::Good, "No difference but in times"),
        _ => Line::of(Style::Strong, &differ(diff.calls.len() as u64)),
    };
    line.push(Style::Plain, &format!(", {} the same", calls(diff.same)));
    if diff.reordered > 0 {
        line.push(Style::Plain, &format!(", {} in another order", calls(diff.reordered)));
    }
    if diff.bodies_not_compared > 0 {
        let text = format!(
            ", {} with a body that was not kept whole, and not compared",
            calls(diff.bodies_not_compared)
        );
        line.push(Style::Warning, &text);
    }
    line
}

fn differ(count: u64) -> String {
    let verb = if count == 1 { "differs" } else { "differ" };
    format!("{} {verb}", calls(count))
}

fn strong(text: &str) -> Line {
    Line::of(Style::Strong, text)
}

fn faint(text: &str) -> Line {
    Line::of(Style::Faint, text)
}
