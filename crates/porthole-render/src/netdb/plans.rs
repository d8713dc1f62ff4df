//! What is going to be done about networks, and what came of it.

use crate::doc::{Doc, Line, Style};

/// One step that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOutcome {
    /// What it worked on.
    pub subject: String,
    /// The command that does the same.
    pub command: String,
    /// Why it failed, if it did; what came after it for the same thing was not tried.
    pub result: Result<(), String>,
}

/// A link that would be removed, or must stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanItem {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: String,
    /// Why it is nobody's.
    pub evidence: Vec<String>,
    /// Who uses it nevertheless.
    pub used_by: Vec<String>,
}

/// What a reset is about to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResetFacts {
    /// The networks that will be lost, each with what tells of it.
    pub lost: Vec<String>,
    /// The containers that are attached to them.
    pub containers: Vec<String>,
    /// Whether containers live on without the engine; `None` where it does not say.
    pub live_restore: Option<bool>,
    /// The database.
    pub database: String,
    /// The name that it gets.
    pub moved_to: String,
    /// Where the backup is written.
    pub backup: String,
    /// How the engine is stopped, in commands.
    pub stop: Vec<String>,
    /// How it is started.
    pub start: Vec<String>,
}

/// What a reset has left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResetOutcome {
    /// Whether the engine runs; one that did not run before is not started.
    pub is_running: bool,
    /// The networks that there are.
    pub networks: Vec<String>,
    /// Containers that ran before and do not now, each with the reason where the engine gives one.
    pub not_running: Vec<String>,
    /// Containers that run on networks that are gone.
    pub stranded: Vec<String>,
    /// The old database.
    pub moved_to: String,
    /// The backup.
    pub backup: String,
}

/// Steps as commands, before they are done.
pub fn steps_plan(commands: &[String], notes: &[String]) -> Doc {
    let mut doc = Doc::new();
    if commands.is_empty() {
        doc.paragraph(Line::of(Style::Good, "Nothing is to be done."));
    } else {
        doc.paragraph("These steps are to be done:");
        let mut inner = Doc::new();
        inner.code(commands.iter().map(String::as_str));
        doc.nested(inner);
    }
    remarks(&mut doc, notes);
    doc
}

/// What came of steps.
pub fn steps_done(outcomes: &[StepOutcome]) -> Doc {
    let mut doc = Doc::new();
    for outcome in outcomes {
        let command = Line::of(Style::Code, &outcome.command);
        match &outcome.result {
            Ok(()) => {
                let mut line = Line::of(Style::Good, "done ");
                line.append(command);
                doc.paragraph(line);
            }
            Err(cause) => {
                let mut line = Line::of(Style::Error, "failed ");
                line.append(command);
                doc.paragraph(line);
                let mut inner = Doc::new();
                inner.paragraph(Line::of(Style::Faint, &outcome.subject).plain(": ").plain(cause));
                doc.nested(inner);
            }
        }
    }
    doc
}

/// Links that are nobody's, with what shows it.
pub fn clean_plan(items: &[CleanItem]) -> Doc {
    let mut doc = Doc::new();
    if items.is_empty() {
        doc.paragraph(Line::of(Style::Good, "No bridge and no veth pair is nobody's."));
    }
    for item in items {
        let verdict = if item.used_by.is_empty() {
            Line::of(Style::Warning, "remove ")
        } else {
            Line::of(Style::Note, "keep ")
        };
        doc.paragraph(verdict.plain(&item.kind).plain(" ").with(Style::Name, &item.name));
        let mut inner = Doc::new();
        let users = item.used_by.iter().map(|user| format!("in use: {user}"));
        inner.list(item.evidence.iter().cloned().chain(users).map(Line::from).collect());
        doc.nested(inner);
    }
    doc
}

/// What a reset will do, and what that costs.
pub fn reset_plan(facts: &ResetFacts) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph("The engine forgets every network but those that it makes itself. These are lost:");
    doc.list(lines_or(&facts.lost, "none"));
    doc.paragraph("Containers on them do not start until they are put on a network again:");
    doc.list(lines_or(&facts.containers, "none"));
    doc.paragraph(match facts.live_restore {
        Some(true) => {
            "Containers would run on without the engine (live restore), on networks and with rules that nobody knows any \
             more: all of them are stopped before."
        }
        Some(false) => "Every container is stopped with the engine (no live restore). Those without a restart policy stay \
                        stopped.",
        None => "The engine does not say whether containers run on without it.",
    });
    doc.paragraph("This is what will be done:");
    let mut steps = vec![step("write the backup", &[format!("porthole netdb backup -o {}", facts.backup)])];
    steps.push(step("stop the engine and wait until it is gone", &facts.stop));
    steps.push(step("move the database away", &[format!("mv {} {}", facts.database, facts.moved_to)]));
    steps.push(step("start the engine and wait until it answers", &facts.start));
    doc.steps(steps);
    doc
}

/// What a reset left, and how to go on.
pub fn reset_done(outcome: &ResetOutcome) -> Doc {
    let mut doc = Doc::new();
    if outcome.is_running {
        let runs = Line::of(Style::Good, "The engine runs with a new database.");
        doc.paragraph(runs.plain(" It has these networks:"));
        doc.list(lines_or(&outcome.networks, "none"));
    } else {
        doc.paragraph(
            "The database was moved away. The engine did not run, and makes a new one when it is started.",
        );
    }
    if !outcome.not_running.is_empty() {
        doc.paragraph("These containers ran before and do not now:");
        doc.list(lines_or(&outcome.not_running, "none"));
    }
    if !outcome.stranded.is_empty() {
        doc.paragraph("These containers run on networks that the engine does not know any more:");
        doc.list(lines_or(&outcome.stranded, "none"));
    }
    doc.blank();
    let term = |word| Line::of(Style::Faint, word);
    let code = |text: &str| Line::of(Style::Code, text);
    doc.definitions(vec![
        (term("old database"), code(&outcome.moved_to)),
        (term("backup"), code(&outcome.backup)),
        (term("to go on"), code(&format!("porthole netdb restore --clean --start {}", outcome.backup))),
        (term("left over"), code("porthole netdb clean")),
    ]);
    doc
}

/// A backup that was written.
pub fn backup_written(path: &str, networks: usize, places: usize, digest: Option<&str>) -> Doc {
    let mut doc = Doc::new();
    let counted = format!(": {networks} networks, {places} places of containers");
    doc.paragraph(Line::of(Style::Good, "written ").with(Style::Code, path).plain(&counted));
    let term = |word| Line::of(Style::Faint, word);
    doc.definitions(vec![
        (
            term("database"),
            match digest {
                Some(digest) => Line::of(Style::Code, &format!("sha256 {digest}")),
                None => Line::of(Style::Warning, "could not be read and is not in it"),
            },
        ),
        (term("to look"), Line::of(Style::Code, &format!("tar --zstd -xOf {path} networks.json"))),
        (term("to restore"), Line::of(Style::Code, &format!("porthole netdb restore {path}"))),
    ]);
    doc
}

fn step(what: &str, commands: &[String]) -> Line {
    Line::from(format!("{what}: ")).with(Style::Code, &commands.join("; "))
}

fn remarks(doc: &mut Doc, notes: &[String]) {
    for note in notes {
        doc.append(crate::error::note(note));
    }
}

fn lines_or(lines: &[String], nothing: &str) -> Vec<Line> {
    if lines.is_empty() {
        return vec![Line::of(Style::Faint, nothing)];
    }
    lines.iter().map(|line| Line::from(line.as_str())).collect()
}
