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

/// A container is reached through its engine, for that reason.
pub fn through_engine(container: &str, reason: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(
        Line::of(Style::Name, container).plain(&format!(" is entered through the engine: {reason}")),
    );
    doc
}

/// Nobody may enter a container; what is run is beside it.
pub fn not_entered(container: &str, reason: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(Line::of(Style::Name, container).plain(&format!(
        " cannot be entered: {reason}. Its processes, its network and its files are there nevertheless; its IPC, its host \
         name and its control group are not, and nothing can be mounted."
    )));
    doc
}

/// Not even the files of a container are to be had.
pub fn without_files(container: &str, reason: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(Line::of(Style::Name, container).plain(&format!(
        " does not show its files or its environment: {reason}. Its processes and its network are there; what is at / is \
         porthole's own."
    )));
    doc
}

/// The engine refuses what shows a container's files in any case.
pub fn files_may_be_out_of_reach(container: &str, reason: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(Line::of(Style::Name, container).plain(&format!(
        " gets no companion with the right to see all of its files: {reason}. Those at /proc/1/root may be out of reach."
    )));
    doc
}

/// A container that is to be frozen was so already.
pub fn was_frozen(container: &str) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(Line::of(Style::Name, container).plain(" is paused already, and stays so."));
    doc
}
