//! What was removed of the things that killed runs left behind.

use crate::doc::{Doc, Line, Style};

/// The containers and images that were removed, by name, and the sockets that were given back to their engines.
pub fn doc(containers: &[String], images: &[String], sockets: &[String]) -> Doc {
    let mut doc = Doc::new();
    if containers.is_empty() && images.is_empty() && sockets.is_empty() {
        doc.paragraph(Line::of(Style::Good, "Nothing was left behind."));
    }
    for socket in sockets {
        doc.append(crate::take_over::recovered(socket));
    }
    let lines = |kind: &str, names: &[String]| -> Vec<Line> {
        names.iter().map(|name| Line::from(format!("removed {kind} ")).with(Style::Name, name)).collect()
    };
    for line in lines("container", containers).into_iter().chain(lines("image", images)) {
        doc.paragraph(line);
    }
    doc
}
