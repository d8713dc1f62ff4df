//! What is said of sessions in containers.

use crate::doc::{Doc, Line, Style};

/// What came of a command in one of many containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The container's name.
    pub container: String,
    /// The command's exit code, or why there was no way in.
    pub ended: Result<u8, String>,
}

/// What came of a command in many containers: how many succeeded, and each that did not.
pub fn summary(outcomes: &[Outcome]) -> Doc {
    let succeeded = outcomes.iter().filter(|outcome| outcome.ended == Ok(0)).count();
    let containers = if outcomes.len() == 1 { "container" } else { "containers" };
    let mut doc = Doc::new();
    let counted = format!("{} {containers}, {succeeded} with exit code 0", outcomes.len());
    doc.paragraph(counted.as_str());
    for outcome in outcomes {
        let line = Line::of(Style::Name, &outcome.container);
        match &outcome.ended {
            Ok(0) => continue,
            Ok(code) => doc.paragraph(line.plain(&format!(": exit code {code}"))),
            Err(reason) => doc.paragraph(line.plain(&format!(": not entered: {reason}"))),
        };
    }
    doc
}

/// A container that is to be frozen was so already.
pub fn was_frozen(container: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(Line::of(Style::Name, container).plain(" is paused already, and stays so."));
    doc
}
