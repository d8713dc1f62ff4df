//! The command's input on its way from the client.

use std::collections::VecDeque;

use super::streams::Sink;

/// What came for the command and what it has not read yet.
pub(in super::super) struct Input {
    sink: Option<Sink>,
    waiting: VecDeque<u8>,
    ends: bool,
}

impl Input {
    pub(super) fn into(sink: Option<Sink>) -> Self {
        Self { sink, waiting: VecDeque::new(), ends: false }
    }

    /// Bytes that came.
    pub(in super::super) fn add(&mut self, bytes: &[u8]) {
        self.waiting.extend(bytes);
    }

    /// No more come. A terminal stays open: its user may have nothing more to type.
    pub(super) fn end(&mut self) {
        self.ends = true;
        self.close_if_over();
    }

    /// Whether bytes wait.
    pub(in super::super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Gives the command some of what waits, and says how much. What nobody reads any more counts as given.
    pub(in super::super) async fn feed(&mut self) -> u32 {
        let waiting = self.waiting.as_slices().0;
        let given = match &mut self.sink {
            Some(sink) => sink.write(waiting).await.ok(),
            None => None,
        };
        if given.is_none() {
            self.sink = None;
        }
        let given = given.unwrap_or(waiting.len());
        self.waiting.drain(..given);
        self.close_if_over();
        u32::try_from(given).unwrap_or(u32::MAX)
    }

    fn close_if_over(&mut self) {
        if self.ends && self.waiting.is_empty() && matches!(self.sink, Some(Sink::Pipe(_))) {
            self.sink = None;
        }
    }
}
