//! What a check of audit files came to.

use porthole_model::{AuditEnd, AuditFault, AuditFile, AuditNote};

use crate::doc::{Doc, Line, Style};

/// A verdict for each file, and below it what does not fit and what is worth knowing.
pub fn doc(files: &[AuditFile]) -> Doc {
    let mut doc = Doc::new();
    for file in files {
        doc.paragraph(verdict(file));
        let faults = file.faults.iter().map(|fault| Line::of(Style::Error, &fault_words(*fault)));
        let notes = file.notes.iter().map(|note| Line::from(note_words(*note).as_str()));
        let lines: Vec<_> = faults.chain(notes).collect();
        if !lines.is_empty() {
            doc.list(lines);
        }
    }
    doc
}

fn verdict(file: &AuditFile) -> Line {
    let lines = match file.sequence {
        Some((first, last)) => format!("{} lines, numbers {first} to {last}", file.lines),
        None => format!("{} lines", file.lines),
    };
    let line = Line::of(Style::Name, &file.path).plain(": ");
    let line = if file.is_intact() {
        line.with(Style::Good, "intact")
    } else {
        line.with(Style::Error, "not what was written")
    };
    line.plain(&format!(", {lines}, {}", end_words(file.end)))
}

fn end_words(end: AuditEnd) -> &'static str {
    match end {
        AuditEnd::Closed => "closed",
        AuditEnd::Open => "not closed: still written, killed, or cut off behind its last line",
        AuditEnd::Empty => "empty",
    }
}

pub(crate) fn fault_words(fault: AuditFault) -> String {
    match fault {
        AuditFault::Altered { line } => format!("line {line} was altered, or is no line of an audit"),
        AuditFault::Missing { line, first, last } if first == last => {
            format!("before line {line}, the line with number {first} is missing")
        }
        AuditFault::Missing { line, first, last } => {
            format!("before line {line}, the lines with numbers {first} to {last} are missing")
        }
        AuditFault::Moved { line, sequence } => {
            format!("line {line} is not where it was written: its number is {sequence}")
        }
        AuditFault::Broken { line } => {
            format!("line {line} does not continue the line before it: one of them was written anew")
        }
        AuditFault::Headless => "the file does not begin with its first line".to_owned(),
    }
}

pub(crate) fn note_words(note: AuditNote) -> String {
    match note {
        AuditNote::Continues { sequence } => {
            format!("it continues a file that ended with number {sequence} and was not given")
        }
        AuditNote::Begins { line } => format!("line {line} begins a chain of its own"),
        AuditNote::Unclosed { line } => {
            format!(
                "the run before line {line} did not close the file: killed, or cut off behind its last line"
            )
        }
        AuditNote::Torn { line } => {
            format!("line {line} was not written to its end, as the run after it says")
        }
        AuditNote::Cut { bytes } => {
            format!("the last {bytes} bytes are no whole line: being written, or cut off")
        }
        AuditNote::Lost { line, calls } => {
            format!("line {line} says that {calls} calls are missing because nothing could be written")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_has_its_verdict_and_its_reasons() {
        let intact = AuditFile {
            path: "audit.log.1".to_owned(),
            lines: 7,
            sequence: Some((1, 7)),
            end: AuditEnd::Closed,
            faults: Vec::new(),
            notes: Vec::new(),
        };
        let tampered = AuditFile {
            path: "audit.log".to_owned(),
            lines: 3,
            sequence: Some((8, 11)),
            end: AuditEnd::Open,
            faults: vec![AuditFault::Missing { line: 2, first: 9, last: 9 }, AuditFault::Altered { line: 3 }],
            notes: vec![AuditNote::Cut { bytes: 12 }],
        };
        let mut out = Vec::new();
        let settings = crate::text::TextSettings { width: None, color: false };
        let files = [intact, tampered];
        crate::text::print(&doc(&files), &settings, &mut out).unwrap();
        insta::assert_snapshot!("audit", String::from_utf8(out).unwrap());
        insta::assert_snapshot!("audit_json", crate::json::audit_verdict(&files));
    }
}
