//! Both directions of a connection, and when it is over.

use std::task::{Context, Poll};
use std::time::Duration;

use porthole_wire::http::Side;
use tokio::time::Instant;

use crate::observer::Observer;
use crate::pump::{Pump, PumpEnd};
use crate::{BoxedStream, CloseReason};

/// How long the rest of one direction may take once the other is broken: an engine that refuses an upload closes
/// its receiving side, and its answer must still arrive.
const REST: Duration = Duration::from_secs(5);

/// Events that may wait while it is not known yet who the client is.
const MOST_UNNAMED: usize = 1000;

/// A connection's two directions and who watches them.
pub(crate) struct Duplex {
    pub(crate) observer: Observer,
    /// Set when the connection is to end as soon as nothing is under way.
    pub(crate) is_draining: bool,
    client: BoxedStream,
    engine: BoxedStream,
    up: Direction,
    down: Direction,
    rest_until: Option<Instant>,
}

#[derive(Default)]
struct Direction {
    pump: Pump,
    end: Option<Result<(), String>>,
}

/// Why the connection wants attention.
#[derive(Debug)]
pub(crate) enum Turn {
    /// There are events for the sink.
    News,
    /// A direction is broken: there is a deadline now.
    Broken,
    /// It is over.
    Over(CloseReason),
}

impl Duplex {
    pub(crate) fn new(client: BoxedStream, engine: BoxedStream, observer: Observer) -> Self {
        Self {
            observer,
            is_draining: false,
            client,
            engine,
            up: Direction::default(),
            down: Direction::default(),
            rest_until: None,
        }
    }

    /// When a connection with a broken direction ends at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.rest_until
    }

    pub(crate) fn client_bytes(&self) -> u64 {
        self.up.pump.total()
    }

    pub(crate) fn engine_bytes(&self) -> u64 {
        self.down.pump.total()
    }

    /// Gives up the connection, which closes it.
    pub(crate) fn into_observer(self) -> Observer {
        self.observer
    }

    /// Moves bytes until nothing is left to do but wait. News are told of once the client is `introduced`.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>, introduced: bool) -> Poll<Turn> {
        if !introduced && self.observer.backlog() >= MOST_UNNAMED {
            return Poll::Pending;
        }
        if let Some(lost) = self.poll_up(context).or_else(|| self.poll_down(context)) {
            return Poll::Ready(Turn::Over(lost));
        }
        match self.close_reason() {
            Some(reason) => Poll::Ready(Turn::Over(reason)),
            None if self.became_broken() => Poll::Ready(Turn::Broken),
            None if introduced && self.observer.backlog() > 0 => Poll::Ready(Turn::News),
            None => Poll::Pending,
        }
    }

    /// Why the connection ends when its time is up.
    pub(crate) fn broken_reason(&self) -> CloseReason {
        match (&self.up.end, &self.down.end) {
            (_, Some(Err(cause))) => CloseReason::ClientLost(cause.clone()),
            (Some(Err(cause)), _) => CloseReason::EngineLost(cause.clone()),
            _ => CloseReason::Stopped,
        }
    }

    fn poll_up(&mut self, context: &mut Context<'_>) -> Option<CloseReason> {
        if self.up.end.is_some() {
            return None;
        }
        let mut watcher = self.observer.of(Side::Client);
        match self.up.pump.poll(context, &mut self.client, &mut self.engine, &mut watcher) {
            Poll::Ready(PumpEnd::ReadFailed(error)) => {
                return Some(CloseReason::ClientLost(error.to_string()));
            }
            Poll::Ready(PumpEnd::WriteFailed(error)) => self.up.end = Some(Err(error.to_string())),
            Poll::Ready(PumpEnd::Closed) => self.up.end = Some(Ok(())),
            Poll::Pending => {}
        }
        None
    }

    fn poll_down(&mut self, context: &mut Context<'_>) -> Option<CloseReason> {
        if self.down.end.is_some() {
            return None;
        }
        let mut watcher = self.observer.of(Side::Engine);
        match self.down.pump.poll(context, &mut self.engine, &mut self.client, &mut watcher) {
            Poll::Ready(PumpEnd::ReadFailed(error)) => {
                return Some(CloseReason::EngineLost(error.to_string()));
            }
            Poll::Ready(PumpEnd::WriteFailed(error)) => self.down.end = Some(Err(error.to_string())),
            Poll::Ready(PumpEnd::Closed) => self.down.end = Some(Ok(())),
            Poll::Pending => {}
        }
        None
    }

    fn close_reason(&self) -> Option<CloseReason> {
        match (&self.up.end, &self.down.end) {
            (Some(Ok(())), Some(Ok(()))) => Some(match self.observer.first_end() {
                Some(Side::Client) => CloseReason::ClientClosed,
                _ => CloseReason::EngineClosed,
            }),
            (Some(_), Some(_)) => Some(self.broken_reason()),
            _ if self.is_draining && self.is_at_rest() => Some(CloseReason::Stopped),
            _ => None,
        }
    }

    fn is_at_rest(&self) -> bool {
        self.observer.is_idle() && self.up.pump.is_clear() && self.down.pump.is_clear()
    }

    fn became_broken(&mut self) -> bool {
        let is_broken = matches!((&self.up.end, &self.down.end), (Some(Err(_)), _) | (_, Some(Err(_))));
        let is_new = is_broken && self.rest_until.is_none();
        if is_new {
            self.rest_until = Some(Instant::now() + REST);
        }
        is_new
    }
}
