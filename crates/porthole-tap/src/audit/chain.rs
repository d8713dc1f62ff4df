//! The chain of lines: each holds the hash of the one before, and its own. Docs: `docs/audit.md`.
//!
//! A line is one JSON object whose last member is `hash`: the SHA-256, in hexadecimal, of the line's own bytes before
//! `,"hash":`. As `previous` is among those bytes, a hash stands for all lines up to its own.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::line::Word;

/// The version of the lines' shape.
pub(super) const VERSION: u32 = 1;

/// What stands in the place of a hash where a chain begins.
pub(super) const NOTHING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What every line begins with.
pub(super) const BEGIN: &str = "{\"version\":1,\"sequence\":";

/// Before the hash at the end of a line, and behind it.
const HASH: (&str, &str) = (",\"hash\":\"", "\"}");

/// The end of a chain, to which lines are added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// The number of the last line; 0 before the first.
    pub(super) sequence: u64,
    /// Its hash.
    pub(super) hash: String,
}

/// What a line says of its place, in the order of its bytes.
#[derive(Serialize)]
struct Sealed<'a, T> {
    version: u32,
    sequence: u64,
    previous: &'a str,
    time: &'a str,
    #[serde(flatten)]
    content: &'a T,
}

/// What a reader needs of a line.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) sequence: u64,
    pub(super) previous: String,
    pub(super) event: Word,
    #[serde(default)]
    pub(super) time: String,
    #[serde(default)]
    pub(super) calls: u64,
    #[serde(default)]
    pub(super) torn: Option<Torn>,
    #[serde(skip)]
    pub(super) hash: String,
}

/// What was found behind the last whole line of a file.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Torn {
    /// How many bytes.
    pub(super) bytes: u64,
    /// Their hash.
    pub(super) hash: String,
}

impl Torn {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, hash: digest(bytes) }
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self { sequence: 0, hash: NOTHING.to_owned() }
    }
}

impl Chain {
    /// The next line, without the end of the line. The chain then ends with it.
    pub(super) fn seal(&mut self, time: &str, content: &impl Serialize) -> serde_json::Result<String> {
        let sequence = self.sequence + 1;
        let sealed = Sealed { version: VERSION, sequence, previous: &self.hash, time, content };
        let mut line = serde_json::to_string(&sealed)?;
        line.pop();
        let hash = digest(line.as_bytes());
        line.push_str(HASH.0);
        line.push_str(&hash);
        line.push_str(HASH.1);
        *self = Self { sequence, hash };
        Ok(line)
    }
}

impl Link {
    /// What a line says, without the end of the line; `None` where its hash does not fit, or it is something else.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let before = line.len().checked_sub(HASH.0.len() + NOTHING.len() + HASH.1.len())?;
        let (content, rest) = line.split_at(before);
        let hash = rest.strip_prefix(HASH.0.as_bytes())?.strip_suffix(HASH.1.as_bytes())?;
        let fits = line.starts_with(BEGIN.as_bytes()) && digest(content).as_bytes() == hash;
        let mut entry: Self = fits.then(|| serde_json::from_slice(line).ok()).flatten()?;
        entry.hash = String::from_utf8_lossy(hash).into_owned();
        Some(entry)
    }

    /// Whether a chain begins with it.
    pub(super) fn is_first(&self) -> bool {
        self.sequence == 1 && self.previous == NOTHING
    }
}

/// SHA-256 in small hexadecimal letters.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn lines(count: usize) -> Vec<String> {
        let mut chain = Chain::default();
        (0..count).map(|number| chain.seal("t", &json!({"event":"closed","n":number})).unwrap()).collect()
    }

    #[test]
    fn each_line_holds_the_hash_of_the_one_before() {
        let lines = lines(3);
        let read: Vec<_> = lines.iter().map(|line| Link::read(line.as_bytes()).unwrap()).collect();
        assert!(read[0].is_first() && lines[0].starts_with(BEGIN));
        for pair in read.windows(2) {
            assert_eq!((pair[1].sequence, &pair[1].previous), (pair[0].sequence + 1, &pair[0].hash));
        }
    }

    #[test]
    fn an_end_is_no_line() {
        assert_eq!(Link::read(b""), None);
        assert_eq!(Link::read(&[b'x'; 500]), None);
    }

    proptest! {
        #[test]
        fn no_changed_byte_goes_unnoticed(at in 0_usize..180, byte in any::<u8>()) {
            let mut line = lines(1).remove(0).into_bytes();
            let at = at % line.len();
            prop_assume!(line[at] != byte);
            line[at] = byte;
            prop_assert_eq!(Link::read(&line), None);
        }
    }
}
