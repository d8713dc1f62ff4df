//! The end of an audit file that is there already, which is read before anything is added.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::chain::{BEGIN, Chain, Link, Torn};

/// How much of the end is read: longer than any line.
const WINDOW: u64 = 4 * 1024 * 1024;

/// How a file ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct EndOfFile {
    /// Its length.
    pub(super) length: u64,
    /// The chain that ends with its last whole line; `None` where there is no such line.
    pub(super) chain: Option<Chain>,
    /// What stands behind that line.
    pub(super) torn: Option<Torn>,
}

impl EndOfFile {
    /// Reads it; fails where the last line is no line of an audit, or was altered.
    pub(super) fn read(file: &File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let window = length.min(WINDOW);
        let mut end = vec![0; usize::try_from(window).map_err(io::Error::other)?];
        file.read_exact_at(&mut end, length - window)?;
        let whole = end.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let (lines, rest) = end.split_at(whole);
        if !looks_torn(rest) {
            return Err(io::Error::other("it is no audit, or its end was altered; give another file"));
        }
        let torn = (!rest.is_empty()).then(|| Torn::of(rest));
        Ok(Self { length, chain: last_chain(lines)?, torn })
    }
}

fn last_chain(lines: &[u8]) -> io::Result<Option<Chain>> {
    let Some(lines) = lines.strip_suffix(b"\n") else { return Ok(None) };
    let start = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let link = Link::read(&lines[start..]);
    let link = link.ok_or_else(|| {
        io::Error::other("its last line is no line of an audit, or was altered; give another file")
    })?;
    Ok(Some(Chain { sequence: link.sequence, hash: link.hash }))
}

/// Whether this can be the beginning of a line.
fn looks_torn(rest: &[u8]) -> bool {
    let common = rest.len().min(BEGIN.len());
    rest[..common] == BEGIN.as_bytes()[..common]
}
