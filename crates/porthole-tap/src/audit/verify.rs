//! Checks audit files: whether each line is what was written, and none is missing between the first and the last.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use porthole_model::{AuditEnd, AuditFault, AuditFile, AuditNote};

use super::AuditError;
use super::chain::{Link, Torn};
use super::line::Word;

/// No line of an audit is longer.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Checks the files as one chain, the oldest first whatever their order; `-` is standard input.
pub fn verify(paths: &[PathBuf]) -> Result<Vec<AuditFile>, AuditError> {
    let mut aged: Vec<_> =
        paths.iter().map(|path| Ok((begin(path)?, path))).collect::<Result<_, AuditError>>()?;
    aged.sort_by(|one, other| one.0.cmp(&other.0));
    let mut known = None;
    aged.into_iter()
        .map(|(_, path)| {
            let failed = |source| AuditError::Read { path: path.clone(), source };
            let mut check = Check::new(path, known.take());
            let mut reader = open(path).map_err(failed)?;
            while check.read_line(&mut *reader).map_err(failed)? {}
            let (file, end) = check.finish();
            known = end;
            Ok(file)
        })
        .collect()
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    Ok(Box::new(BufReader::with_capacity(64 * 1024, File::open(path)?)))
}

/// The time and the number of the first line; nothing where that cannot be told without taking it away.
fn begin(path: &Path) -> Result<(String, u64), AuditError> {
    if path == Path::new("-") {
        return Ok((String::new(), 0));
    }
    let failed = |source| AuditError::Read { path: path.to_owned(), source };
    let mut line = Vec::new();
    let mut reader = open(path).map_err(failed)?.take(LONGEST);
    reader.read_until(b'\n', &mut line).map_err(failed)?;
    let entry = Link::read(line.strip_suffix(b"\n").unwrap_or(&line));
    Ok(entry.map_or((String::new(), 0), |entry| (entry.time, entry.sequence)))
}

/// What was last known to be in its place.
#[derive(Clone, Debug)]
struct Known {
    sequence: u64,
    /// `None` behind a line that could not be read.
    hash: Option<String>,
}

/// A check of one file.
struct Check {
    file: AuditFile,
    known: Option<Known>,
    /// Whether the run whose lines these are has closed its file.
    is_closed: bool,
    /// The line before, when it could not be read.
    unread: Option<(u64, Torn)>,
}

impl Check {
    fn new(path: &Path, known: Option<Known>) -> Self {
        let file = AuditFile {
            path: path.display().to_string(),
            lines: 0,
            sequence: None,
            end: AuditEnd::Empty,
            faults: Vec::new(),
            notes: Vec::new(),
        };
        Self { file, known, is_closed: true, unread: None }
    }

    /// Gives whether there was a line.
    fn read_line(&mut self, reader: &mut dyn BufRead) -> io::Result<bool> {
        let mut line = Vec::new();
        reader.take(LONGEST).read_until(b'\n', &mut line)?;
        let is_whole = line.pop_if(|last| *last == b'\n').is_some();
        if is_whole || line.len() as u64 >= LONGEST {
            self.file.lines += 1;
            self.line(&line);
        } else if !line.is_empty() {
            self.file.notes.push(AuditNote::Cut { bytes: line.len() as u64 });
            self.is_closed = false;
        }
        Ok(is_whole || !line.is_empty())
    }

    fn line(&mut self, line: &[u8]) {
        let number = self.file.lines;
        let Some(entry) = Link::read(line) else {
            self.settle_unread();
            self.unread = Some((number, Torn::of(line)));
            return;
        };
        self.accept_torn(&entry);
        if entry.event == Word::Opened {
            self.opened(number, &entry);
        } else if number == 1 {
            self.file.faults.push(AuditFault::Headless);
        } else {
            self.continued(number, &entry);
        }
        if entry.event == Word::Lost {
            self.file.notes.push(AuditNote::Lost { line: number, calls: entry.calls });
        }
        self.is_closed = entry.event == Word::Closed;
        let first = self.file.sequence.map_or(entry.sequence, |(first, _)| first);
        self.file.sequence = Some((first, entry.sequence));
        self.known = Some(Known { sequence: entry.sequence, hash: Some(entry.hash) });
    }

    /// A line that could not be read is no fault where the next one says that it was not written to its end.
    fn accept_torn(&mut self, entry: &Link) {
        match self.unread.take() {
            Some((line, torn)) if entry.torn.as_ref() == Some(&torn) => {
                self.file.notes.push(AuditNote::Torn { line });
            }
            unread => {
                self.unread = unread;
                self.settle_unread();
            }
        }
    }

    fn settle_unread(&mut self) {
        if let Some((line, _)) = self.unread.take() {
            self.file.faults.push(AuditFault::Altered { line });
            if let Some(known) = &mut self.known {
                *known = Known { sequence: known.sequence + 1, hash: None };
            }
        }
    }

    fn opened(&mut self, line: u64, entry: &Link) {
        if !self.is_closed {
            self.file.notes.push(AuditNote::Unclosed { line });
        }
        match (&self.known, entry.is_first()) {
            (None, true) => {}
            (_, true) => self.file.notes.push(AuditNote::Begins { line }),
            (None, false) if line == 1 => {
                self.file.notes.push(AuditNote::Continues { sequence: entry.sequence - 1 });
            }
            _ => self.continued(line, entry),
        }
    }

    fn continued(&mut self, line: u64, entry: &Link) {
        let Some(known) = &self.known else { return };
        let due = known.sequence + 1;
        let fault = match entry.sequence.cmp(&due) {
            Ordering::Greater => Some(AuditFault::Missing { line, first: due, last: entry.sequence - 1 }),
            Ordering::Less => Some(AuditFault::Moved { line, sequence: entry.sequence }),
            Ordering::Equal => {
                let fits = known.hash.as_ref().is_none_or(|hash| *hash == entry.previous);
                (!fits).then_some(AuditFault::Broken { line })
            }
        };
        self.file.faults.extend(fault);
    }

    fn finish(mut self) -> (AuditFile, Option<Known>) {
        self.settle_unread();
        self.file.end = match (self.file.lines, self.is_closed) {
            (0, true) => AuditEnd::Empty,
            (_, true) => AuditEnd::Closed,
            (_, false) => AuditEnd::Open,
        };
        (self.file, self.known)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::chain::Chain;
    use super::*;

    /// A closed file of so many lines, the chain that it continues given.
    fn lines(chain: &mut Chain, count: usize) -> Vec<String> {
        let event = |number| match number {
            0 => "opened",
            last if last + 1 == count => "closed",
            _ => "answered",
        };
        (0..count)
            .map(|number| chain.seal("t", &json!({"event": event(number), "n": number})).unwrap())
            .collect()
    }

    fn check_after(lines: &[String], known: Option<Known>) -> (AuditFile, Option<Known>) {
        let text = lines.iter().map(|line| line.clone() + "\n").collect::<String>();
        let mut check = Check::new(Path::new("x"), known);
        let mut reader = text.as_bytes();
        while check.read_line(&mut reader).unwrap() {}
        check.finish()
    }

    fn check(lines: &[String]) -> AuditFile {
        check_after(lines, None).0
    }

    fn faults(change: impl FnOnce(&mut Vec<String>)) -> Vec<AuditFault> {
        let mut lines = lines(&mut Chain::default(), 6);
        change(&mut lines);
        check(&lines).faults
    }

    #[test]
    fn a_whole_file_is_intact_and_closed() {
        let file = check(&lines(&mut Chain::default(), 6));
        assert_eq!((file.lines, file.sequence, file.end), (6, Some((1, 6)), AuditEnd::Closed));
        assert!(file.is_intact() && file.notes.is_empty());
    }

    #[test]
    fn every_way_to_tamper_shows() {
        assert_eq!(
            faults(|lines| lines[2] = lines[2].replace("\"n\":2", "\"n\":3")),
            [AuditFault::Altered { line: 3 }]
        );
        assert_eq!(
            faults(|lines| drop(lines.drain(2..4))),
            [AuditFault::Missing { line: 3, first: 3, last: 4 }]
        );
        assert_eq!(faults(|lines| lines.insert(3, "{}".to_owned()))[0], AuditFault::Altered { line: 4 });
        assert_eq!(
            faults(|lines| lines.insert(3, lines[1].clone()))[0],
            AuditFault::Moved { line: 4, sequence: 2 }
        );
        assert_eq!(
            faults(|lines| lines.swap(2, 3))[..2],
            [AuditFault::Missing { line: 3, first: 3, last: 3 }, AuditFault::Moved { line: 4, sequence: 3 }]
        );
        assert_eq!(faults(|lines| drop(lines.remove(0))), [AuditFault::Headless]);
    }

    #[test]
    fn a_line_written_anew_with_a_fitting_hash_breaks_the_chain_behind_it() {
        let anew = |lines: &mut Vec<String>| {
            let before = Link::read(lines[1].as_bytes()).unwrap();
            let mut chain = Chain { sequence: before.sequence, hash: before.hash };
            lines[2] = chain.seal("t", &json!({"event": "answered", "n": 99})).unwrap();
        };
        assert_eq!(faults(anew), [AuditFault::Broken { line: 4 }]);
    }

    #[test]
    fn a_file_without_its_end_is_open() {
        let whole = lines(&mut Chain::default(), 6);
        let file = check(&whole[..4]);
        assert_eq!((file.end, file.is_intact()), (AuditEnd::Open, true));
    }

    #[test]
    fn files_in_a_row_are_one_chain() {
        let mut chain = Chain::default();
        let (first, second, third) = (lines(&mut chain, 3), lines(&mut chain, 3), lines(&mut chain, 3));
        let (_, known) = check_after(&first, None);
        assert!(check_after(&second, known.clone()).0.is_intact());
        assert_eq!(check_after(&third, known).0.faults, [AuditFault::Missing { line: 1, first: 4, last: 6 }]);
        assert_eq!(check(&second).notes, [AuditNote::Continues { sequence: 3 }]);
        let anew = [first.clone(), lines(&mut Chain::default(), 3)].concat();
        assert_eq!(check(&anew).notes, [AuditNote::Begins { line: 4 }]);
    }
}
