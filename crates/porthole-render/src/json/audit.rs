//! What `porthole traffic verify` found, as JSON.

use porthole_model::{AuditEnd, AuditFault, AuditFile, AuditNote};
use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};
use crate::audit::{fault_words, note_words};

/// What a check of audit files came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole traffic verify")]
pub struct AuditVerdictDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// Whether nothing was altered and nothing is missing in any file.
    pub intact: bool,
    /// The files, the oldest first.
    pub files: Vec<AuditFileItem>,
}

/// What a check of one file came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditFileItem {
    /// Its path, as given.
    pub path: String,
    /// Whether nothing was altered and nothing is missing.
    pub intact: bool,
    /// Its whole lines.
    pub lines: u64,
    /// The number of its first line that could be read.
    pub first: Option<u64>,
    /// The number of its last line that could be read.
    pub last: Option<u64>,
    /// How it ends.
    pub end: AuditEndWord,
    /// What does not fit.
    pub faults: Vec<AuditRemark>,
    /// What is worth knowing and breaks nothing.
    pub notes: Vec<AuditRemark>,
}

/// How an audit file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditEndWord {
    /// Its writer closed it.
    Closed,
    /// It is still written, its writer was killed, or its end was cut off.
    Open,
    /// It is empty.
    Empty,
}

/// Something about a file or a line of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditRemark {
    /// Its kind: `altered`, `missing`, `moved`, `broken`, `headless`; `continues`, `begins`, `unclosed`, `torn`,
    /// `cut`, `lost`.
    pub kind: &'static str,
    /// The line, counted from 1; null where it is about the whole file.
    pub line: Option<u64>,
    /// The same in words, with the numbers that belong to it.
    pub words: String,
}

/// What a check of audit files came to, as JSON.
pub fn audit_verdict(files: &[AuditFile]) -> String {
    pretty(&AuditVerdictDocument {
        schema_version: SCHEMA_VERSION,
        intact: files.iter().all(AuditFile::is_intact),
        files: files.iter().map(AuditFileItem::from).collect(),
    })
}

impl From<&AuditFile> for AuditFileItem {
    fn from(file: &AuditFile) -> Self {
        Self {
            path: file.path.clone(),
            intact: file.is_intact(),
            lines: file.lines,
            first: file.sequence.map(|(first, _)| first),
            last: file.sequence.map(|(_, last)| last),
            end: match file.end {
                AuditEnd::Closed => AuditEndWord::Closed,
                AuditEnd::Open => AuditEndWord::Open,
                AuditEnd::Empty => AuditEndWord::Empty,
            },
            faults: file.faults.iter().map(|fault| of_fault(*fault)).collect(),
            notes: file.notes.iter().map(|note| of_note(*note)).collect(),
        }
    }
}

fn of_fault(fault: AuditFault) -> AuditRemark {
    let (kind, line) = match fault {
        AuditFault::Altered { line } => ("altered", Some(line)),
        AuditFault::Missing { line, .. } => ("missing", Some(line)),
        AuditFault::Moved { line, .. } => ("moved", Some(line)),
        AuditFault::Broken { line } => ("broken", Some(line)),
        AuditFault::Headless => ("headless", None),
    };
    AuditRemark { kind, line, words: fault_words(fault) }
}

fn of_note(note: AuditNote) -> AuditRemark {
    let (kind, line) = match note {
        AuditNote::Continues { .. } => ("continues", None),
        AuditNote::Begins { line } => ("begins", Some(line)),
        AuditNote::Unclosed { line } => ("unclosed", Some(line)),
        AuditNote::Torn { line } => ("torn", Some(line)),
        AuditNote::Cut { .. } => ("cut", None),
        AuditNote::Lost { line, .. } => ("lost", Some(line)),
    };
    AuditRemark { kind, line, words: note_words(note) }
}
