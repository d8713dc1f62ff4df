//! What was removed of the things that killed runs left behind.

use crate::doc::{Doc, Line, Style};

/// What was removed, and what goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Collected<'a> {
    /// Containers, by name.
    pub containers: &'a [String],
    /// Images.
    pub images: &'a [String],
    /// Sockets that were given back to their engines.
    pub sockets: &'a [String],
    /// Containers that tools were taken out of.
    pub swept: &'a [String],
    /// Kept sessions that were ended.
    pub sessions: &'a [String],
    /// Kept sessions that go on.
    pub kept_sessions: &'a [String],
}

/// The same in words.
pub fn doc(collected: &Collected<'_>) -> Doc {
    let Collected { containers, images, sockets, swept, sessions, kept_sessions } = *collected;
    let mut doc = Doc::new();
    if [containers, images, sockets, swept, sessions].iter().all(|removed| removed.is_empty()) {
        doc.paragraph(Line::of(Style::Good, "Nothing was left behind."));
    }
    for socket in sockets {
        doc.append(crate::take_over::recovered(socket));
    }
    let lines = |kind: &str, names: &[String]| -> Vec<Line> {
        names.iter().map(|name| Line::from(format!("{kind} ")).with(Style::Name, name)).collect()
    };
    let removed = [
        ("removed container", containers),
        ("removed image", images),
        ("took porthole's tools out of container", swept),
        ("ended session", sessions),
    ];
    for line in removed.into_iter().flat_map(|(kind, names)| lines(kind, names)) {
        doc.paragraph(line);
    }
    for line in lines("kept session", kept_sessions) {
        doc.paragraph(line.plain(" goes on: ").with(Style::Code, "porthole gc --sessions").plain(" ends it"));
    }
    doc
}
