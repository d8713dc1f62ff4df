//! What a request holds at a place: a field of its body, a parameter, a filter.

use std::borrow::Cow;

use form_urlencoded::parse;
use porthole_model::Exchange;
use serde_json::Value;

use super::places::{Meaning, Place};

/// A request, taken apart.
pub(super) struct Request<'a> {
    pub(super) exchange: &'a Exchange,
    parameters: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    filters: Value,
    body: Value,
}

impl<'a> Request<'a> {
    /// A body that is no JSON, or not whole, holds nothing.
    pub(super) fn new(exchange: &'a Exchange, body: &[u8]) -> Self {
        let parameters: Vec<_> = parse(exchange.query().unwrap_or_default().as_bytes()).collect();
        let filters = parameters.iter().find(|(name, _)| name == "filters");
        let filters = filters.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default();
        Self { exchange, parameters, filters, body: serde_json::from_slice(body).unwrap_or_default() }
    }

    pub(super) fn is_one_of(&self, operations: &[&str]) -> bool {
        self.exchange.operation.as_deref().is_some_and(|operation| operations.contains(&operation))
    }

    /// Whether something that matters stands there: clients send many fields empty.
    pub(super) fn has(&self, place: Place) -> bool {
        match place {
            Place::Parameter(wanted) => {
                self.parameters.iter().any(|(name, value)| name == wanted && !is_off(value))
            }
            Place::Filter(wanted) => self.filters.get(wanted).is_some(),
            Place::Field(path, meaning) => self.field_matters(path, meaning),
        }
    }

    fn field_matters(&self, path: &str, meaning: Meaning) -> bool {
        let found = at(&self.body, path);
        match meaning {
            Meaning::Set => found.iter().any(|value| !is_empty(value)),
            Meaning::Present => found.iter().any(|value| !value.is_null()),
            Meaning::Is(wanted) => found.iter().any(|value| text(value) == wanted),
            Meaning::SetWithout(other) => {
                found.iter().any(|value| !is_empty(value)) && !self.field_matters(other, Meaning::Set)
            }
        }
    }
}

/// The values at a path: `HostConfig.Mounts[].Type` goes into each element, `Networks.*.Aliases` into each member.
fn at<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    path.split('.').fold(vec![value], |values, segment| {
        values.into_iter().flat_map(|value| step(value, segment)).collect()
    })
}

fn step<'a>(value: &'a Value, segment: &str) -> Vec<&'a Value> {
    let Some(members) = value.as_object() else { return Vec::new() };
    match segment.strip_suffix("[]") {
        _ if segment == "*" => members.values().collect(),
        Some(name) => members.get(name).and_then(Value::as_array).into_iter().flatten().collect(),
        None => members.get(segment).into_iter().collect(),
    }
}

fn is_off(value: &str) -> bool {
    matches!(value, "" | "0" | "false" | "False")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.iter().all(is_empty),
        Value::Object(members) => members.values().all(is_empty),
    }
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
