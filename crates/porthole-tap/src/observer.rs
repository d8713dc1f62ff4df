//! Reads the copy of a connection: from the decoders' events to exchanges and parts.

use std::sync::Arc;

use porthole_model::{Client, ClientAddress, ConnectionId, Upgrade};
use porthole_wire::http::Side;
use porthole_wire::http1::{self, Decoder};

use crate::calls::Http2;
use crate::connection::Shared;
use crate::outbox::{Outbox, end_by};
use crate::pipeline::Pipeline;
use crate::pump::{Passed, Watcher};
use crate::{CloseReason, Event};

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
    pipeline: Pipeline,
    /// What the connection speaks instead of HTTP/1, or what an upgraded exchange carries.
    http2: Option<Box<Http2>>,
    outbox: Outbox,
    first_end: Option<Side>,
    /// Bytes of a connection that is not decoded.
    raw: RawTotals,
}

/// What each side sent.
#[derive(Debug, Default)]
struct RawTotals {
    client: u64,
    engine: u64,
}

impl Observer {
    pub(crate) fn new(connection: ConnectionId, address: ClientAddress, shared: Arc<Shared>) -> Self {
        let decoder = (!shared.settings.raw).then(Decoder::default);
        let watch = Watch {
            pipeline: Pipeline::default(),
            http2: None,
            outbox: Outbox::new(connection, address, shared),
            first_end: None,
            raw: RawTotals::default(),
        };
        Self { decoder, watch }
    }

    /// The watcher of what a side sends.
    pub(crate) fn of(&mut self, side: Side) -> impl Watcher {
        Watching { observer: self, side }
    }

    fn note_client(&mut self, passed: &Passed<'_>) {
        let watch = &mut self.watch;
        match (passed, &mut self.decoder) {
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), Some(decoder)) => {
                decoder.client_sent(bytes, |event| watch.note(event));
            }
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), None) => watch.raw(Side::Client, bytes),
            (Passed::Unseen(count), _) => self.note_unseen(Side::Client, *count),
            (Passed::End, _) => watch.end_of(Side::Client),
        }
    }

    fn note_unseen(&mut self, side: Side, count: u64) {
        if let Some(decoder) = &mut self.decoder {
            decoder.passed_unseen(side, count, |event| self.watch.note(event));
        }
    }

    fn note_engine(&mut self, passed: &Passed<'_>) {
        let watch = &mut self.watch;
        watch.outbox.client_is_gone |= matches!(passed, Passed::Undelivered(_));
        match (passed, &mut self.decoder) {
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), Some(decoder)) => {
                decoder.engine_sent(bytes, |event| watch.note(event));
            }
            (Passed::Bytes(bytes) | Passed::Undelivered(bytes), None) => watch.raw(Side::Engine, bytes),
            (Passed::Unseen(count), _) => self.note_unseen(Side::Engine, *count),
            (Passed::End, decoder) => {
                if let Some(decoder) = decoder {
                    decoder.engine_closed(|event| watch.note(event));
                }
                watch.end_of(Side::Engine);
            }
        }
    }

    /// Whether no exchange is under way. Of bytes that are not decoded nobody knows.
    pub(crate) fn is_idle(&self) -> bool {
        let Watch { pipeline, http2, .. } = &self.watch;
        match http2 {
            Some(http2) => pipeline.is_empty() && http2.is_idle(),
            None => self.decoder.as_ref().is_some_and(Decoder::is_idle),
        }
    }

    /// How much waits for the sink.
    pub(crate) fn backlog(&self) -> usize {
        self.watch.outbox.len()
    }

    /// The next event for the sink.
    pub(crate) fn next_event(&mut self, client: &Client) -> Option<Event> {
        self.watch.outbox.next_event(client)
    }

    /// Which side closed first.
    pub(crate) fn first_end(&self) -> Option<Side> {
        self.watch.first_end
    }

    pub(crate) fn count_dropped_part(&mut self) {
        self.watch.outbox.dropped_parts += 1;
    }

    pub(crate) fn dropped_parts(&self) -> u64 {
        self.watch.outbox.dropped_parts
    }

    /// Ends what is still under way, what is carried before its carrier.
    pub(crate) fn close(&mut self, reason: &CloseReason) {
        let Watch { pipeline, http2, outbox, .. } = &mut self.watch;
        if let Some(http2) = http2 {
            http2.close(reason, outbox);
        }
        pipeline.close(reason, outbox);
    }
}

/// The watcher of what one side sends.
struct Watching<'a> {
    observer: &'a mut Observer,
    side: Side,
}

impl Watcher for Watching<'_> {
    fn note(&mut self, passed: &Passed<'_>) {
        match self.side {
            Side::Client => self.observer.note_client(passed),
            Side::Engine => self.observer.note_engine(passed),
        }
    }

    fn unwatched(&self) -> u64 {
        let Observer { decoder, watch } = &self.observer;
        let ahead = decoder.as_ref().map_or(u64::MAX, |decoder| decoder.content_ahead(self.side));
        if ahead > 0 && watch.looks_at(self.side) { 0 } else { ahead }
    }
}

impl Watch {
    /// Whether what a side sends next is kept, shown or taken apart.
    fn looks_at(&self, side: Side) -> bool {
        self.http2.is_some() || self.outbox.shared.settings.parts || self.pipeline.looks_at(side)
    }

    fn note(&mut self, event: http1::Event<'_>) {
        let Self { pipeline, outbox, .. } = self;
        match event {
            http1::Event::RequestHead(head) => pipeline.begin(&head, outbox),
            http1::Event::RequestBody(bytes) => pipeline.request_body(bytes, true, outbox),
            http1::Event::RequestEnd => pipeline.request_end(outbox),
            http1::Event::AnswerHead(head) => pipeline.answer_head(&head, outbox),
            http1::Event::AnswerBody(bytes) => pipeline.answer_body(bytes, true, outbox),
            http1::Event::Unseen(side, count) => pipeline.unseen(side, count),
            http1::Event::AnswerEnd => pipeline.answer_end(outbox),
            http1::Event::Upgraded(upgrade) => self.upgrade(upgrade),
            http1::Event::Http2 => self.http2 = Some(Box::default()),
            http1::Event::Stream(side, bytes) => self.stream(side, bytes),
            http1::Event::Opaque(reason) => {
                pipeline.turn_opaque(outbox);
                outbox.opaque(reason);
            }
        }
    }

    fn upgrade(&mut self, upgrade: Upgrade) {
        let is_http2 = matches!(&upgrade, Upgrade::Protocol(name) if name == "h2c");
        if let Some(carrier) = self.pipeline.upgrade(upgrade, &mut self.outbox)
            && is_http2
        {
            self.http2 = Some(Box::new(Http2::carried_by(carrier)));
        }
    }

    /// What is understood is shown by its calls, not by its bytes.
    fn stream(&mut self, side: Side, bytes: &[u8]) {
        let is_shown = self.http2.is_none();
        match side {
            Side::Client => self.pipeline.request_body(bytes, is_shown, &mut self.outbox),
            Side::Engine => self.pipeline.answer_body(bytes, is_shown, &mut self.outbox),
        }
        if let Some(http2) = &mut self.http2 {
            http2.sent(side, bytes, &mut self.outbox);
        }
    }

    fn raw(&mut self, side: Side, bytes: &[u8]) {
        let total = match side {
            Side::Client => &mut self.raw.client,
            Side::Engine => &mut self.raw.engine,
        };
        let offset = *total;
        *total += bytes.len() as u64;
        self.outbox.show_body(None, side, offset, bytes);
    }

    fn end_of(&mut self, side: Side) {
        let first = *self.first_end.get_or_insert(side);
        if side == Side::Engine {
            self.pipeline.give_up_answers(end_by(first), &mut self.outbox);
        }
        if let Some(http2) = &mut self.http2 {
            http2.end_of(side, first, &mut self.outbox);
        }
    }
}
