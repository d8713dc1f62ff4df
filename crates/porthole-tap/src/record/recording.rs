//! A recording to be read, also while it is being written.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use porthole_model::{Exchange, ExchangeId, Timestamp};
use porthole_wire::http1::Side;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::body::unpack;
use super::rows::{integer, word_of_side};
use super::{Body, BodyState, RecordError, reading};

/// Exchanges that are read at a time. Between them nothing is held open: a reader that waits, such as a pager, keeps
/// no log of a recorder from being merged.
const PAGE: i64 = 500;

/// A recording to be read, also while it is being written.
pub struct Recording {
    path: PathBuf,
    connection: Connection,
}

/// What a recording says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The version of porthole that wrote it.
    pub porthole_version: String,
    /// The engine behind the relay.
    pub endpoint: String,
    /// When it began.
    pub started: Timestamp,
    /// When it was finished; `None` of one that goes on, or was cut short.
    pub ended: Option<Timestamp>,
    /// Exchanges whose heads and bodies were dropped for want of room.
    pub bodies_dropped: u64,
    /// Exchanges that are missing because the file could not be written.
    pub exchanges_lost: u64,
}

impl fmt::Debug for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recording").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Recording {
    /// Opens a recording, of whatever size, at once.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        Ok(Self { path: path.to_owned(), connection: reading::open(path)? })
    }

    /// What it says of itself.
    pub fn run(&self) -> Result<Run, RecordError> {
        let text = "SELECT porthole_version, endpoint, started_ms, ended_ms, bodies_dropped, exchanges_lost FROM run";
        let run = self.connection.query_row(text, [], |row| {
            Ok(Run {
                porthole_version: row.get(0)?,
                endpoint: row.get(1)?,
                started: Timestamp(row.get(2)?),
                ended: row.get::<_, Option<_>>(3)?.map(Timestamp),
                bodies_dropped: number(row, 4)?,
                exchanges_lost: number(row, 5)?,
            })
        });
        match run.optional().map_err(|error| self.failed(error))? {
            Some(run) => Ok(run),
            None => Err(RecordError::damaged(&self.path, "it says nothing of its run")),
        }
    }

    /// Gives every exchange in the order of the requests, a page at a time in memory, until `each` breaks.
    pub fn exchanges(&self, each: &mut dyn FnMut(Exchange) -> ControlFlow<()>) -> Result<(), RecordError> {
        let mut last = i64::MIN;
        loop {
            let page = self.page(last).map_err(|error| self.failed(error))?;
            let Some((newest, _)) = page.last() else { return Ok(()) };
            last = *newest;
            for (_, noun) in page {
                if each(self.parse(&noun)?).is_break() {
                    return Ok(());
                }
            }
        }
    }

    /// One exchange.
    pub fn exchange(&self, id: ExchangeId) -> Result<Option<Exchange>, RecordError> {
        let text = "SELECT noun FROM exchanges WHERE id = ?";
        let noun = self.connection.query_row(text, [integer(id.0)], |row| row.get::<_, String>(0));
        noun.optional().map_err(|error| self.failed(error))?.map(|noun| self.parse(&noun)).transpose()
    }

    /// The exchanges of one exec, in the order of the requests; no more than `most` of them.
    pub fn exchanges_of_exec(&self, exec: &str, most: usize) -> Result<Vec<Exchange>, RecordError> {
        let nouns = self.nouns_of_exec(exec, most).map_err(|error| self.failed(error))?;
        nouns.iter().map(|noun| self.parse(noun)).collect()
    }

    /// The header lines of a request or an answer, credentials masked; `None` where none were kept.
    pub fn head(&self, id: ExchangeId, side: Side) -> Result<Option<Vec<u8>>, RecordError> {
        let text = "SELECT head FROM bodies WHERE exchange = ? AND side = ?";
        let values = params![integer(id.0), word_of_side(side)];
        let head = self.connection.query_row(text, values, |row| row.get(0));
        head.optional().map_err(|error| self.failed(error))
    }

    /// The body of a request or an answer; `None` where bodies were not recorded.
    pub fn body(&self, id: ExchangeId, side: Side) -> Result<Option<Body>, RecordError> {
        let text = "SELECT body, encoding, kept, length, state, masked, sha256 FROM bodies \
                    WHERE exchange = ? AND side = ?";
        let values = params![integer(id.0), word_of_side(side)];
        let body = self.connection.query_row(text, values, PackedBody::of);
        let body = body.optional().map_err(|error| self.failed(error))?;
        body.map(|packed| packed.unpack(&self.path)).transpose()
    }

    fn page(&self, last: i64) -> rusqlite::Result<Vec<(i64, String)>> {
        let text = "SELECT id, noun FROM exchanges WHERE id > ? ORDER BY id LIMIT ?";
        let mut select = self.connection.prepare_cached(text)?;
        let rows = select.query_map([last, PAGE], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    fn nouns_of_exec(&self, exec: &str, most: usize) -> rusqlite::Result<Vec<String>> {
        let text = "SELECT noun FROM exchanges WHERE exec = ? ORDER BY id LIMIT ?";
        let mut select = self.connection.prepare_cached(text)?;
        let rows = select.query_map(params![exec, integer(most as u64)], |row| row.get(0))?;
        rows.collect()
    }

    fn parse(&self, noun: &str) -> Result<Exchange, RecordError> {
        serde_json::from_str(noun).map_err(|error| RecordError::damaged(&self.path, error))
    }

    fn failed(&self, error: rusqlite::Error) -> RecordError {
        RecordError::read(&self.path, error)
    }
}

/// A body as it lies in the file.
struct PackedBody {
    packed: Vec<u8>,
    encoding: String,
    kept: u64,
    length: u64,
    state: String,
    masked: bool,
    sha256: Option<[u8; 32]>,
}

impl PackedBody {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            packed: row.get(0)?,
            encoding: row.get(1)?,
            kept: number(row, 2)?,
            length: number(row, 3)?,
            state: row.get(4)?,
            masked: row.get(5)?,
            sha256: row.get(6)?,
        })
    }

    fn unpack(self, path: &Path) -> Result<Body, RecordError> {
        let state = BodyState::of_word(&self.state);
        let state = state.ok_or_else(|| RecordError::damaged(path, format!("a body is {:?}", self.state)))?;
        let kept = usize::try_from(self.kept).map_err(|error| RecordError::damaged(path, error))?;
        let bytes = unpack(self.packed, &self.encoding, kept);
        let bytes = bytes.map_err(|error| RecordError::damaged(path, error))?;
        Ok(Body { bytes, length: self.length, state, masked: self.masked, sha256: self.sha256 })
    }
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, value))
}
