//! The exchanges of an HTTP/2 connection, or of a stream that became one: each by its own stream.

use std::collections::BTreeMap;

use porthole_model::{Carrier, ExchangeEnd};
use porthole_wire::http::Side;
use porthole_wire::http2::{Decoder, Event, StreamId};

use crate::CloseReason;
use crate::named::Origin;
use crate::outbox::{Outbox, end_by, end_of};
use crate::track::Track;

/// An HTTP/2 connection.
#[derive(Debug, Default)]
pub(crate) struct Http2 {
    decoder: Decoder,
    calls: Calls,
}

/// The exchanges that are under way.
#[derive(Debug, Default)]
struct Calls {
    open: BTreeMap<StreamId, Box<Track>>,
    origin: Origin,
    asker: Option<Side>,
}

impl Http2 {
    /// What an upgraded exchange carries.
    pub(crate) fn carried_by(track: &Track) -> Self {
        let carrier = Carrier { exchange: track.id, engine_asks: false };
        let origin = Origin { carrier: Some(carrier), is_withheld: track.withheld };
        Self { decoder: Decoder::default(), calls: Calls { origin, ..Calls::default() } }
    }

    pub(crate) fn sent(&mut self, side: Side, bytes: &[u8], outbox: &mut Outbox) {
        self.decoder.sent(side, bytes, |event| self.calls.note(&event, outbox));
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.decoder.is_idle()
    }

    /// A side sends no more: neither answers nor, if it is the one who asks, what would complete its requests.
    pub(crate) fn end_of(&mut self, side: Side, first: Side, outbox: &mut Outbox) {
        if self.calls.asker != Some(side) {
            self.calls.finish_all(outbox, |_| end_by(first));
        }
    }

    /// Ends what is still under way.
    pub(crate) fn close(&mut self, reason: &CloseReason, outbox: &mut Outbox) {
        self.calls.finish_all(outbox, |track| end_of(track, reason));
    }
}

impl Calls {
    fn note(&mut self, event: &Event<'_>, outbox: &mut Outbox) {
        match event {
            Event::Asker(side) => self.set_asker(*side),
            Event::RequestHead(id, head) => {
                self.open.insert(*id, outbox.begin(head, self.origin));
            }
            Event::Reset(id, side, code) => {
                if let Some(mut track) = self.open.remove(id) {
                    if !track.answer_is_whole {
                        track.reset(*side, *code);
                    }
                    outbox.finish(track, end_by(*side));
                }
            }
            Event::Opaque(reason) => {
                self.finish_all(outbox, |_| ExchangeEnd::Opaque);
                outbox.opaque(*reason);
            }
            Event::RequestBody(id, _)
            | Event::RequestEnd(id)
            | Event::AnswerHead(id, _)
            | Event::AnswerBody(id, _)
            | Event::AnswerTrailers(id, _)
            | Event::AnswerEnd(id) => {
                if let Some(track) = self.open.get_mut(id) {
                    go_on(track, event, outbox);
                }
                self.finish_if_whole(*id, outbox);
            }
        }
    }

    fn set_asker(&mut self, side: Side) {
        self.asker = Some(side);
        if let Some(carrier) = &mut self.origin.carrier {
            carrier.engine_asks = side == Side::Engine;
        }
    }

    fn finish_if_whole(&mut self, id: StreamId, outbox: &mut Outbox) {
        if self.open.get(&id).is_some_and(|track| track.is_whole())
            && let Some(track) = self.open.remove(&id)
        {
            outbox.finish(track, ExchangeEnd::Complete);
        }
    }

    fn finish_all(&mut self, outbox: &mut Outbox, end: impl Fn(&Track) -> ExchangeEnd) {
        while let Some((_, track)) = self.open.pop_first() {
            let end = end(&track);
            outbox.finish(track, end);
        }
    }
}

/// What an event says of a call that is under way.
fn go_on(track: &mut Track, event: &Event<'_>, outbox: &mut Outbox) {
    match event {
        Event::RequestBody(_, bytes) => outbox.request_body(track, bytes, true),
        Event::RequestEnd(_) => track.request_is_whole = true,
        Event::AnswerHead(_, head) => outbox.answer_head(track, head),
        Event::AnswerBody(_, bytes) => outbox.answer_body(track, bytes, true),
        Event::AnswerTrailers(_, headers) => track.answer_trailers(*headers),
        Event::AnswerEnd(_) => outbox.answer_end(track),
        Event::Asker(_) | Event::RequestHead(..) | Event::Reset(..) | Event::Opaque(_) => {}
    }
}
