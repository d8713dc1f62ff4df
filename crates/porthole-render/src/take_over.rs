//! What is said when a tap takes the place of the engine's socket, and when it gives it back.

use crate::doc::{Doc, Line, Style};

/// The stand-in is at the path.
pub fn taken(path: &str) -> Doc {
    sentence(
        Line::from("Taken over ")
            .with(Style::Code, path)
            .plain(": every call passes through here until porthole ends."),
    )
}

/// The engine made its socket anew, and it was taken over again.
pub fn taken_again(path: &str) -> Doc {
    sentence(Line::from("The engine made ").with(Style::Code, path).plain(" anew; it was taken over again."))
}

/// A holder of the socket's file was switched over.
pub fn switched(holder: &str, point: &str) -> Doc {
    sentence(
        Line::of(Style::Name, holder)
            .plain(" holds the socket at ")
            .with(Style::Code, point)
            .plain(" and was switched over."),
    )
}

/// The engine's socket is at the path.
pub fn given_back(path: &str) -> Doc {
    sentence(Line::from("Given back ").with(Style::Code, path).plain(" to the engine."))
}

/// A holder that was started meanwhile has the engine's socket now.
pub fn replaced(holder: &str, point: &str) -> Doc {
    sentence(
        Line::of(Style::Name, holder)
            .plain(" was started meanwhile; the engine's socket was put at its ")
            .with(Style::Code, point)
            .plain("."),
    )
}

/// What a killed run had taken was given back.
pub fn recovered(path: &str) -> Doc {
    sentence(
        Line::from("A killed run had taken over ")
            .with(Style::Code, path)
            .plain("; it was given back to the engine."),
    )
}

fn sentence(line: Line) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(line);
    doc
}
