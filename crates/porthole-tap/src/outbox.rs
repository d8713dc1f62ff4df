//! What is on its way to the sink, and what exchanges of either protocol have in common while they go on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use porthole_model::{Client, ClientAddress, ConnectionId, ExchangeEnd, ExchangeId, Gap, Upgrade};
use porthole_wire::engine_api;
use porthole_wire::http::{AnswerHead, Headers, Opaque, RequestHead, Side};

use crate::budget::Budget;
use crate::connection::Shared;
use crate::named::Origin;
use crate::track::{Moment, Track, write_head};
use crate::{CloseReason, Event, Kept, Part, PartContent};

/// Parts that wait for the sink; more are dropped.
const MOST_PARTS: usize = 256;

/// What is on its way to the sink.
#[derive(Debug)]
pub(crate) struct Outbox {
    pub(crate) shared: Arc<Shared>,
    /// Set when what the engine sends is no longer delivered.
    pub(crate) client_is_gone: bool,
    pub(crate) dropped_parts: u64,
    connection: ConnectionId,
    address: ClientAddress,
    waiting: VecDeque<Outgoing>,
    content_was_missed: bool,
}

/// An event, or what becomes one when the client's name is known.
#[derive(Debug)]
enum Outgoing {
    Event(Event),
    Exchange(Box<Track>),
}

impl Outbox {
    pub(crate) fn new(connection: ConnectionId, address: ClientAddress, shared: Arc<Shared>) -> Self {
        Self {
            shared,
            client_is_gone: false,
            dropped_parts: 0,
            connection,
            address,
            waiting: VecDeque::new(),
            content_was_missed: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The next event for the sink.
    pub(crate) fn next_event(&mut self, client: &Client) -> Option<Event> {
        Some(match self.waiting.pop_front()? {
            Outgoing::Event(Event::Part(mut part)) => {
                if let PartContent::Head { call, .. } = &mut part.content {
                    call.client = client.clone();
                }
                Event::Part(part)
            }
            Outgoing::Event(event) => event,
            Outgoing::Exchange(track) => {
                Event::Finished(Box::new(track.finish(self.connection, client.clone())))
            }
        })
    }

    /// Begins an exchange.
    pub(crate) fn begin(&mut self, head: &RequestHead<'_>, origin: Origin) -> Box<Track> {
        let id = ExchangeId(self.shared.exchanges.fetch_add(1, Ordering::Relaxed) + 1);
        let track = Track::begin(id, head, origin, (&self.shared.settings, &self.shared.budget));
        let target = || engine_api::masked_target(head.target);
        let first = || format!("{} {} {}", head.method, target(), head.version);
        self.show_head(&track, track.asker(), first, head.headers);
        Box::new(track)
    }

    pub(crate) fn request_body(&mut self, track: &mut Track, bytes: &[u8], is_shown: bool) {
        let offset = track.request_body(bytes);
        if is_shown && !track.withheld {
            self.show_body(Some(track.id), track.asker(), offset, bytes);
        }
    }

    pub(crate) fn answer_head(&mut self, track: &mut Track, head: &AnswerHead<'_>) {
        track.answer_head(head);
        let first = || format!("{} {} {}", head.version, head.status, head.reason);
        self.show_head(track, track.asker().other(), first, head.headers);
    }

    pub(crate) fn answer_body(&mut self, track: &mut Track, bytes: &[u8], is_shown: bool) {
        let offset = track.answer_body(bytes);
        self.content_was_missed |= self.client_is_gone && track.asker() == Side::Client;
        if is_shown && !track.withheld {
            self.show_body(Some(track.id), track.asker().other(), offset, bytes);
        }
    }

    /// The time is that of the answer's end, though the request may go on. A client that leaves when it has all of
    /// the content, but not the last chunk's mark, missed nothing: the docker client ends so after a wait.
    pub(crate) fn answer_end(&mut self, track: &mut Track) {
        let end = if self.content_was_missed { ExchangeEnd::ClientLeft } else { ExchangeEnd::Complete };
        track.answer_is_whole = true;
        track.end(end);
    }

    /// Takes an exchange that is over, however it ended.
    pub(crate) fn finish(&mut self, mut track: Box<Track>, end: ExchangeEnd) {
        track.end(end);
        track.describe(&self.shared.execs);
        self.waiting.push_back(Outgoing::Exchange(track));
    }

    /// Nothing more of the connection is understood.
    pub(crate) fn opaque(&mut self, reason: Opaque) {
        let event = Event::Opaque { connection: self.connection, at: Moment::now().wall, reason };
        self.waiting.push_back(Outgoing::Event(event));
    }

    /// The answer's head, which still waits, tells what the connection became with it.
    pub(crate) fn show_upgrade(&mut self, upgrade: Upgrade) {
        if let Some(Outgoing::Event(Event::Part(part))) = self.waiting.back_mut()
            && let PartContent::Head { call, .. } = &mut part.content
        {
            call.upgraded = Some(upgrade);
        }
    }

    pub(crate) fn show_body(&mut self, exchange: Option<ExchangeId>, side: Side, offset: u64, bytes: &[u8]) {
        self.show((exchange, side, offset), |budget| Kept::copy_of(budget, bytes).map(PartContent::Body));
    }

    fn show_head(&mut self, track: &Track, side: Side, first: impl FnOnce() -> String, headers: Headers<'_>) {
        if !self.shared.settings.parts {
            return;
        }
        let nobody = Client::unresolved(self.address, &Gap::not_asked("the program behind the connection"));
        let call = Box::new(track.so_far(self.connection, nobody));
        self.show((Some(track.id), side, 0), |budget| {
            let mut head = Kept::new(budget, usize::MAX);
            head.push(first().as_bytes());
            head.push(b"\r\n");
            write_head(&mut head, headers);
            (!head.is_truncated()).then_some(PartContent::Head { call, head })
        });
    }

    fn show(
        &mut self,
        (exchange, side, offset): (Option<ExchangeId>, Side, u64),
        content: impl FnOnce(&Budget) -> Option<PartContent>,
    ) {
        if !self.shared.settings.parts {
            return;
        }
        let content = (self.waiting.len() < MOST_PARTS).then(|| content(&self.shared.budget)).flatten();
        let Some(content) = content else {
            self.dropped_parts += 1;
            return;
        };
        let part =
            Part { exchange, connection: self.connection, at: Moment::now().wall, side, offset, content };
        self.waiting.push_back(Outgoing::Event(Event::Part(part)));
    }
}

/// An upgraded connection is whole when the engine closed it; that a client closes its half first is usual.
pub(crate) fn end_of(track: &Track, reason: &CloseReason) -> ExchangeEnd {
    match reason {
        CloseReason::Stopped => ExchangeEnd::Stopped,
        CloseReason::ClientClosed | CloseReason::EngineClosed if track.is_upgraded() => ExchangeEnd::Complete,
        CloseReason::ClientClosed | CloseReason::ClientLost(_) => ExchangeEnd::ClientLeft,
        CloseReason::EngineClosed | CloseReason::EngineLost(_) | CloseReason::EngineUnreachable(_) => {
            ExchangeEnd::EngineLeft
        }
    }
}

/// How what waits for a side ends when that side has left.
pub(crate) fn end_by(side: Side) -> ExchangeEnd {
    match side {
        Side::Client => ExchangeEnd::ClientLeft,
        Side::Engine => ExchangeEnd::EngineLeft,
    }
}
