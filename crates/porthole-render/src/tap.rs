//! What a tap says beside the calls.

use crate::doc::{Doc, Line, Style};
use crate::export::Content;

/// Where clients connect, and how to send one there.
pub fn listening(url: &str, engine: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(
        Line::from("Every call passes on to ").with(Style::Code, engine).plain(". Send a client here with"),
    );
    let command = format!("export DOCKER_HOST={url}");
    doc.code([command.as_str()]);
    doc
}

/// A recorded request or answer: its header lines and its body, as far as they were kept.
pub fn message(title: &str, content: Option<Content<'_>>) -> Doc {
    let mut doc = head(title, content.as_ref());
    let Some(content) = content else { return doc };
    let body = readable(content.body);
    if !body.is_empty() {
        doc.blank().code(body.trim_end().lines());
    }
    doc.append(missing(&content));
    doc
}

/// The header lines of a recorded request or answer.
pub fn head(title: &str, content: Option<&Content<'_>>) -> Doc {
    let mut doc = Doc::new();
    doc.heading(title);
    match content {
        Some(content) => doc.code(String::from_utf8_lossy(content.head).trim_end().lines()),
        None => doc.paragraph(Line::of(Style::Faint, "Heads and bodies were not recorded.")),
    };
    doc
}

/// Why the body is not all there, if it is not.
pub fn missing(content: &Content<'_>) -> Doc {
    let mut doc = Doc::new();
    if let Some(missing) = content.missing {
        doc.paragraph(Line::of(Style::Warning, "The body is not all here: ").plain(missing.words()));
    }
    doc
}

/// JSON indented, other text as it is, and anything else by its size.
fn readable(body: &[u8]) -> String {
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) {
        return serde_json::to_string_pretty(&value).unwrap_or_default();
    }
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("({} bytes that are not text)", body.len()),
    }
}
