//! The thread that writes: gathers events into transactions, and goes on after a disk was full.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};
use zstd::bulk::Compressor;

use super::gate::Gate;
use super::rows::{Rows, integer};
use super::sink::drop_bodies;
use super::{RecordError, RecordStatus};
use crate::Event;
use crate::track::Moment;

/// A transaction holds at most so many events.
const MOST_EVENTS: usize = 2000;

/// A transaction holds at most so many bytes, and one event.
const MOST_BYTES: usize = 2 * 1024 * 1024;

/// How often is looked for more: a thread that sleeps need not be woken for each event.
const PAUSE: Duration = Duration::from_millis(10);

/// The pause before a disk is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What a writer is told.
pub(super) enum Order {
    Write(Box<Entry>),
    Finish,
}

/// An event on its way to the file, and the room that it takes.
pub(super) struct Entry {
    pub(super) event: Event,
    pub(super) lines: usize,
    pub(super) bodies: usize,
    pub(super) is_without_bodies: bool,
}

/// Writes what it is told to.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) compressor: Compressor<'static>,
    pub(super) gate: Arc<Gate>,
    pub(super) orders: Receiver<Order>,
    pub(super) interval: Duration,
    /// Whether no order follows.
    pub(super) is_finishing: bool,
}

/// What goes into one transaction.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    lines: usize,
    bodies: usize,
}

impl Writer {
    /// Writes until it is told to finish. Then the log is merged into the file.
    pub(super) fn run(mut self) -> Result<RecordStatus, RecordError> {
        let mut outcome = Ok(());
        while !self.is_finishing {
            let batch = self.gather();
            outcome = self.write_patiently(batch);
        }
        outcome?;
        self.conclude().map_err(|error| RecordError::write(&self.gate.path, error))?;
        let Self { connection, gate, .. } = self;
        connection.close().map_err(|(_, error)| RecordError::write(&gate.path, error))?;
        Ok(gate.status())
    }

    /// What comes within the interval from the first event on, or fills a transaction.
    fn gather(&mut self) -> Batch {
        let mut batch = Batch::default();
        match self.orders.recv() {
            Ok(Order::Write(entry)) => batch.push(*entry),
            Ok(Order::Finish) | Err(_) => self.is_finishing = true,
        }
        let deadline = Instant::now() + self.interval;
        while !self.is_finishing && !batch.is_full() {
            match self.orders.try_recv() {
                Ok(Order::Write(entry)) => batch.push(*entry),
                Ok(Order::Finish) | Err(TryRecvError::Disconnected) => self.is_finishing = true,
                Err(TryRecvError::Empty) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) => sleep(left.min(PAUSE)),
                    None => break,
                },
            }
        }
        batch
    }

    /// Writes a batch, however long it takes; at the end of the recording it is tried only once more. What a full
    /// disk has no room for it may have without the bodies.
    fn write_patiently(&mut self, mut batch: Batch) -> Result<(), RecordError> {
        while let Err(error) = self.write(&batch) {
            let is_full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
            if is_full && self.drop_bodies(&mut batch) {
                continue;
            }
            let path = &self.gate.path;
            if self.is_finishing {
                self.gate.note_lost(batch.exchanges());
                return Err(RecordError::write(path, error));
            }
            self.gate.stall(|| RecordError::write(path, error));
            self.wait(&mut batch);
        }
        self.gate.note_written(batch.exchanges());
        self.gate.note_dropped_bodies(batch.without_bodies());
        self.gate.give_back(batch.lines, batch.bodies);
        Ok(())
    }

    /// What comes while nothing can be written waits with the others.
    fn wait(&mut self, batch: &mut Batch) {
        let deadline = Instant::now() + RETRY;
        while !self.is_finishing {
            match self.orders.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(Order::Write(entry)) => batch.push(*entry),
                Ok(Order::Finish) | Err(RecvTimeoutError::Disconnected) => self.is_finishing = true,
                Err(RecvTimeoutError::Timeout) => return,
            }
        }
    }

    /// Whether there was something to drop.
    fn drop_bodies(&self, batch: &mut Batch) -> bool {
        let freed = batch.drop_bodies();
        self.gate.give_back(0, freed);
        freed > 0
    }

    fn write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut rows = Rows { connection: &transaction, compressor: &mut self.compressor };
        for entry in &batch.entries {
            rows.write(&entry.event, entry.is_without_bodies)?;
        }
        note_losses(&transaction, self.gate.status(), batch.without_bodies())?;
        transaction.commit()
    }

    fn conclude(&self) -> rusqlite::Result<()> {
        note_losses(&self.connection, self.gate.status(), 0)?;
        self.connection.execute("UPDATE run SET ended_ms = ?", [Moment::now().wall.0])?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }
}

impl Batch {
    fn push(&mut self, entry: Entry) {
        self.lines += entry.lines;
        self.bodies += entry.bodies;
        self.entries.push(entry);
    }

    fn is_full(&self) -> bool {
        self.entries.len() >= MOST_EVENTS || self.lines + self.bodies >= MOST_BYTES
    }

    fn exchanges(&self) -> u64 {
        self.entries.iter().filter(|entry| matches!(entry.event, Event::Finished(_))).count() as u64
    }

    fn without_bodies(&self) -> u64 {
        self.entries.iter().filter(|entry| entry.is_without_bodies).count() as u64
    }

    /// Gives the bytes that were dropped.
    fn drop_bodies(&mut self) -> usize {
        for entry in self.entries.iter_mut().filter(|entry| entry.bodies > 0) {
            if let Event::Finished(finished) = &mut entry.event {
                drop_bodies(finished);
            }
            (entry.bodies, entry.is_without_bodies) = (0, true);
        }
        std::mem::take(&mut self.bodies)
    }
}

fn note_losses(connection: &Connection, status: RecordStatus, more: u64) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached("UPDATE run SET bodies_dropped = ?, exchanges_lost = ?")?;
    update.execute(params![integer(status.bodies_dropped + more), integer(status.lost)]).map(drop)
}
