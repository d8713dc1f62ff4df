//! The relay's side of a recorder: takes an event at once, or waits for room, but never for a disk that stands still.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use porthole_model::{Client, Exchange, MaskedText};
use tokio::time::timeout;

use super::gate::Gate;
use super::writer::{Entry, Order};
use crate::{BoxFuture, Event, Finished, Message, Sink};

/// How long a line waits for room before the disk counts as standing still.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a relay puts what is to be recorded. Parts are not: what was kept of them comes with their exchange.
#[derive(Clone)]
pub struct RecordSink {
    pub(super) gate: Arc<Gate>,
    pub(super) orders: Sender<Order>,
}

impl fmt::Debug for RecordSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RecordSink").field("path", &self.gate.path).finish_non_exhaustive()
    }
}

impl Sink for RecordSink {
    fn offer(&self, event: Event) -> Result<(), Event> {
        let Some(lines) = self.permits(&event) else { return Ok(()) };
        let Ok(room) = self.gate.lines.try_acquire_many(lines) else { return Err(event) };
        room.forget();
        self.put(event, lines);
        Ok(())
    }

    fn insist(&self, event: Event) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let Some(lines) = self.permits(&event) else { return };
            if self.room(lines).await {
                self.put(event, lines);
            } else {
                self.gate.note_lost(u64::from(matches!(event, Event::Finished(_))));
            }
        })
    }
}

impl RecordSink {
    /// The room that an event takes; `None` when it is not recorded.
    fn permits(&self, event: &Event) -> Option<u32> {
        let weight = match event {
            Event::Part(_) | Event::AcceptFailed { .. } | Event::HandshakeFailed { .. } => return None,
            Event::Opened { client, .. } => size_of::<Client>() + weight_of_client(client),
            Event::Opaque { .. } | Event::Closed(_) => size_of::<Event>(),
            Event::Finished(finished) => weight_of(&finished.exchange),
        };
        Some(self.gate.permits(weight))
    }

    /// Waits for room, which then is taken; `false` when there is none and the disk stands still.
    async fn room(&self, lines: u32) -> bool {
        let got = if self.gate.is_stalled() {
            self.gate.lines.try_acquire_many(lines).ok()
        } else {
            timeout(PATIENCE, self.gate.lines.acquire_many(lines)).await.ok().and_then(Result::ok)
        };
        if let Some(room) = got {
            room.forget();
            return true;
        }
        self.gate.stall(|| super::RecordError::Still { path: self.gate.path.clone() });
        false
    }

    fn put(&self, mut event: Event, lines: u32) {
        let mut entry_bodies = 0;
        let mut is_without_bodies = false;
        if let Event::Finished(finished) = &mut event {
            let bodies = weight_of_bodies(finished);
            if self.gate.take_bodies(bodies) {
                entry_bodies = bodies;
            } else {
                drop_bodies(finished);
                is_without_bodies = true;
            }
        }
        let entry = Entry { event, lines: lines as usize, bodies: entry_bodies, is_without_bodies };
        let is_line = matches!(entry.event, Event::Finished(_));
        if self.orders.send(Order::Write(Box::new(entry))).is_err() {
            self.gate.note_lost(u64::from(is_line));
        }
    }
}

pub(super) fn drop_bodies(finished: &mut Finished) {
    finished.request = None;
    finished.answer = None;
}

fn weight_of_bodies(finished: &Finished) -> usize {
    let kept = |message: &Message| message.head.bytes().len() + message.body.bytes().len();
    [&finished.request, &finished.answer].into_iter().flatten().map(kept).sum()
}

fn weight_of(exchange: &Exchange) -> usize {
    let resource = exchange.resource.as_ref().map_or(0, |resource| resource.name.len());
    let failure = exchange.failure.as_ref().map_or(0, String::len);
    size_of::<Finished>() + exchange.target.len() + resource + failure + weight_of_client(&exchange.client)
}

fn weight_of_client(client: &Client) -> usize {
    let word = |word: &MaskedText| size_of::<MaskedText>() + word.as_str().len();
    client.arguments.value().map_or(0, |words| words.iter().map(word).sum())
}
