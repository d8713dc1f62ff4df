//! Why a command could not do its job, and what the user can do.

use crate::doc::{Doc, Line, Style};

/// `error: …`, what follows its first line as it is, its causes, nearest first, and hints.
pub fn doc(message: &str, causes: &[String], hints: &[String]) -> Doc {
    let mut doc = Doc::new();
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    doc.paragraph(Line::of(Style::Error, "error:").plain(" ").plain(first));
    let mut inner = Doc::new();
    if !rest.is_empty() {
        inner.code(rest.lines());
    }
    for cause in causes {
        inner.paragraph(Line::of(Style::Faint, "caused by:").plain(" ").plain(cause));
    }
    doc.nested(inner);
    for hint in hints {
        doc.paragraph(Line::of(Style::Note, "hint:").plain(" ").plain(hint));
    }
    doc
}

/// Something that went wrong beside what was asked for.
pub fn warning(words: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(Line::of(Style::Warning, "warning:").plain(" ").plain(words));
    doc
}

/// Something worth knowing beside what was asked for.
pub fn note(words: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(Line::of(Style::Note, "note:").plain(" ").plain(words));
    doc
}
