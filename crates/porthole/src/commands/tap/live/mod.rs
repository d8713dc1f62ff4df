//! The calls that go on, and what is shown of them while they do.
//!
//! The parts of a call that the filter cannot judge yet are held, up to a limit, until it can. A call whose head was
//! dropped is not known, and nothing of it is shown before its end.

mod call;
mod half;
mod reading;
mod resume;

use std::collections::HashMap;
use std::io;

use porthole_analysis::Filter;
use porthole_model::{ContainerNames, Exchange, ExchangeId, Secrets, Timestamp};
use porthole_render::json::{HiddenWord, MessageWord};
use porthole_render::live::{Place, Shown};
use porthole_tap::{Kept, Part, PartContent};

use super::printed::Printed;
use call::Call;

/// How parts are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// As hex.
    pub(super) hex: bool,
    /// With the credentials in them.
    pub(super) secrets: Secrets,
    /// With what clients type.
    pub(super) client_input: bool,
}

/// The calls that go on.
pub(super) struct Live {
    manner: Manner,
    filter: Option<Filter>,
    calls: HashMap<ExchangeId, Call>,
}

/// A part without whose it is.
struct Piece {
    message: MessageWord,
    at: Timestamp,
    offset: u64,
    kept: Kept,
    is_head: bool,
}

impl Live {
    pub(super) fn new(manner: Manner, filter: Option<Filter>) -> Self {
        Self { manner, filter, calls: HashMap::new() }
    }

    /// Shows a part, or holds it, or passes it over.
    pub(super) fn part(
        &mut self,
        part: Part,
        names: &ContainerNames,
        printed: &mut Printed,
    ) -> io::Result<()> {
        let Some(id) = part.exchange else { return Ok(()) };
        let known = self.calls.get(&id).map(Call::so_far);
        let (message, kept, is_head) = match part.content {
            PartContent::Head { call, head } => {
                let message = call::message(&call, part.side);
                if message == MessageWord::Request {
                    self.note_resize(&call, part.at, printed)?;
                }
                self.learn(*call, names, printed)?;
                (message, head, true)
            }
            PartContent::Body(kept) => {
                let Some(call) = known else { return Ok(()) };
                (call::message(call, part.side), kept, false)
            }
        };
        let piece = Piece { message, at: part.at, offset: part.offset, kept, is_head };
        match self.calls.get_mut(&id) {
            Some(call) => call.take(piece, self.manner, printed),
            None => Ok(()),
        }
    }

    /// Shows what is left of a call that has ended, if it is `wanted`. What was dropped of it is said.
    pub(super) fn finish(
        &mut self,
        exchange: &Exchange,
        wanted: bool,
        printed: &mut Printed,
    ) -> io::Result<()> {
        let duration = i64::try_from(exchange.duration.as_millis()).unwrap_or(i64::MAX);
        let at = Timestamp(exchange.started.0.saturating_add(duration));
        match (self.calls.remove(&exchange.id), wanted) {
            (Some(call), true) => call.finish(exchange, at, self.manner, printed),
            (None, true) => {
                let place = Place { call: exchange, message: MessageWord::Answer, at };
                let bytes = exchange.request.body + exchange.answer.body;
                printed.part(&place, &Shown::Hidden(bytes, HiddenWord::TooFast))
            }
            (_, false) => Ok(()),
        }
    }

    /// More is known of a call; what was held may be shown now.
    fn learn(&mut self, so_far: Exchange, names: &ContainerNames, printed: &mut Printed) -> io::Result<()> {
        let wanted = match &self.filter {
            Some(filter) => filter.decides(&so_far, names),
            None => Some(true),
        };
        let call = self.calls.entry(so_far.id).or_insert_with(|| Call::new(so_far.clone()));
        call.learn(so_far, wanted, self.manner, printed)
    }

    /// A resize is a call of its own, which is noted on the stream whose terminal it concerns.
    fn note_resize(&self, resize: &Exchange, at: Timestamp, printed: &mut Printed) -> io::Result<()> {
        let Some((columns, rows)) = terminal_size(resize) else { return Ok(()) };
        let of_stream = |call: &&Call| call.is_shown_stream_of(resize);
        let Some(stream) = self.calls.values().find(of_stream) else { return Ok(()) };
        let place = Place { call: stream.so_far(), message: MessageWord::Answer, at };
        printed.part(&place, &Shown::Resized(columns, rows))
    }
}

/// The columns and rows that a resizing call asks for.
fn terminal_size(call: &Exchange) -> Option<(u32, u32)> {
    let resizes = matches!(call.operation.as_deref(), Some("ContainerResize" | "ExecResize"));
    let query = call.query().filter(|_| resizes)?;
    let value = |name: &str| {
        let pair = query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
        pair.and_then(|(_, value)| value.parse().ok())
    };
    Some((value("w")?, value("h")?))
}
