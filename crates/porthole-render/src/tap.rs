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
