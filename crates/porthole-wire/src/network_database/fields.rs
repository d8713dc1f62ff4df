//! The fields of a JSON object, taken out one by one: what is left was not understood.

use std::collections::BTreeMap;

use porthole_model::{MaskedText, Secrets};
use serde_json::{Map, Value};

/// Go prints a missing address as this.
const NIL: &str = "<nil>";

/// Fields that are still there.
pub(super) struct Fields {
    map: Map<String, Value>,
}

impl Fields {
    pub(super) fn of(map: Map<String, Value>) -> Self {
        Self { map }
    }

    /// A text; empty where there is none. A field of another type stays.
    pub(super) fn text(&mut self, name: &str) -> String {
        let taken = self.take(name, |value| value.as_str().map(str::to_owned));
        taken.filter(|text| text != NIL).unwrap_or_default()
    }

    pub(super) fn truth(&mut self, name: &str) -> bool {
        self.take(name, Value::as_bool).unwrap_or_default()
    }

    pub(super) fn number(&mut self, name: &str) -> u64 {
        self.take(name, Value::as_u64).unwrap_or_default()
    }

    pub(super) fn object(&mut self, name: &str) -> Option<Self> {
        self.take(name, |value| value.as_object().cloned()).map(Self::of)
    }

    pub(super) fn list(&mut self, name: &str) -> Vec<Value> {
        self.take(name, |value| value.as_array().cloned()).unwrap_or_default()
    }

    /// A list of objects, each as its fields.
    pub(super) fn objects(&mut self, name: &str) -> Vec<Self> {
        objects(self.list(name))
    }

    /// A list of objects that is written as JSON within a text.
    pub(super) fn objects_in_text(&mut self, name: &str) -> Vec<Self> {
        let parse = |value: &Value| serde_json::from_str::<Vec<Value>>(value.as_str()?).ok();
        objects(self.take(name, parse).unwrap_or_default())
    }

    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let texts = self.list(name);
        texts.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    pub(super) fn text_map(&mut self, name: &str, secrets: Secrets) -> BTreeMap<String, MaskedText> {
        self.object(name).map(|object| object.rest(secrets)).unwrap_or_default()
    }

    /// Puts an object back of which not everything was understood.
    pub(super) fn put_back(&mut self, name: &str, object: Option<Self>) {
        if let Some(object) = object.filter(|object| !object.map.is_empty()) {
            self.map.insert(name.to_owned(), Value::Object(object.map));
        }
    }

    /// What is left: texts as they are, all else as JSON.
    pub(super) fn rest(self, secrets: Secrets) -> BTreeMap<String, MaskedText> {
        let written = |(name, value): (String, Value)| {
            let text = match value {
                Value::String(text) => text,
                other => masked_json(&other, secrets),
            };
            let masked = MaskedText::value(&name, &text, secrets);
            (name, masked)
        };
        self.map.into_iter().map(written).collect()
    }

    fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.map.get(name)?;
        if value.is_null() {
            self.map.remove(name);
            return None;
        }
        let read = read(value)?;
        self.map.remove(name);
        Some(read)
    }
}

fn masked_json(value: &Value, secrets: Secrets) -> String {
    let text = value.to_string();
    match secrets {
        Secrets::Show => text,
        Secrets::Mask => String::from_utf8_lossy(&crate::mask::masked(text.as_bytes())).into_owned(),
    }
}

fn objects(values: Vec<Value>) -> Vec<Fields> {
    let object = |value| match value {
        Value::Object(map) => Some(Fields::of(map)),
        _ => None,
    };
    values.into_iter().filter_map(object).collect()
}
