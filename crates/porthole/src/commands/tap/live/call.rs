//! One call that goes on: what is known of it, whether it is wanted, and its two halves.

use std::io;

use porthole_model::{Exchange, Timestamp};
use porthole_render::json::MessageWord;
use porthole_render::live::Place;
use porthole_wire::http::Side;

use super::half::Half;
use super::{Manner, Piece};
use crate::commands::tap::printed::Printed;

/// How many bytes and parts of a call are held until the filter can judge it.
const MOST_BYTES: usize = 256 * 1024;
const MOST_PIECES: usize = 256;

/// One call that goes on.
pub(super) struct Call {
    so_far: Exchange,
    /// Whether the filter wants it; `None` as long as that is open.
    wanted: Option<bool>,
    held: Vec<Piece>,
    held_bytes: usize,
    request: Half,
    answer: Half,
}

impl Call {
    pub(super) fn new(so_far: Exchange) -> Self {
        Self {
            so_far,
            wanted: None,
            held: Vec::new(),
            held_bytes: 0,
            request: Half::new(Side::Client),
            answer: Half::new(Side::Engine),
        }
    }

    pub(super) fn so_far(&self) -> &Exchange {
        &self.so_far
    }

    /// Takes what is known now; when that decides that the call is wanted, what was held is shown.
    pub(super) fn learn(
        &mut self,
        so_far: Exchange,
        wanted: Option<bool>,
        manner: Manner,
        printed: &mut Printed,
    ) -> io::Result<()> {
        self.wanted = self.wanted.or(wanted);
        match self.wanted {
            Some(true) => self.show_held(manner, printed)?,
            Some(false) => self.held.clear(),
            None => {}
        }
        self.so_far = so_far;
        Ok(())
    }

    /// Shows a piece, or holds it. What no longer fits is passed over, and the gap is said later.
    pub(super) fn take(&mut self, piece: Piece, manner: Manner, printed: &mut Printed) -> io::Result<()> {
        match self.wanted {
            Some(true) => self.show(&piece, manner, printed),
            Some(false) => Ok(()),
            None => {
                let bytes = self.held_bytes + piece.kept.bytes().len();
                if bytes <= MOST_BYTES && self.held.len() < MOST_PIECES {
                    self.held_bytes = bytes;
                    self.held.push(piece);
                }
                Ok(())
            }
        }
    }

    /// Shows what is left.
    pub(super) fn finish(
        mut self,
        exchange: &Exchange,
        at: Timestamp,
        manner: Manner,
        printed: &mut Printed,
    ) -> io::Result<()> {
        self.show_held(manner, printed)?;
        self.so_far = exchange.clone();
        let of = |message| Place { call: exchange, message, at };
        self.request.finish(&of(MessageWord::Request), exchange.request.body, manner, printed)?;
        self.answer.finish(&of(MessageWord::Answer), exchange.answer.body, manner, printed)
    }

    /// Whether it is the stream of the terminal that `resize` is about, and is shown.
    pub(super) fn is_shown_stream_of(&self, resize: &Exchange) -> bool {
        let name = |call: &Exchange| call.resource.as_ref().map(|resource| resource.name.clone());
        self.wanted == Some(true) && self.so_far.upgraded.is_some() && name(&self.so_far) == name(resize)
    }

    fn show_held(&mut self, manner: Manner, printed: &mut Printed) -> io::Result<()> {
        std::mem::take(&mut self.held).iter().try_for_each(|piece| self.show(piece, manner, printed))
    }

    fn show(&mut self, piece: &Piece, manner: Manner, printed: &mut Printed) -> io::Result<()> {
        let Self { so_far, request, answer, .. } = self;
        let place = Place { call: so_far, message: piece.message, at: piece.at };
        let bytes = piece.kept.bytes();
        let half = match piece.message {
            MessageWord::Request => request,
            MessageWord::Answer => {
                if piece.is_head && so_far.upgraded.is_some() {
                    request.upgrade(so_far, manner);
                }
                answer
            }
        };
        if piece.is_head {
            half.head(&place, bytes, manner, printed)
        } else {
            half.body(&place, piece.offset, bytes, printed)
        }
    }
}

/// The message of a call that a side sends: within a build's session, the engine asks.
pub(super) fn message(call: &Exchange, side: Side) -> MessageWord {
    let engine_asks = call.carrier.is_some_and(|carrier| carrier.engine_asks);
    if (side == Side::Engine) == engine_asks { MessageWord::Request } else { MessageWord::Answer }
}
