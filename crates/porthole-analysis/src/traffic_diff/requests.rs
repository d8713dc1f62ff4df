//! In which parameters and fields two requests differ.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use form_urlencoded::parse;
use porthole_model::{Change, ChangedPart};
use serde_json::Value;

use super::bodies::{member, steady_json};
use super::volatile::steady;

/// Parameters that are new in every run.
const VOLATILE: [&str; 4] = ["buildid", "session", "since", "until"];

/// The parameters in which two queries differ.
pub(super) fn parameters(left: Option<&str>, right: Option<&str>) -> Vec<Change> {
    let [left, right] = [left, right].map(|query| by_name(query.unwrap_or_default()));
    let names: BTreeSet<_> = left.keys().chain(right.keys()).collect();
    let differs = |name: &&&String| match (left.get(**name), right.get(**name)) {
        (Some(left), Some(right)) => !VOLATILE.contains(&name.as_str()) && steady(left) != steady(right),
        _ => true,
    };
    let change = |name: &String| Change {
        part: ChangedPart::Parameter(name.clone()),
        left: left.get(name).cloned(),
        right: right.get(name).cloned(),
    };
    names.iter().filter(differs).map(|name| change(name)).collect()
}

/// A parameter that is given several times has its values side by side.
fn by_name(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for (name, value) in parse(query.as_bytes()) {
        let values: &mut String = parameters.entry(name.into_owned()).or_default();
        if !values.is_empty() {
            values.push(' ');
        }
        values.push_str(&value);
    }
    parameters
}

/// The fields in which two requests' bodies differ. What is no JSON in both is not compared: it is an archive.
pub(super) fn fields(left: &[u8], right: &[u8]) -> Vec<Change> {
    let [one, other] = [left, right].map(|body| serde_json::from_slice::<Value>(body).ok());
    let mut changes = Vec::new();
    match (one, other) {
        (Some(left), Some(right)) => field("", "", &left, &right, &mut changes),
        (None, None) if left.is_empty() == right.is_empty() => {}
        _ => changes.push(Change {
            part: ChangedPart::RequestBody,
            left: written(left),
            right: written(right),
        }),
    }
    changes
}

fn written(body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned())
}

fn field(path: &str, name: &str, left: &Value, right: &Value, changes: &mut Vec<Change>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let [left, right] = [left, right].map(|members| {
                members.iter().map(|(name, value)| (steady(name), value)).collect::<BTreeMap<_, _>>()
            });
            members(path, &left, &right, changes);
        }
        (Value::Array(left), Value::Array(right)) if has_objects(left) && has_objects(right) => {
            elements(path, left, right, changes);
        }
        _ if steady_json(name, left) == steady_json(name, right) => {}
        _ => changes.push(change(path, Some(left), Some(right))),
    }
}

type Members<'a> = BTreeMap<Cow<'a, str>, &'a Value>;

fn members(path: &str, left: &Members<'_>, right: &Members<'_>, changes: &mut Vec<Change>) {
    let names: BTreeSet<_> = left.keys().chain(right.keys()).collect();
    for name in names {
        let path = member(path, name);
        match (left.get(name), right.get(name)) {
            (Some(left), Some(right)) => field(&path, name, left, right, changes),
            (left, right) => changes.push(change(&path, left.copied(), right.copied())),
        }
    }
}

fn elements(path: &str, left: &[Value], right: &[Value], changes: &mut Vec<Change>) {
    for place in 0..left.len().max(right.len()) {
        let path = format!("{path}[{place}]");
        match (left.get(place), right.get(place)) {
            (Some(left), Some(right)) => field(&path, "", left, right, changes),
            (left, right) => changes.push(change(&path, left, right)),
        }
    }
}

fn has_objects(elements: &[Value]) -> bool {
    elements.iter().any(Value::is_object)
}

fn change(path: &str, left: Option<&Value>, right: Option<&Value>) -> Change {
    let [left, right] = [left, right].map(|value| value.map(Value::to_string));
    Change { part: ChangedPart::RequestField(path.to_owned()), left, right }
}
