//! Events and lines in batches: while much passes, one waking of a thread and one write serve many calls.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;
use std::vec;

use porthole_tap::Event;
use tokio::sync::mpsc::Receiver;

/// How long the next batch gathers. A thread that sleeps need not be woken by the relay for each event, which would
/// cost more than all that is done with it; nobody sees the delay.
const PAUSE: Duration = Duration::from_millis(10);

/// The most events of a batch.
const MOST: usize = 1024;

/// Events, and the lines that are made of them. Where parts are to be shown nothing `may_pause`: they take much room.
pub(super) fn batches(
    events: Receiver<Event>,
    out: Box<dyn Write + Send>,
    may_pause: bool,
) -> (Batches, Lines) {
    let lines = Lines(Arc::new(Mutex::new(Waiting { out, bytes: Vec::new() })));
    (Batches { events, batch: Vec::new().into_iter(), lines: lines.clone(), may_pause }, lines)
}

/// Events. Before it waits for one, the lines made of those before are written.
pub(super) struct Batches {
    events: Receiver<Event>,
    batch: vec::IntoIter<Event>,
    lines: Lines,
    may_pause: bool,
}

impl Batches {
    /// The next event; `None` at the end of all.
    pub(super) fn next(&mut self) -> io::Result<Option<Event>> {
        if self.batch.len() == 0 {
            self.lines.deliver()?;
            self.gather();
        }
        Ok(self.batch.next())
    }

    fn gather(&mut self) {
        if self.may_pause {
            sleep(PAUSE);
        }
        let mut batch = Vec::new();
        self.events.blocking_recv_many(&mut batch, MOST);
        self.batch = batch.into_iter();
    }
}

/// Takes lines, which go out with their batch.
#[derive(Clone)]
pub(super) struct Lines(Arc<Mutex<Waiting>>);

struct Waiting {
    out: Box<dyn Write + Send>,
    bytes: Vec<u8>,
}

impl Lines {
    fn deliver(&self) -> io::Result<()> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Waiting { out, bytes } = &mut *waiting;
        out.write_all(bytes)?;
        bytes.clear();
        out.flush()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// The end of the batch is soon enough.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::Timestamp;
    use tokio::sync::mpsc::channel;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_lines_of_a_batch_are_one_write_and_none_is_left_behind() {
        let (sender, receiver) = channel(10);
        for number in 0..3 {
            sender.try_send(Event::AcceptFailed { at: Timestamp(number), cause: String::new() }).unwrap();
        }
        drop(sender);
        let paper = Paper::default();
        let (mut batches, mut lines) = batches(receiver, Box::new(paper.clone()), true);
        while batches.next().unwrap().is_some() {
            lines.write_all(b"line\n").unwrap();
            lines.flush().unwrap();
        }
        assert_eq!(*paper.0.lock().unwrap(), [b"line\nline\nline\n"]);
    }
}
