//! Reads the copy of a connection: from the decoder's events to exchanges and parts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use porthole_model::{Client, ConnectionId, ExchangeEnd, ExchangeId};
use porthole_wire::http1::{self, Decoder, Headers, Side};

use crate::budget::Budget;
use crate::connection::Shared;
use crate::pump::Passed;
use crate::track::{Moment, Track, write_head};
use crate::{CloseReason, Event, Kept, Part, PartContent};

/// Parts that wait for the sink; more are dropped.
const MOST_PARTS: usize = 256;

/// Reads the copy of a connection.
#[derive(Debug)]
pub(crate) struct Observer {
    decoder: Decoder,
    watch: Watch,
}

/// What is known of the exchanges so far.
#[derive(Debug)]
struct Watch {
    connection: ConnectionId,
    shared: Arc<Shared>,
    open: VecDeque<Box<Track>>,
    outbox: VecDeque<Outgoing>,
    first_end: Option<Side>,
    client_is_gone: bool,
    content_was_missed: bool,
    dropped_parts: u64,
}

/// An event, or what becomes one when the client's name is known.
#[derive(Debug)]
enum Outgoing {
    Event(Event),
    Exchange(Box<Track>),
}

impl Observer {
    pub(crate) fn new(connection: ConnectionId, shared: Arc<Shared>) -> Self {
        let watch = Watch {
            connection,
            shared,
            open: VecDeque::new(),
            outbox: VecDeque::new(),
            first_end: None,
            client_is_gone: false,
            content_was_missed: false,
            dropped_parts: 0,
        };
        Self { decoder: Decoder::default(), watch }
    }

    pub(crate) fn note_client(&mut self, passed: &Passed<'_>) {
        match passed {
            Passed::Bytes(bytes) | Passed::Undelivered(bytes) => {
                self.decoder.client_sent(bytes, |event| self.watch.note(event));
            }
            Passed::End => self.watch.end_of(Side::Client),
        }
    }

    pub(crate) fn note_engine(&mut self, passed: &Passed<'_>) {
        match passed {
            Passed::Bytes(bytes) => self.decoder.engine_sent(bytes, |event| self.watch.note(event)),
            Passed::Undelivered(bytes) => {
                self.watch.client_is_gone = true;
                self.decoder.engine_sent(bytes, |event| self.watch.note(event));
            }
            Passed::End => {
                self.watch.end_of(Side::Engine);
                self.decoder.engine_closed(|event| self.watch.note(event));
                self.watch.give_up_answers();
            }
        }
    }

    /// Whether no exchange is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.decoder.is_idle()
    }

    /// How much waits for the sink.
    pub(crate) fn backlog(&self) -> usize {
        self.watch.outbox.len()
    }

    /// The next event for the sink.
    pub(crate) fn next_event(&mut self, client: &Client) -> Option<Event> {
        Some(match self.watch.outbox.pop_front()? {
            Outgoing::Event(event) => event,
            Outgoing::Exchange(track) => {
                Event::Finished(Box::new(track.finish(self.watch.connection, client.clone())))
            }
        })
    }

    /// Which side closed first.
    pub(crate) fn first_end(&self) -> Option<Side> {
        self.watch.first_end
    }

    pub(crate) fn count_dropped_part(&mut self) {
        self.watch.dropped_parts += 1;
    }

    pub(crate) fn dropped_parts(&self) -> u64 {
        self.watch.dropped_parts
    }

    /// Ends what is still under way.
    pub(crate) fn close(&mut self, reason: &CloseReason) {
        while let Some(track) = self.watch.open.pop_front() {
            let end = end_of(&track, reason);
            self.watch.finish(track, end);
        }
    }
}

impl Watch {
    fn note(&mut self, event: http1::Event<'_>) {
        match event {
            http1::Event::RequestHead(head) => self.begin(&head),
            http1::Event::RequestBody(bytes) | http1::Event::Stream(Side::Client, bytes) => {
                self.request_body(bytes);
            }
            http1::Event::RequestEnd => self.request_end(),
            http1::Event::AnswerHead(head) => {
                if let Some(track) = self.open.front_mut() {
                    track.answer_head(&head);
                    let id = track.id;
                    self.show_head(id, Side::Engine, head.headers);
                }
            }
            http1::Event::AnswerBody(bytes) | http1::Event::Stream(Side::Engine, bytes) => {
                self.answer_body(bytes);
            }
            http1::Event::AnswerEnd => self.answer_end(),
            http1::Event::Upgraded(upgrade) => {
                let keep_client = self.shared.settings.client_input;
                self.open.iter_mut().for_each(|track| track.upgrade(upgrade.clone(), keep_client));
            }
            http1::Event::Opaque(reason) => {
                while let Some(track) = self.open.pop_front() {
                    self.finish(track, ExchangeEnd::Opaque);
                }
                let at = Moment::now().wall;
                let event = Event::Opaque { connection: self.connection, at, reason };
                self.outbox.push_back(Outgoing::Event(event));
            }
        }
    }

    fn begin(&mut self, head: &http1::RequestHead<'_>) {
        let id = ExchangeId(self.shared.exchanges.fetch_add(1, Ordering::Relaxed) + 1);
        let track = Track::begin(id, head, (&self.shared.settings, &self.shared.budget));
        self.open.push_back(Box::new(track));
        self.show_head(id, Side::Client, head.headers);
    }

    fn request_body(&mut self, bytes: &[u8]) {
        let Some(track) = self.open.back_mut() else { return };
        track.request_body(bytes);
        let shown = !track.withheld && (!track.is_upgraded() || self.shared.settings.client_input);
        let id = track.id;
        if shown {
            self.show(id, Side::Client, |budget| Kept::copy_of(budget, bytes).map(PartContent::Body));
        }
    }

    fn answer_body(&mut self, bytes: &[u8]) {
        let Some(track) = self.open.front_mut() else { return };
        track.answer_body(bytes);
        self.content_was_missed |= self.client_is_gone;
        let (id, shown) = (track.id, !track.withheld);
        if shown {
            self.show(id, Side::Engine, |budget| Kept::copy_of(budget, bytes).map(PartContent::Body));
        }
    }

    fn request_end(&mut self) {
        if let Some(track) = self.open.back_mut() {
            track.request_is_whole = true;
        }
        self.finish_whole();
    }

    /// The time is that of the answer's end, though the request may go on. A client that leaves when it has all of
    /// the content, but not the last chunk's mark, missed nothing: the docker client ends so after a wait.
    fn answer_end(&mut self) {
        let end = if self.content_was_missed { ExchangeEnd::ClientLeft } else { ExchangeEnd::Complete };
        if let Some(track) = self.open.front_mut() {
            track.answer_is_whole = true;
            track.end(end);
        }
        self.finish_whole();
    }

    fn finish_whole(&mut self) {
        if self.open.front().is_some_and(|track| track.request_is_whole && track.answer_is_whole)
            && let Some(track) = self.open.pop_front()
        {
            self.outbox.push_back(Outgoing::Exchange(track));
        }
    }

    fn finish(&mut self, mut track: Box<Track>, end: ExchangeEnd) {
        track.end(end);
        self.outbox.push_back(Outgoing::Exchange(track));
    }

    /// What has no answer yet gets none any more. An upgraded connection may go on in the other direction.
    fn give_up_answers(&mut self) {
        let end = match self.first_end {
            Some(Side::Client) => ExchangeEnd::ClientLeft,
            _ => ExchangeEnd::EngineLeft,
        };
        if !self.open.front().is_some_and(|track| track.is_upgraded()) {
            while let Some(track) = self.open.pop_front() {
                self.finish(track, end);
            }
        }
    }

    fn end_of(&mut self, side: Side) {
        self.first_end.get_or_insert(side);
    }

    fn show_head(&mut self, exchange: ExchangeId, side: Side, headers: Headers<'_>) {
        self.show(exchange, side, |budget| {
            let mut kept = Kept::new(budget, usize::MAX);
            write_head(&mut kept, headers);
            (!kept.is_truncated()).then_some(PartContent::Head(kept))
        });
    }

    fn show(
        &mut self,
        exchange: ExchangeId,
        side: Side,
        content: impl FnOnce(&Budget) -> Option<PartContent>,
    ) {
        if !self.shared.settings.parts {
            return;
        }
        let content = (self.outbox.len() < MOST_PARTS).then(|| content(&self.shared.budget)).flatten();
        let Some(content) = content else {
            self.dropped_parts += 1;
            return;
        };
        let part = Part {
            exchange: Some(exchange),
            connection: self.connection,
            at: Moment::now().wall,
            side,
            content,
        };
        self.outbox.push_back(Outgoing::Event(Event::Part(part)));
    }
}

/// An upgraded connection is whole when the engine closed it; that a client closes its half first is usual.
fn end_of(track: &Track, reason: &CloseReason) -> ExchangeEnd {
    match reason {
        CloseReason::Stopped => ExchangeEnd::Stopped,
        CloseReason::ClientClosed | CloseReason::EngineClosed if track.is_upgraded() => ExchangeEnd::Complete,
        CloseReason::ClientClosed | CloseReason::ClientLost(_) => ExchangeEnd::ClientLeft,
        CloseReason::EngineClosed | CloseReason::EngineLost(_) | CloseReason::EngineUnreachable(_) => {
            ExchangeEnd::EngineLeft
        }
    }
}
