//! JSON Lines: an exchange a line, whole in itself.

use std::fmt::Write as _;
use std::io::{self, Write};

use porthole_model::ContainerNames;
use schemars::JsonSchema;
use serde::Serialize;

use super::content::Text;
use super::{Content, Missing, Recorded};
use crate::json::{ExchangeItem, SCHEMA_VERSION};

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole traffic export --format jsonl, a line")]
pub struct LineDocument<'a> {
    /// The version of this document.
    pub schema_version: u32,
    /// The exchange.
    #[serde(flatten)]
    pub exchange: ExchangeItem,
    /// What the versions of client and engine have to do with how it went, in words; left out where there is nothing
    /// to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_trouble: Option<&'a str>,
    /// What was recorded of the request; null where heads and bodies were not.
    pub request_content: Option<ContentItem<'a>>,
    /// What was recorded of the answer.
    pub answer_content: Option<ContentItem<'a>>,
}

/// A request or an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContentItem<'a> {
    /// Its headers, each a name and a value.
    pub headers: Vec<[String; 2]>,
    /// Its body, or the beginning; null when it is not text.
    pub text: Option<&'a str>,
    /// A body that is not text, in base64.
    pub base64: Option<String>,
    /// The SHA-256 of the whole body, in hexadecimal, where it is known.
    pub sha256: Option<String>,
    /// Why the body is not all there: `truncated`, `withheld` or `dropped`.
    pub missing: Option<&'static str>,
}

/// Writes an exchange and the end of its line.
pub fn write(recorded: &Recorded<'_>, version_trouble: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let line = LineDocument {
        schema_version: SCHEMA_VERSION,
        exchange: ExchangeItem::new(recorded.exchange, &ContainerNames::default()),
        version_trouble,
        request_content: recorded.request.as_ref().map(ContentItem::from),
        answer_content: recorded.answer.as_ref().map(ContentItem::from),
    };
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    out.write_all(&text)
}

impl<'a> From<&Content<'a>> for ContentItem<'a> {
    fn from(content: &Content<'a>) -> Self {
        let (text, base64) = match content.text() {
            Text::Plain(text) => (Some(text), None),
            Text::Base64(base64) => (None, Some(base64)),
        };
        Self {
            headers: content.headers().map(|(name, value)| [name.into_owned(), value.into_owned()]).collect(),
            text,
            base64,
            sha256: content.sha256.map(hexadecimal),
            missing: content.missing.map(Missing::word),
        }
    }
}

pub(crate) fn hexadecimal(bytes: [u8; 32]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::export::samples;

    fn line(recorded: &Recorded<'_>) -> Value {
        let mut out = Vec::new();
        write(recorded, None, &mut out).unwrap();
        assert_eq!(out.iter().position(|byte| *byte == b'\n'), Some(out.len() - 1));
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn a_line_holds_the_exchange_and_its_messages() {
        let exchange = samples::creation();
        let line = line(&samples::recorded(&exchange));
        assert_eq!(line["schema_version"], 1);
        assert_eq!(line["started"], "2026-03-01T12:00:00.25Z");
        assert_eq!(line["resource"], json!({"kind": "container", "name": "web", "id": "6b1f2"}));
        assert_eq!((&line["first_byte_us"], &line["duration_us"]), (&json!(1500), &json!(2500)));
        assert_eq!(line["client"]["arguments"], Value::Null);
        assert_eq!(line["gaps"][0]["path"], "client.user");
        assert_eq!(line["request_content"]["headers"][1], json!(["X-Registry-Auth", "********"]));
        assert_eq!(line["request_content"]["text"], r#"{"Image":"it's"}"#);
        assert_eq!(line["answer_content"]["base64"], "AP8=");
        assert_eq!(line["answer_content"]["sha256"].as_str().unwrap().len(), 64);
    }

    #[test]
    fn what_was_not_recorded_is_null() {
        let exchange = samples::creation();
        let line = line(&Recorded { exchange: &exchange, request: None, answer: None });
        assert_eq!((&line["request_content"], &line["answer_content"]), (&Value::Null, &Value::Null));
    }
}
