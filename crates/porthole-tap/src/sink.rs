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

#[cfg(test)]
mod tests {
    use porthole_model::{ConnectionId, ExchangeId, Timestamp};
    use porthole_wire::http::Side;

    use super::*;
    use crate::budget::Budget;
    use crate::{Kept, Part, PartContent};

    fn line(number: i64) -> Event {
        Event::AcceptFailed { at: Timestamp(number), cause: String::new() }
    }

    fn part() -> Event {
        Event::Part(Part {
            exchange: Some(ExchangeId(1)),
            connection: ConnectionId(1),
            at: Timestamp(0),
            side: Side::Client,
            offset: 0,
            content: PartContent::Body(Kept::new(&Budget::new(0), 0)),
        })
    }

    #[test]
    fn parts_leave_half_of_the_queue_to_what_must_not_be_lost() {
        let (queue, _events) = queue(10);
        assert_eq!((0..10).filter(|_| queue.offer(part()).is_ok()).count(), 5);
        assert_eq!((0..10).filter(|number| queue.offer(line(*number)).is_ok()).count(), 5);
    }

    #[tokio::test]
    async fn many_that_wait_for_room_all_get_it() {
        let (queue, mut events) = queue(2);
        for number in 0..50 {
            let queue = queue.clone();
            tokio::spawn(async move { queue.insist(line(number)).await });
        }
        drop(queue);
        let mut seen = 0;
        while events.recv().await.is_some() {
            seen += 1;
        }
        assert_eq!(seen, 50);
    }

    #[test]
    fn a_queue_that_nobody_reads_holds_nobody_up() {
        let (queue, events) = queue(2);
        drop(events);
        assert!((0..10).all(|number| queue.offer(line(number)).is_ok()));
    }
}
