//! Reads the copy of a connection: from the decoder's events to exchanges and parts.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use porthole_model::{Client, ClientAddress, ConnectionId, ExchangeEnd, ExchangeId, Gap, Upgrade};
use porthole_wire::engine_api;
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
    /// `None` where the bytes are some other protocol's.
    decoder: Option<Decoder>,
    watch: Watch,
}

/// What is known of the exchanges so far.
#[derive(Debug)]
struct Watch {
    connection: ConnectionId,
    address: ClientAddress,
    shared: Arc<Shared>,
    open: VecDeque<Box<Track>>,
    outbox: VecDeque<Outgoing>,
    first_end: Option<Side>,
    client_is_gone: bool,
    content_was_missed: bool,
    dropped_parts: u64,
    /// Bytes of a connection that is not decoded.
    raw: RawTotals,
}

/// What each side sent.
#[derive(Debug, Default)]
struct RawTotals {
    client: u64,
    engine: u64,
}

/// An event, or what becomes one when the client's name is known.
#[derive(Debug)]
enum Outgoing {
    Event(Event),
    Exchange(Box<Track>),
}

impl Observer {
    pub(crate) fn new(connection: ConnectionId, address: ClientAddress, shared: Arc<Shared>) -> Self {
        let decoder = (!shared.settings.raw).then(Decoder::default);
        let watch = Watch {
            connection,
            address,
            shared,
            open: VecDeque::new(),
            outbox: VecDeque::new(),
            first_end: None,
            client_is_gone: false,
            content_was_missed: false,
            dropped_parts: 0,
            raw: RawTotals::default(),
        };
        Self { decoder, watch }
    }

    pub(crate) fn note_client(&mut self, passed: &Passed<'_>) {
        let watch = &mut self.watch;
        match (passed, &mut self.decoder) {
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), Some(decoder)) => {
                decoder.client_sent(bytes, |event| watch.note(event));
            }
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), None) => watch.raw(Side::Client, bytes),
            (Passed::End, _) => watch.end_of(Side::Client),
        }
    }

    pub(crate) fn note_engine(&mut self, passed: &Passed<'_>) {
        let watch = &mut self.watch;
        watch.client_is_gone |= matches!(passed, Passed::Undelivered(_));
        match (passed, &mut self.decoder) {
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), Some(decoder)) => {
                decoder.engine_sent(bytes, |event| watch.note(event));
            }
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), None) => watch.raw(Side::Engine, bytes),
            (Passed::End, decoder) => {
                watch.end_of(Side::Engine);
                if let Some(decoder) = decoder {
                    decoder.engine_closed(|event| watch.note(event));
                }
                watch.give_up_answers();
            }
        }
    }

    /// Whether no exchange is under way. Of bytes that are not decoded nobody knows.
    pub(crate) fn is_idle(&self) -> bool {
        self.decoder.as_ref().is_some_and(Decoder::is_idle)
    }

    /// How much waits for the sink.
    pub(crate) fn backlog(&self) -> usize {
        self.watch.outbox.len()
    }

    /// The next event for the sink.
    pub(crate) fn next_event(&mut self, client: &Client) -> Option<Event> {
        Some(match self.watch.outbox.pop_front()? {
            Outgoing::Event(Event::Part(mut part)) => {
                if let PartContent::Head { call, .. } = &mut part.content {
                    call.client = client.clone();
                }
                Event::Part(part)
            }
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
                    let first = || format!("{} {} {}", version(head.is_1_1), head.status, head.reason);
                    self.show_head(Side::Engine, first, head.headers);
                }
            }
            http1::Event::AnswerBody(bytes) | http1::Event::Stream(Side::Engine, bytes) => {
                self.answer_body(bytes);
            }
            http1::Event::AnswerEnd => self.answer_end(),
            http1::Event::Upgraded(upgrade) => {
                let keep_client = self.shared.settings.client_input;
                self.open.iter_mut().for_each(|track| track.upgrade(upgrade.clone(), keep_client));
                self.show_upgrade(upgrade);
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
        let target = || engine_api::masked_target(head.target);
        let first = || format!("{} {} {}", head.method, target(), version(head.is_1_1));
        self.show_head(Side::Client, first, head.headers);
    }

    fn request_body(&mut self, bytes: &[u8]) {
        let Some(track) = self.open.back_mut() else { return };
        let offset = track.request_body(bytes);
        let shown = !track.withheld && (!track.is_upgraded() || self.shared.settings.client_input);
        let id = track.id;
        if shown {
            self.show((Some(id), Side::Client, offset), |budget| {
                Kept::copy_of(budget, bytes).map(PartContent::Body)
            });
        }
    }

    fn answer_body(&mut self, bytes: &[u8]) {
        let Some(track) = self.open.front_mut() else { return };
        let offset = track.answer_body(bytes);
        self.content_was_missed |= self.client_is_gone;
        let (id, shown) = (track.id, !track.withheld);
        if shown {
            self.show((Some(id), Side::Engine, offset), |budget| {
                Kept::copy_of(budget, bytes).map(PartContent::Body)
            });
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
            self.hand_over(track);
        }
    }

    fn finish(&mut self, mut track: Box<Track>, end: ExchangeEnd) {
        track.end(end);
        self.hand_over(track);
    }

    fn hand_over(&mut self, mut track: Box<Track>) {
        track.describe(&self.shared.execs);
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

    fn raw(&mut self, side: Side, bytes: &[u8]) {
        let total = match side {
            Side::Client => &mut self.raw.client,
            Side::Engine => &mut self.raw.engine,
        };
        let offset = *total;
        *total += bytes.len() as u64;
        self.show((None, side, offset), |budget| Kept::copy_of(budget, bytes).map(PartContent::Body));
    }

    fn show_head(&mut self, side: Side, first: impl FnOnce() -> String, headers: Headers<'_>) {
        let track = match side {
            Side::Client => self.open.back(),
            Side::Engine => self.open.front(),
        };
        let Some(track) = track.filter(|_| self.shared.settings.parts) else { return };
        let id = track.id;
        let nobody = Client::unresolved(self.address, &Gap::not_asked("the program behind the connection"));
        let call = Box::new(track.so_far(self.connection, nobody));
        self.show((Some(id), side, 0), |budget| {
            let mut head = Kept::new(budget, usize::MAX);
            head.push(first().as_bytes());
            head.push(b"\r\n");
            write_head(&mut head, headers);
            (!head.is_truncated()).then_some(PartContent::Head { call, head })
        });
    }

    /// The answer's head, which still waits, tells what the connection became with it.
    fn show_upgrade(&mut self, upgrade: Upgrade) {
        if let Some(Outgoing::Event(Event::Part(part))) = self.outbox.back_mut()
            && let PartContent::Head { call, .. } = &mut part.content
        {
            call.upgraded = Some(upgrade);
        }
    }

    fn show(
        &mut self,
        (exchange, side, offset): (Option<ExchangeId>, Side, u64),
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
        let part =
            Part { exchange, connection: self.connection, at: Moment::now().wall, side, offset, content };
        self.outbox.push_back(Outgoing::Event(Event::Part(part)));
    }
}

fn version(is_1_1: bool) -> &'static str {
    if is_1_1 { "HTTP/1.1" } else { "HTTP/1.0" }
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
