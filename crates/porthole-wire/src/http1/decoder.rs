//! The decoder of a connection: both directions, and what the one says about the other.

use std::cell::Cell;
use std::collections::VecDeque;

use porthole_model::Upgrade;

use super::body::Body;
use super::head::{self, Unfinished};
use super::{Event, framing};
use crate::engine_api;
use crate::http::{AnswerHead, Opaque, RequestHead, Side};

/// Requests that may wait for their answers.
const LONGEST_PIPELINE: usize = 1000;

/// Bytes kept of a client that goes on before it knows whether its upgrade is accepted.
const LONGEST_HELD: usize = 64 * 1024;

/// The part of HTTP/2's preface that looks like a head (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// Reads a copy of both directions of a connection. Keeps at most a head for each, and a short list of what waits
/// for an answer.
#[derive(Debug, Default)]
pub struct Decoder {
    mode: Mode,
    requests: Requests,
    request_head: Unfinished,
    answer: Option<Body>,
    answer_head: Unfinished,
    interim: usize,
    waits_for_100: bool,
    asked: VecDeque<Asked>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Http,
    Stream,
    Opaque,
}

/// What the client's next bytes are.
#[derive(Debug, Default)]
enum Requests {
    #[default]
    Head,
    Body(Body),
    /// Either a request or a stream: the answer will tell.
    Held(Vec<u8>),
    /// A body that was announced, or none: the answer came before the client was told to go on (100-continue).
    Unsure,
    Stream,
}

/// What must be known of a request to read its answer.
#[derive(Debug)]
struct Asked {
    is_head: bool,
    upgrade: bool,
    may_hijack: bool,
}

impl Asked {
    fn of(head: &RequestHead<'_>) -> Self {
        Self {
            is_head: head.method == "HEAD",
            upgrade: head.headers.has_word("Connection", "upgrade"),
            may_hijack: engine_api::may_hijack(head.method, head.target),
        }
    }

    fn may_become_stream(&self) -> bool {
        self.upgrade || self.may_hijack
    }
}

impl Decoder {
    /// Reads what the client sent next.
    pub fn client_sent(&mut self, bytes: &[u8], mut emit: impl FnMut(Event<'_>)) {
        self.read_requests(bytes, &mut emit).unwrap_or_else(|opaque| self.turn_opaque(opaque, &mut emit));
    }

    /// Reads what the client sent next, but not past the end of a head or of a request, and not what only the engine's
    /// answer will tell to be a request or a stream. Gives how many bytes were read.
    pub fn client_sent_to_boundary(&mut self, bytes: &[u8], mut emit: impl FnMut(Event<'_>)) -> usize {
        let (mut rest, at_boundary) = (bytes, Cell::new(false));
        let mut emit = |event: Event<'_>| {
            let is_boundary = matches!(event, Event::RequestHead(_) | Event::RequestEnd);
            at_boundary.set(at_boundary.get() || is_boundary);
            emit(event);
        };
        while !rest.is_empty() && !at_boundary.get() && self.can_read_requests() {
            self.read_request_step(&mut rest, &mut emit)
                .unwrap_or_else(|opaque| self.turn_opaque(opaque, &mut emit));
        }
        bytes.len() - rest.len()
    }

    /// Reads what the engine sent next.
    pub fn engine_sent(&mut self, bytes: &[u8], mut emit: impl FnMut(Event<'_>)) {
        self.read_answers(bytes, &mut emit).unwrap_or_else(|opaque| self.turn_opaque(opaque, &mut emit));
    }

    /// The engine will send no more, which ends a body without a length.
    pub fn engine_closed(&mut self, mut emit: impl FnMut(Event<'_>)) {
        if self.mode == Mode::Http && matches!(self.answer, Some(Body::UntilClose)) {
            self.answer = None;
            self.asked.pop_front();
            emit(Event::AnswerEnd);
        }
    }

    /// How many of the next bytes of a side are content or not understood, whatever they say; they may pass unseen if
    /// [`Decoder::passed_unseen`] is told of them.
    pub fn content_ahead(&self, side: Side) -> u64 {
        match (&self.mode, side) {
            (Mode::Opaque, _) | (Mode::Stream, Side::Engine) => u64::MAX,
            (Mode::Http, Side::Engine) => self.answer.as_ref().map_or(0, Body::content_ahead),
            (_, Side::Client) => match &self.requests {
                Requests::Body(body) => body.content_ahead(),
                Requests::Stream => u64::MAX,
                _ => 0,
            },
        }
    }

    /// So many bytes passed that were not shown: at most as many as are [`Decoder::content_ahead`].
    pub fn passed_unseen(&mut self, side: Side, count: u64, mut emit: impl FnMut(Event<'_>)) {
        if self.mode == Mode::Opaque {
            return;
        }
        emit(Event::Unseen(side, count));
        self.waits_for_100 &= side == Side::Engine;
        let is_end = match (side, &mut self.answer, &mut self.requests) {
            (Side::Engine, Some(body), _) | (Side::Client, _, Requests::Body(body)) => body.skip(count),
            _ => false,
        };
        if is_end {
            match side {
                Side::Engine => self.end_answer(&mut emit),
                Side::Client => self.end_request(&mut emit),
            }
        }
    }

    /// Whether nothing has begun that has not ended, so that the connection may be closed without loss.
    pub fn is_idle(&self) -> bool {
        self.mode == Mode::Http
            && matches!(self.requests, Requests::Head)
            && self.asked.is_empty()
            && !self.request_head.has_begun()
            && !self.answer_head.has_begun()
    }

    /// Whether a request's head has begun that is not whole yet.
    pub fn is_within_head(&self) -> bool {
        self.request_head.has_begun()
    }

    fn can_read_requests(&self) -> bool {
        self.mode != Mode::Opaque && !matches!(self.requests, Requests::Held(_))
    }

    fn turn_opaque(&mut self, reason: Opaque, emit: &mut impl FnMut(Event<'_>)) {
        *self = Self { mode: Mode::Opaque, ..Self::default() };
        emit(Event::Opaque(reason));
    }

    fn read_requests(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        while !bytes.is_empty() && self.mode != Mode::Opaque {
            self.read_request_step(&mut bytes, emit)?;
        }
        Ok(())
    }

    /// Takes at least one byte from the front of `bytes`, which must not be empty.
    fn read_request_step(
        &mut self,
        bytes: &mut &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        match &mut self.requests {
            Requests::Head => self.read_request_head(bytes, emit)?,
            Requests::Body(body) => {
                let step = body.step(bytes)?;
                self.waits_for_100 = false;
                emit_content(step.content, Event::RequestBody, emit);
                if step.is_end {
                    self.end_request(emit);
                }
            }
            Requests::Held(held) => {
                held.extend_from_slice(std::mem::take(bytes));
                if held.len() > LONGEST_HELD {
                    return Err(Opaque::LongHeld);
                }
            }
            Requests::Unsure => return Err(Opaque::Framing),
            Requests::Stream => emit(Event::Stream(Side::Client, std::mem::take(bytes))),
        }
        Ok(())
    }

    fn read_request_head(
        &mut self,
        bytes: &mut &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        if !self.request_head.has_begun() && !bytes.first().copied().is_some_and(head::can_begin_request) {
            return Err(Opaque::Request);
        }
        self.request_head.take(bytes)?.map_or(Ok(()), |head| self.begin_request(&head, emit))
    }

    fn begin_request(&mut self, head: &[u8], emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        if head == PREFACE && self.asked.is_empty() {
            self.begin_http2(head, emit);
            return Ok(());
        }
        let mut storage = Vec::new();
        let head = head::parse_request(head, &mut storage)?;
        let body = framing::of_request(&head)?;
        if head.method == "CONNECT" {
            return Err(Opaque::Tunnel);
        }
        if self.asked.len() == LONGEST_PIPELINE {
            return Err(Opaque::LongPipeline);
        }
        self.asked.push_back(Asked::of(&head));
        self.waits_for_100 = body.is_some() && head.headers.has_word("Expect", "100-continue");
        emit(Event::RequestHead(head));
        match body {
            Some(body) => self.requests = Requests::Body(body),
            None => self.end_request(emit),
        }
        Ok(())
    }

    fn begin_http2(&mut self, preface: &[u8], emit: &mut impl FnMut(Event<'_>)) {
        self.mode = Mode::Stream;
        self.requests = Requests::Stream;
        emit(Event::Http2);
        emit(Event::Stream(Side::Client, preface));
    }

    /// An answer that came while the body was still being sent has already said what follows it.
    fn end_request(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        let unsure = self.asked.back().is_some_and(Asked::may_become_stream);
        self.requests = match self.mode {
            Mode::Stream => Requests::Stream,
            _ if unsure => Requests::Held(Vec::new()),
            _ => Requests::Head,
        };
        emit(Event::RequestEnd);
    }

    fn read_answers(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        while !bytes.is_empty() {
            match (&self.mode, &mut self.answer) {
                (Mode::Opaque, _) => return Ok(()),
                (Mode::Stream, _) => emit(Event::Stream(Side::Engine, std::mem::take(&mut bytes))),
                (Mode::Http, Some(body)) => {
                    let step = body.step(&mut bytes)?;
                    emit_content(step.content, Event::AnswerBody, emit);
                    if step.is_end {
                        self.end_answer(emit);
                    }
                }
                (Mode::Http, None) => self.read_answer_head(&mut bytes, emit)?,
            }
        }
        Ok(())
    }

    fn read_answer_head(
        &mut self,
        bytes: &mut &[u8],
        emit: &mut impl FnMut(Event<'_>),
    ) -> Result<(), Opaque> {
        if self.asked.is_empty() {
            return Err(Opaque::Unasked);
        }
        if !self.answer_head.has_begun() && bytes.first() != Some(&b'H') {
            return Err(Opaque::Answer);
        }
        self.answer_head.take(bytes)?.map_or(Ok(()), |head| self.begin_answer(&head, emit))
    }

    fn begin_answer(&mut self, head: &[u8], emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        let mut storage = Vec::new();
        let mut head = head::parse_answer(head, &mut storage)?;
        head.size += std::mem::take(&mut self.interim);
        let asked = self.asked.front().ok_or(Opaque::Unasked)?;
        match head.status {
            101 if asked.upgrade && self.asked.len() == 1 => {
                let protocol = head.headers.text("Upgrade").unwrap_or_default().to_ascii_lowercase();
                self.begin_stream(head, Upgrade::Protocol(protocol), emit);
            }
            101 => return Err(Opaque::UnaskedUpgrade),
            100..=199 => {
                self.interim = head.size;
                self.waits_for_100 = false;
            }
            _ if asked.may_hijack && self.asked.len() == 1 && is_hijacked(&head) => {
                self.begin_stream(head, Upgrade::Hijacked, emit);
            }
            _ => {
                self.answer = framing::of_answer(&head, asked.is_head)?;
                emit(Event::AnswerHead(head));
                return self.after_answer_head(emit);
            }
        }
        Ok(())
    }

    /// What the client sent meanwhile is no stream, so it is read as requests.
    fn after_answer_head(&mut self, emit: &mut impl FnMut(Event<'_>)) -> Result<(), Opaque> {
        let is_last = self.asked.len() == 1;
        if is_last && std::mem::take(&mut self.waits_for_100) {
            self.requests = Requests::Unsure;
        }
        if self.answer.is_none() {
            self.end_answer(emit);
        }
        match std::mem::take(&mut self.requests) {
            Requests::Held(held) if is_last => self.read_requests(&held, emit),
            requests => {
                self.requests = requests;
                Ok(())
            }
        }
    }

    fn end_answer(&mut self, emit: &mut impl FnMut(Event<'_>)) {
        self.answer = None;
        self.asked.pop_front();
        emit(Event::AnswerEnd);
    }

    fn begin_stream(&mut self, head: AnswerHead<'_>, upgrade: Upgrade, emit: &mut impl FnMut(Event<'_>)) {
        self.mode = Mode::Stream;
        emit(Event::AnswerHead(head));
        emit(Event::Upgraded(upgrade));
        match std::mem::take(&mut self.requests) {
            Requests::Body(body) => self.requests = Requests::Body(body),
            Requests::Held(early) => {
                self.requests = Requests::Stream;
                emit_content(&early, |bytes| Event::Stream(Side::Client, bytes), emit);
            }
            _ => self.requests = Requests::Stream,
        }
    }
}

/// The engine takes a connection over with a stream type and without a length (moby, `postContainersAttach`).
fn is_hijacked(head: &AnswerHead<'_>) -> bool {
    let kind = head.headers.text("Content-Type").unwrap_or_default();
    let is_stream =
        matches!(kind, "application/vnd.docker.raw-stream" | "application/vnd.docker.multiplexed-stream");
    is_stream
        && head.headers.values("Content-Length").next().is_none()
        && head.headers.values("Transfer-Encoding").next().is_none()
}

fn emit_content<'a>(
    content: &'a [u8],
    event: impl FnOnce(&'a [u8]) -> Event<'a>,
    emit: &mut impl FnMut(Event<'_>),
) {
    if !content.is_empty() {
        emit(event(content));
    }
}
