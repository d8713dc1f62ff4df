//! How much may wait for the writer, and what did not get in.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::{Notice, RecordError, RecordSettings, RecordStatus};

/// The room before the writer, shared with the relay's side.
pub(super) struct Gate {
    pub(super) path: PathBuf,
    /// A permit is a byte of lines.
    pub(super) lines: Semaphore,
    largest_line: u32,
    bodies: AtomicUsize,
    is_stalled: AtomicBool,
    written: AtomicU64,
    bodies_dropped: AtomicU64,
    lost: AtomicU64,
    notify: Arc<dyn Fn(Notice) + Send + Sync>,
}

impl Gate {
    pub(super) fn new(path: PathBuf, settings: RecordSettings) -> Self {
        let room = settings.waiting_lines.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            path,
            lines: Semaphore::new(room),
            largest_line: u32::try_from(room).unwrap_or(u32::MAX),
            bodies: AtomicUsize::new(settings.waiting_bodies),
            is_stalled: AtomicBool::new(false),
            written: AtomicU64::new(0),
            bodies_dropped: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            notify: settings.notify,
        }
    }

    /// The permits of a line; one that is larger than the room takes all of it.
    pub(super) fn permits(&self, weight: usize) -> u32 {
        u32::try_from(weight).unwrap_or(u32::MAX).min(self.largest_line)
    }

    /// Takes room for so many bytes of heads and bodies.
    pub(super) fn take_bodies(&self, bytes: usize) -> bool {
        let left = |left: usize| left.checked_sub(bytes);
        self.bodies.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    pub(super) fn give_back(&self, lines: usize, bodies: usize) {
        self.bodies.fetch_add(bodies, Ordering::Relaxed);
        self.lines.add_permits(lines);
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }

    /// Tells of it, the first time.
    pub(super) fn stall(&self, cause: impl FnOnce() -> RecordError) {
        if !self.is_stalled.swap(true, Ordering::Relaxed) {
            (self.notify)(Notice::Stalled(cause()));
        }
    }

    pub(super) fn note_written(&self, lines: u64) {
        self.written.fetch_add(lines, Ordering::Relaxed);
        if self.is_stalled.swap(false, Ordering::Relaxed) {
            (self.notify)(Notice::Resumed { lost: self.status().lost });
        }
    }

    pub(super) fn note_dropped_bodies(&self, exchanges: u64) {
        if exchanges > 0 && self.bodies_dropped.fetch_add(exchanges, Ordering::Relaxed) == 0 {
            (self.notify)(Notice::BodiesDropped);
        }
    }

    pub(super) fn note_lost(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }

    pub(super) fn status(&self) -> RecordStatus {
        RecordStatus {
            written: self.written.load(Ordering::Relaxed),
            bodies_dropped: self.bodies_dropped.load(Ordering::Relaxed),
            lost: self.lost.load(Ordering::Relaxed),
        }
    }
}
