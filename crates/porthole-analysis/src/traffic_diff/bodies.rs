//! Names of kinds of JSON values, and values as texts without what is new in every run.

use serde_json::Value;

use super::volatile::{is_digest, steady};

/// A value as JSON, ids and times in it replaced; those of digests stay.
pub(super) fn steady_json(name: &str, value: &Value) -> String {
    let text = value.to_string();
    if is_digest(name) || value.is_number() { text } else { steady(&text).into_owned() }
}

/// A kind of value.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// The path of a member.
pub(super) fn member(path: &str, name: &str) -> String {
    let name = steady(name);
    if path.is_empty() { name.into_owned() } else { format!("{path}.{name}") }
}
