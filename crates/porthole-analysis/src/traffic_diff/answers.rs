//! In which keys two answers differ. Their values are of the moment, but for a few.

use std::collections::BTreeSet;

use porthole_model::{Change, ChangedPart};
use serde_json::{Map, Value};

use super::bodies::{kind, member, steady_json};
use super::volatile::steady;

/// Keys of the answer itself whose values equal calls have in common.
const STEADY: [&str; 4] = ["message", "Warnings", "StatusCode", "ExitCode"];

/// The keys and steady values in which two answers differ. Streams of several values are not compared.
pub(super) fn answer(left: &[u8], right: &[u8]) -> Vec<Change> {
    let [left, right] = [left, right].map(|body| serde_json::from_slice::<Value>(body).ok());
    let mut changes = Vec::new();
    if let (Some(left), Some(right)) = (left, right) {
        keys("", &[&left], &[&right], &mut changes);
        changes.extend(STEADY.iter().filter_map(|name| steady_value(name, &left, &right)));
    }
    changes
}

fn steady_value(name: &str, left: &Value, right: &Value) -> Option<Change> {
    let (left, right) = (left.get(name)?, right.get(name)?);
    let part = ChangedPart::AnswerValue(name.to_owned());
    (!is_empty(left) || !is_empty(right)).then_some(())?;
    (steady_json(name, left) != steady_json(name, right)).then(|| Change {
        part,
        left: Some(left.to_string()),
        right: Some(right.to_string()),
    })
}

/// `null` and the empty list say the same.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

/// Compares what stands at one path: a list's elements all stand at the same one. An empty list or object, or `null`,
/// does not tell what it could hold.
fn keys(path: &str, left: &[&Value], right: &[&Value], changes: &mut Vec<Change>) {
    let [left_kinds, right_kinds] = [left, right].map(kinds);
    if !left_kinds.is_empty() && !right_kinds.is_empty() && left_kinds.is_disjoint(&right_kinds) {
        let words = |kinds: BTreeSet<&str>| Some(kinds.into_iter().collect::<Vec<_>>().join(" or "));
        changes.push(change(path, words(left_kinds), words(right_kinds)));
        return;
    }
    let [left_elements, right_elements] = [left, right].map(elements);
    if !left_elements.is_empty() && !right_elements.is_empty() {
        keys(&format!("{path}[]"), &left_elements, &right_elements, changes);
    }
    let [left, right] = [left, right].map(objects);
    let [left_names, right_names] = [&left, &right].map(|objects| names(objects));
    if left_names.is_empty() || right_names.is_empty() {
        return;
    }
    for name in left_names.union(&right_names) {
        let [left, right] = [&left, &right].map(|objects| values(objects, name));
        let path = member(path, name);
        match (left.first(), right.first()) {
            (Some(_), Some(_)) => keys(&path, &left, &right, changes),
            (one, other) => {
                let kind = |value: &&Value| kind(value).to_owned();
                changes.push(change(&path, one.map(kind), other.map(kind)));
            }
        }
    }
}

fn kinds(values: &[&Value]) -> BTreeSet<&'static str> {
    values.iter().filter(|value| !value.is_null()).map(|value| kind(value)).collect()
}

fn elements<'a>(values: &[&'a Value]) -> Vec<&'a Value> {
    values.iter().filter_map(|value| value.as_array()).flatten().collect()
}

fn objects<'a>(values: &[&'a Value]) -> Vec<&'a Map<String, Value>> {
    values.iter().filter_map(|value| value.as_object()).collect()
}

fn names(objects: &[&Map<String, Value>]) -> BTreeSet<String> {
    objects.iter().flat_map(|object| object.keys()).map(|name| steady(name).into_owned()).collect()
}

fn values<'a>(objects: &[&'a Map<String, Value>], wanted: &str) -> Vec<&'a Value> {
    let members = objects.iter().flat_map(|object| object.iter());
    members.filter(|(name, _)| steady(name) == wanted).map(|(_, value)| value).collect()
}

fn change(path: &str, left: Option<String>, right: Option<String>) -> Change {
    Change { part: ChangedPart::AnswerKey(path.to_owned()), left, right }
}
