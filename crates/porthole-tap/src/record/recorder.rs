//! A recording in the making.

use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags, params};

use super::gate::Gate;
use super::writer::{Order, Writer};
use super::{RecordError, RecordSettings, RecordSink, RecordStatus, body, schema};
use crate::track::Moment;

/// A recording in the making, written by a thread of its own. Dropping it writes what waits.
pub struct Recorder {
    gate: Arc<Gate>,
    orders: Sender<Order>,
    writer: Option<JoinHandle<Result<RecordStatus, RecordError>>>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recorder").field("path", &self.gate.path).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Makes a file that only its owner may read, and begins to write it.
    pub fn create(path: &Path, settings: RecordSettings) -> Result<Self, RecordError> {
        let failed = |source: io::Error| RecordError::Create { path: path.to_owned(), source };
        create_file(path)?;
        let connection = prepare(path, &settings).map_err(|error| RecordError::write(path, error))?;
        let compressor = body::compressor().map_err(failed)?;
        let interval = settings.interval;
        let gate = Arc::new(Gate::new(path.to_owned(), settings));
        let (orders, received) = channel();
        let writer = Writer {
            connection,
            compressor,
            gate: Arc::clone(&gate),
            orders: received,
            interval,
            is_finishing: false,
        };
        let thread = std::thread::Builder::new().name("recorder".to_owned());
        let writer = thread.spawn(move || writer.run()).map_err(failed)?;
        Ok(Self { gate, orders, writer: Some(writer) })
    }

    /// Where a relay puts what is to be recorded.
    pub fn sink(&self) -> RecordSink {
        RecordSink { gate: Arc::clone(&self.gate), orders: self.orders.clone() }
    }

    /// How the recording fares.
    pub fn status(&self) -> RecordStatus {
        self.gate.status()
    }

    /// Writes all that the sinks have taken, and merges the log into the file.
    pub fn finish(mut self) -> Result<RecordStatus, RecordError> {
        self.end()
    }

    fn end(&mut self) -> Result<RecordStatus, RecordError> {
        let Some(writer) = self.writer.take() else { return Ok(self.gate.status()) };
        let _already_gone = self.orders.send(Order::Finish);
        writer.join().unwrap_or_else(|_| Err(RecordError::Writer { path: self.gate.path.clone() }))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _nobody_asked = self.end();
    }
}

fn create_file(path: &Path) -> Result<(), RecordError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.map(drop).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => RecordError::Exists { path: path.to_owned() },
        _ => RecordError::Create { path: path.to_owned(), source: error },
    })
}

fn prepare(path: &Path, settings: &RecordSettings) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_prepared_statement_cache_capacity(16);
    schema::create(&connection)?;
    connection.execute(
        "INSERT INTO run (porthole_version, endpoint, started_ms) VALUES (?, ?, ?)",
        params![settings.porthole_version, settings.endpoint, Moment::now().wall.0],
    )?;
    Ok(connection)
}
