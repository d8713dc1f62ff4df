//! What a tap says beside the calls.

use crate::doc::{Doc, Line, Style};
use crate::export::Content;

/// Where clients connect, and how to send one there; with TLS a client needs a certificate of its own.
pub fn listening(url: &str, engine: &str, with_tls: bool) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(
        Line::from("Every call passes on to ").with(Style::Code, engine).plain(". Send a client here with"),
    );
    let command = format!("export DOCKER_HOST={url}");
    doc.code([command.as_str()]);
    if with_tls {
        doc.code(["export DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=/path/of/its/certificates"]);
    }
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
