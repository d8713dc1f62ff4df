//! One place of an audit as the relay sees it: a queue with bounded room, and the thread behind it.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use porthole_model::ConnectionId;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::call::{Answer, Call};
use super::chain::Chain;
use super::file::AuditFile;
use super::otlp::Otlp;
use super::syslog::Syslog;
use super::writer::{Order, Origin, Place, State, Writer};
use super::{AuditError, AuditNotice, AuditSettings, AuditTarget};

/// How many lines may wait to be written.
const ROOM: usize = 4096;

/// How long a line waits for room before its place counts as standing still.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a call waits for its line before it is refused.
const LONGEST_ASK: Duration = Duration::from_secs(10);

/// One place of an audit.
pub(super) struct Trail {
    gauge: Arc<Gauge>,
    orders: Sender<Order>,
    writer: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

/// How a place fares, shared with its thread.
pub(super) struct Gauge {
    place: String,
    room: Semaphore,
    is_stalled: AtomicBool,
    lost: AtomicU64,
    /// Of the lost ones, those that the place says nothing of yet.
    unsaid: AtomicU64,
    notify: Arc<dyn Fn(AuditNotice) + Send + Sync>,
}

impl Trail {
    /// Opens the place and begins to write it.
    pub(super) fn start(target: &AuditTarget, settings: &AuditSettings) -> Result<Self, AuditError> {
        let failed = |source| AuditError::Open { place: target.to_string(), source };
        let gauge = Arc::new(Gauge::new(target.to_string(), Arc::clone(&settings.notify)));
        let (orders, received) = channel();
        let mut writer = Writer {
            place: place(target).map_err(failed)?,
            origin: origin(settings),
            orders: received,
            gauge: Arc::clone(&gauge),
            chain: Chain::default(),
            asked: HashMap::new(),
            state: State::default(),
        };
        writer.open().map_err(failed)?;
        let thread = std::thread::Builder::new().name("audit".to_owned());
        let writer = thread.spawn(move || writer.run()).map_err(failed)?;
        Ok(Self { gauge, orders, writer: Mutex::new(Some(writer)) })
    }

    /// Ends when the call has its line, or with why it has none.
    pub(super) fn ask(&self, call: Arc<Call>) -> impl Future<Output = Result<(), String>> + Send + 'static {
        let (reply, answer) = oneshot::channel();
        let _gone = self.orders.send(Order::Ask(call, reply));
        let place = self.gauge.place.clone();
        async move {
            let cause = match timeout(LONGEST_ASK, answer).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(cause))) => cause,
                Ok(Err(_)) => "nothing is written any more".to_owned(),
                Err(_) => "it did not answer in time".to_owned(),
            };
            Err(format!("the audit {place} cannot be written: {cause}"))
        }
    }

    /// Takes the result of a call as soon as there is room; without room it is lost and counted.
    pub(super) async fn answered(&self, call: Arc<Call>, answer: Arc<Answer>) {
        if !self.gauge.has_room().await || self.orders.send(Order::Answered(call, answer)).is_err() {
            self.gauge.note_lost(1);
        }
    }

    pub(super) fn refused(&self, call: Arc<Call>, reason: &str) {
        let _gone = self.orders.send(Order::Refused(call, reason.to_owned()));
    }

    pub(super) fn end_connection(&self, connection: ConnectionId) {
        let _gone = self.orders.send(Order::ConnectionEnded(connection));
    }

    pub(super) fn reopen(&self) {
        let _gone = self.orders.send(Order::Reopen);
    }

    /// Writes what waits, and ends.
    pub(super) fn finish(&self) -> Result<(), AuditError> {
        let _gone = self.orders.send(Order::Finish);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return Ok(()) };
        let ended =
            writer.join().unwrap_or_else(|_| Err(io::Error::other("the thread that writes it failed")));
        let lost = self.gauge.lost.load(Ordering::Relaxed);
        ended.map_err(|source| AuditError::Write { place: self.gauge.place.clone(), lost, source })
    }
}

impl Gauge {
    fn new(place: String, notify: Arc<dyn Fn(AuditNotice) + Send + Sync>) -> Self {
        Self {
            place,
            room: Semaphore::new(ROOM),
            is_stalled: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            unsaid: AtomicU64::new(0),
            notify,
        }
    }

    async fn has_room(&self) -> bool {
        let got = if self.is_stalled.load(Ordering::Relaxed) {
            self.room.try_acquire().ok()
        } else {
            timeout(PATIENCE, self.room.acquire()).await.ok().and_then(Result::ok)
        };
        got.map(tokio::sync::SemaphorePermit::forget).is_some()
    }

    pub(super) fn note_lost(&self, calls: u64) {
        self.lost.fetch_add(calls, Ordering::Relaxed);
        self.unsaid.fetch_add(calls, Ordering::Relaxed);
    }

    pub(super) fn unsaid(&self) -> u64 {
        self.unsaid.load(Ordering::Relaxed)
    }

    pub(super) fn say(&self, lost: u64) {
        self.unsaid.fetch_sub(lost, Ordering::Relaxed);
    }

    pub(super) fn stall(&self, error: &io::Error) {
        if !self.is_stalled.swap(true, Ordering::Relaxed) {
            (self.notify)(AuditNotice::Stalled { place: self.place.clone(), cause: error.to_string() });
        }
    }

    pub(super) fn note_written(&self, lines: usize) {
        self.room.add_permits(lines);
        if self.is_stalled.swap(false, Ordering::Relaxed) {
            let lost = self.lost.load(Ordering::Relaxed);
            (self.notify)(AuditNotice::Resumed { place: self.place.clone(), lost });
        }
    }
}

fn place(target: &AuditTarget) -> io::Result<Box<dyn Place>> {
    Ok(match target {
        AuditTarget::File(path) => Box::new(AuditFile::new(path)),
        AuditTarget::Syslog(path) => Box::new(Syslog::new(path)),
        AuditTarget::Otlp(url) => Box::new(Otlp::new(url)?),
    })
}

fn origin(settings: &AuditSettings) -> Origin {
    Origin {
        porthole: settings.porthole_version.clone(),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        engine: settings.endpoint.clone(),
        required: settings.required,
    }
}
