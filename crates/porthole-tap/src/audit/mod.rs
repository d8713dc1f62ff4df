//! An audit: a line for each call that changes something, in files whose lines form a chain, in the system's log, or
//! at an OpenTelemetry collector.
//!
//! *What is never lost:* the line of a changing call, as long as its place can be written. Each place has a queue and
//! a thread of its own. A place that stands still holds nobody up: lines that find no room are counted, and the count
//! is the first line when writing goes on. *Unless it is required:* then a changing call waits until each place has
//! its line, and is refused where one has not.

mod call;
mod chain;
mod end_of_file;
mod error;
mod file;
mod gate;
mod line;
mod otlp;
mod otlp_attributes;
mod settings;
mod syslog;
mod target;
mod trail;
mod verify;
mod writer;

pub use error::AuditError;
pub(crate) use gate::Gate;
pub use settings::{AuditNotice, AuditSettings};
pub use target::{AuditTarget, WrongTarget};
pub use verify::verify;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use porthole_model::{Client, ConnectionId, ContainerNames};
use porthole_wire::engine_api;
use porthole_wire::http1::RequestHead;

use self::call::{Answer, Call};
use self::trail::Trail;
use crate::{BoxFuture, Event, Finished};

/// An audit in the making. Clones share it.
#[derive(Clone)]
pub struct Audit(Arc<Shared>);

struct Shared {
    trails: Vec<Trail>,
    is_required: bool,
    names: Mutex<ContainerNames>,
    notify: Arc<dyn Fn(AuditNotice) + Send + Sync>,
}

impl fmt::Debug for Audit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Audit").field("is_required", &self.0.is_required).finish_non_exhaustive()
    }
}

impl Audit {
    /// Opens every place, or fails with the first that cannot be written.
    pub fn open(targets: &[AuditTarget], settings: AuditSettings) -> Result<Self, AuditError> {
        let trails =
            targets.iter().map(|target| Trail::start(target, &settings)).collect::<Result<_, _>>()?;
        let AuditSettings { required: is_required, names, notify, .. } = settings;
        Ok(Self(Arc::new(Shared { trails, is_required, names: Mutex::new(names), notify })))
    }

    /// Opens every file anew, as after a rotation of logs.
    pub fn reopen(&self) {
        self.0.trails.iter().for_each(Trail::reopen);
    }

    /// Writes all that waits and closes every place; fails with the first that could not be written to its end.
    pub fn finish(&self) -> Result<(), AuditError> {
        let ends: Vec<_> = self.0.trails.iter().map(Trail::finish).collect();
        ends.into_iter().collect()
    }

    /// Whether a changing call must have its line before it passes.
    pub(crate) fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// Takes what an event says of a changing call; waits for room, but not for a place that stands still.
    pub(crate) async fn note(&self, event: &Event) {
        match event {
            Event::Finished(finished) => self.note_call(finished).await,
            Event::Closed(closed) => {
                self.0.trails.iter().for_each(|trail| trail.end_connection(closed.connection));
            }
            Event::Opened { .. }
            | Event::Part(_)
            | Event::Opaque { .. }
            | Event::AcceptFailed { .. }
            | Event::HandshakeFailed { .. } => {}
        }
    }

    async fn note_call(&self, finished: &Finished) {
        let exchange = &finished.exchange;
        let is_asked_by_engine = exchange.carrier.is_some_and(|carrier| carrier.engine_asks);
        let changes = engine_api::changes(&exchange.method, &exchange.target) || exchange.upgraded.is_some();
        if !changes || is_asked_by_engine {
            return;
        }
        let call = Arc::new(Call::of_finished(finished, &self.names()));
        self.names().learn(exchange);
        let answer = Arc::new(Answer::of(finished, &self.names()));
        for trail in &self.0.trails {
            trail.answered(Arc::clone(&call), Arc::clone(&answer)).await;
        }
    }

    /// The call of a head that is about to pass.
    fn call(&self, connection: ConnectionId, client: &Client, head: &RequestHead<'_>) -> Call {
        Call::of_head(connection, client, head, &self.names())
    }

    /// Ends when the call stands in every place, or with why it does not.
    fn ask(&self, call: &Arc<Call>) -> BoxFuture<'static, Result<(), String>> {
        let answers: Vec<_> = self.0.trails.iter().map(|trail| trail.ask(Arc::clone(call))).collect();
        Box::pin(async move {
            for answer in answers {
                answer.await?;
            }
            Ok(())
        })
    }

    /// Says that a call was not let through.
    fn refuse(&self, call: &Arc<Call>, reason: &str) {
        self.0.trails.iter().for_each(|trail| trail.refused(Arc::clone(call), reason));
        (self.0.notify)(AuditNotice::Refused { call: call.to_string(), reason: reason.to_owned() });
    }

    fn names(&self) -> std::sync::MutexGuard<'_, ContainerNames> {
        self.0.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
