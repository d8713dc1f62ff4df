//! JSON as the engine reads it (Go's `encoding/json`): the case of names does not matter, of two values of one name the
//! later one counts, two objects of one name become one, and `null` changes nothing. A reader that is stricter would
//! show something else than what the engine does.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value, its names without case.
#[derive(Debug, Default, PartialEq)]
pub(super) enum GoJson {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<GoJson>),
    Object(BTreeMap<String, GoJson>),
}

impl GoJson {
    /// The value of a name, which is given in small letters; null where there is none.
    pub(super) fn get(&self, name: &str) -> &Self {
        const NOTHING: &GoJson = &GoJson::Null;
        match self {
            Self::Object(members) => members.get(name).unwrap_or(NOTHING),
            _ => NOTHING,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The texts of a list, or the one text that stands for such a list.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::List(items) => items.iter().filter_map(Self::text).collect(),
            other => other.text().into_iter().collect(),
        }
    }

    fn merge(&mut self, later: Self) {
        match (self, later) {
            (_, Self::Null) => {}
            (Self::Object(known), Self::Object(more)) => {
                for (name, value) in more {
                    known.entry(name).or_default().merge(value);
                }
            }
            (known, later) => *known = later,
        }
    }
}

/// Go folds two letters beside the ASCII ones: the long s and the sign of kelvin.
fn folded(name: &str) -> String {
    name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

impl<'de> Deserialize<'de> for GoJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = GoJson;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<GoJson, E> {
        Ok(GoJson::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<GoJson, E> {
        Ok(GoJson::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "no number is shown, only told from other kinds")]
    fn visit_u64<E>(self, value: u64) -> Result<GoJson, E> {
        Ok(GoJson::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "no number is shown, only told from other kinds")]
    fn visit_i64<E>(self, value: i64) -> Result<GoJson, E> {
        Ok(GoJson::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<GoJson, E> {
        Ok(GoJson::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<GoJson, E> {
        Ok(GoJson::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<GoJson, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(GoJson::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<GoJson, A::Error> {
        let mut members: BTreeMap<String, GoJson> = BTreeMap::new();
        while let Some((name, value)) = object.next_entry::<String, GoJson>()? {
            members.entry(folded(&name)).or_default().merge(value);
        }
        Ok(GoJson::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> GoJson {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn names_have_no_case_and_the_later_value_counts() {
        let value = parse(r#"{"Image":"good","iMAGE":"other","\u017fize":1}"#);
        assert_eq!(value.get("image").text(), Some("other"));
        assert_eq!(*value.get("size"), GoJson::Number(1.0));
    }

    #[test]
    fn objects_of_one_name_become_one_and_null_changes_nothing() {
        let value =
            parse(r#"{"HostConfig":{"Privileged":true},"hostconfig":{"privileged":null,"Binds":["/:/h"]}}"#);
        let config = value.get("hostconfig");
        assert!(config.get("privileged").is_true());
        assert_eq!(config.get("binds").texts(), ["/:/h"]);
    }

    #[test]
    fn what_is_not_there_is_null() {
        let value = parse(r#"{"a":[1,"x",""],"b":"y"}"#);
        assert_eq!(*value.get("c").get("d"), GoJson::Null);
        assert_eq!((value.get("a").texts(), value.get("b").texts()), (vec!["x"], vec!["y"]));
        assert!(value.get("b").items().is_empty());
    }
}
