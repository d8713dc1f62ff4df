//! The lines of a tap that go out: for people, or for programs.

use std::io;

use porthole_analysis::{EngineApi, version_trouble};
use porthole_model::{ContainerNames, ExchangeId, Timestamp};
use porthole_render::doc::Doc;
use porthole_render::exchange::LineWriter;
use porthole_render::json::{self, MessageWord};
use porthole_render::live::{self, Place, Shown};
use porthole_tap::{CloseReason, ConnectionClosed, Event, Finished};

use super::gather::Gather;
use crate::output::Output;

/// Parts of a message that follow each other within so many milliseconds share a title.
const TOGETHER: i64 = 500;

/// The lines that go out.
pub(super) struct Printed {
    writer: LineWriter<Gather>,
    output: Output,
    api: Option<EngineApi>,
    title: Option<Title>,
}

/// The title that was written last, and the last part under it.
struct Title {
    exchange: ExchangeId,
    message: MessageWord,
    at: Timestamp,
    is_head: bool,
}

impl Printed {
    pub(super) fn new(writer: LineWriter<Gather>, output: Output, api: Option<EngineApi>) -> Self {
        Self { writer, output, api, title: None }
    }

    /// Lets out what was printed.
    pub(super) fn release(&mut self) -> io::Result<()> {
        self.writer.out().release()
    }

    /// A finished exchange.
    pub(super) fn exchange(&mut self, finished: &Finished, names: &ContainerNames) -> io::Result<()> {
        let Finished { exchange, request, .. } = finished;
        let body = request.as_ref().map(|request| request.body.bytes());
        let trouble = version_trouble(exchange, self.api, body);
        match self.output {
            Output::Json => self.writer.text(&json::exchange(exchange, names, trouble)),
            Output::Text => {
                self.title = None;
                self.writer.exchange(exchange, names)?;
                match trouble {
                    Some(trouble) => self.warning(&trouble),
                    None => Ok(()),
                }
            }
        }
    }

    /// A part of a call that goes on, under the title that it shares with those before it.
    pub(super) fn part(&mut self, place: &Place<'_>, shown: &Shown<'_>) -> io::Result<()> {
        if self.output == Output::Json {
            return self.writer.text(&json::part(place, shown));
        }
        let is_head = matches!(shown, Shown::Head(_));
        match self.title.replace(Title::of(place, is_head)) {
            Some(last) if last.covers(place) && !is_head => {
                if last.is_head {
                    self.writer.doc(Doc::new().blank())?;
                }
            }
            _ => self.writer.title(&live::title(place))?,
        }
        self.writer.doc(&live::part(shown))
    }

    /// Parts of a connection that were dropped.
    pub(super) fn dropped(&mut self, closed: &ConnectionClosed) -> io::Result<()> {
        match (self.output, closed.dropped_parts) {
            (_, 0) | (Output::Json, _) => Ok(()),
            (Output::Text, parts) => self.warning(&live::dropped(closed.connection, parts)),
        }
    }

    /// What goes wrong beside the calls is said between their lines.
    pub(super) fn trouble(&mut self, event: &Event) -> io::Result<()> {
        let trouble = match event {
            Event::Opaque { reason, .. } => {
                format!("from here on a connection passes without being understood: {reason}")
            }
            Event::HandshakeFailed { address, fault, .. } => {
                format!("a client at {address} was not let in: {fault}")
            }
            Event::AcceptFailed { cause, .. } => format!("a client could not be let in: {cause}"),
            Event::Closed(closed) => match &closed.reason {
                CloseReason::EngineUnreachable(cause) => format!("the engine could not be reached: {cause}"),
                _ => return Ok(()),
            },
            Event::Opened { .. } | Event::Part(_) | Event::Finished(_) => return Ok(()),
        };
        match self.output {
            Output::Text => self.warning(&trouble),
            Output::Json => Ok(()),
        }
    }

    fn warning(&mut self, words: &str) -> io::Result<()> {
        self.title = None;
        self.writer.doc(&porthole_render::error::warning(words))
    }
}

impl Title {
    fn of(place: &Place<'_>, is_head: bool) -> Self {
        Self { exchange: place.call.id, message: place.message, at: place.at, is_head }
    }

    /// Whether a part that follows belongs under it, too.
    fn covers(&self, place: &Place<'_>) -> bool {
        let soon = place.at.0.saturating_sub(self.at.0) < TOGETHER;
        soon && (self.exchange, self.message) == (place.call.id, place.message)
    }
}
