//! Where events go: a bounded place that says when it is full.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::{BoxFuture, Event};

/// A bounded place for events.
pub trait Sink: Send + Sync {
    /// Takes an event, or gives it back when there is no room for it.
    fn offer(&self, event: Event) -> Result<(), Event>;

    /// Takes an event as soon as there is room, in the order of asking. When the future is dropped before its end,
    /// the event was not taken.
    fn insist(&self, event: Event) -> BoxFuture<'_, ()>;
}

/// A sink that is read at the other end of a channel.
#[derive(Clone, Debug)]
pub struct Queue(mpsc::Sender<Event>);

/// A queue for so many events. Parts may fill half of it; the rest is for what must not be lost.
pub fn queue(capacity: usize) -> (Queue, mpsc::Receiver<Event>) {
    let (sender, receiver) = mpsc::channel(capacity.max(2));
    (Queue(sender), receiver)
}

impl Sink for Queue {
    /// A queue that nobody reads any more takes everything and keeps nothing: the relay goes on.
    fn offer(&self, event: Event) -> Result<(), Event> {
        if matches!(event, Event::Part(_)) && self.0.capacity() <= self.0.max_capacity() / 2 {
            return Err(event);
        }
        match self.0.try_send(event) {
            Err(TrySendError::Full(event)) => Err(event),
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(()),
        }
    }

    fn insist(&self, event: Event) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let _nobody_reads = self.0.send(event).await;
        })
    }
}
