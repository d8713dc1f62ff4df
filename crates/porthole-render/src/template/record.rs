//! Data as a template sees it: what has fixed names is a record, which tells a name that it does not have from one whose
//! value is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectExt, Value};
use minijinja::{Error, ErrorKind};

/// The parts of the data that users name: a name that is not there is no mistake.
const MAPS: [&str; 3] = ["environment", "labels", "networks"];

/// Values under fixed names.
#[derive(Debug)]
struct Record {
    values: BTreeMap<String, Value>,
    /// Names that are found elsewhere.
    elsewhere: BTreeSet<String>,
}

/// The data with which a template begins; `functions` are those that stand beside it.
pub(super) fn root(data: serde_json::Value, functions: BTreeSet<String>) -> Value {
    match data {
        serde_json::Value::Object(fields) => record(fields, functions),
        other => value(other, false),
    }
}

fn value(json: serde_json::Value, is_map: bool) -> Value {
    match json {
        serde_json::Value::Object(fields) if is_map => {
            Value::from_pairs(fields.into_iter().map(|(name, inner)| (name, value(inner, false))))
        }
        serde_json::Value::Object(fields) => record(fields, BTreeSet::new()),
        serde_json::Value::Array(items) => items.into_iter().map(|item| value(item, false)).collect(),
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Bool(is_so) => Value::from(is_so),
        serde_json::Value::Number(number) => {
            number.as_i64().map_or_else(|| Value::from(number.as_f64()), Value::from)
        }
        serde_json::Value::Null => Value::from(()),
    }
}

fn record(fields: serde_json::Map<String, serde_json::Value>, elsewhere: BTreeSet<String>) -> Value {
    let values = fields.into_iter().map(|(name, inner)| {
        let is_map = MAPS.contains(&name.as_str());
        (name, value(inner, is_map))
    });
    Value::from_object(Record { values: values.collect(), elsewhere })
}

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match self.values.get(key) {
            Some(value) => Some(value.clone()),
            None if self.elsewhere.contains(key) => None,
            None => Some(self.unknown(key)),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.mapped_enumerator(|this| Box::new(this.values.keys().map(|name| Value::from(name.as_str()))))
    }
}

impl Record {
    /// A value that is an error as soon as it is used, also where it is only compared.
    fn unknown(&self, key: &str) -> Value {
        let names: Vec<_> = self.values.keys().map(String::as_str).collect();
        let words = format!("nothing is called `{key}` here; there is {}", names.join(", "));
        Value::from(Error::new(ErrorKind::InvalidOperation, words))
    }
}
