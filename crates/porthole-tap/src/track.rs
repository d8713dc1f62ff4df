//! One exchange while it goes on.

use std::borrow::Cow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use porthole_model::{
    Carrier, Client, ConnectionId, Exchange, ExchangeEnd, ExchangeId, ExecCall, GrpcCall, MessageSize,
    Timestamp, Upgrade,
};
use porthole_wire::engine_api::{self, ProgressScan};
use porthole_wire::grpc::{MessageScan, Outcome};
use porthole_wire::http::{AnswerHead, Headers, RequestHead, Side};
use porthole_wire::http2::ErrorCode;

use crate::budget::Budget;
use crate::digest::Digest;
use crate::execs::Execs;
use crate::named::{Named, Origin};
use crate::{Finished, Kept, Message, Settings};

/// How much of the bodies is read of a call that describes itself in them.
const DESCRIPTION: usize = 8 * 1024;

/// How much of a head's lines is kept; no engine takes a longer one.
const HEAD: usize = 1024 * 1024;

/// A moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) wall: Timestamp,
    pub(crate) steady: Instant,
}

impl Moment {
    pub(crate) fn now() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let milliseconds = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
        Self { wall: Timestamp(milliseconds), steady: Instant::now() }
    }
}

/// One exchange while it goes on.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: ExchangeId,
    pub(crate) request_is_whole: bool,
    pub(crate) answer_is_whole: bool,
    /// Whether nothing of its bodies may be kept or shown.
    pub(crate) withheld: bool,
    begun: Moment,
    named: Named,
    carrier: Option<Carrier>,
    exec: Option<ExecCall>,
    exit_code: Option<i64>,
    status: Option<u16>,
    first_byte: Option<Duration>,
    upgraded: Option<Upgrade>,
    progress: Option<ProgressScan>,
    outcome: Option<Outcome>,
    /// Why a side gave the call up.
    reset: Option<String>,
    request: Half,
    answer: Half,
    end: Option<(ExchangeEnd, Duration)>,
}

/// The request or the answer.
#[derive(Debug, Default)]
struct Half {
    size: MessageSize,
    message: Option<Message>,
    description: Vec<u8>,
    /// How much more of it is read.
    description_room: usize,
    messages: Option<MessageScan>,
}

impl Track {
    pub(crate) fn begin(
        id: ExchangeId,
        head: &RequestHead<'_>,
        origin: Origin,
        keeping: (&Settings, &Budget),
    ) -> Self {
        let named = Named::of(head, origin);
        let withheld = origin.is_withheld || engine_api::carries_secrets(named.operation());
        let described = engine_api::describes_itself_in_bodies(named.operation());
        let half = |limit: Option<usize>| Half {
            size: MessageSize::default(),
            message: limit.map(|limit| Message::empty(limit, keeping, withheld)),
            description: Vec::new(),
            description_room: if described { DESCRIPTION } else { 0 },
            messages: named.is_grpc.then(MessageScan::default),
        };
        let (request, answer) = (half(keeping.0.request_limit), half(keeping.0.answer_limit));
        let mut track = Self {
            id,
            request_is_whole: false,
            answer_is_whole: false,
            withheld,
            begun: Moment::now(),
            named,
            carrier: origin.carrier,
            exec: None,
            exit_code: None,
            status: None,
            first_byte: None,
            upgraded: None,
            progress: None,
            outcome: None,
            reset: None,
            request,
            answer,
            end: None,
        };
        track.request.head(head.size, head.headers);
        track
    }

    /// Who sends the request.
    pub(crate) fn asker(&self) -> Side {
        if self.carrier.is_some_and(|carrier| carrier.engine_asks) { Side::Engine } else { Side::Client }
    }

    /// Gives the bytes that came before.
    pub(crate) fn request_body(&mut self, bytes: &[u8]) -> u64 {
        self.request.body(bytes)
    }

    pub(crate) fn answer_head(&mut self, head: &AnswerHead<'_>) {
        self.first_byte = Some(self.begun.steady.elapsed());
        self.status = Some(head.status);
        self.answer.head(head.size, head.headers);
        let suits = ProgressScan::suits(self.named.operation());
        self.progress = (suits && head.status == 200).then(ProgressScan::default);
        self.note_outcome(head.headers);
    }

    /// The headers behind the answer's body.
    pub(crate) fn answer_trailers(&mut self, headers: Headers<'_>) {
        if let Some(message) = &mut self.answer.message {
            write_head(&mut message.head, headers);
        }
        self.note_outcome(headers);
    }

    fn note_outcome(&mut self, headers: Headers<'_>) {
        if self.named.is_grpc {
            self.outcome = Outcome::of(headers);
        }
    }

    /// Gives the bytes that came before.
    pub(crate) fn answer_body(&mut self, bytes: &[u8]) -> u64 {
        if let Some(progress) = &mut self.progress {
            progress.push(bytes);
        }
        self.answer.body(bytes)
    }

    /// So much of a body passed that was not looked at.
    pub(crate) fn unseen(&mut self, side: Side, count: u64) {
        let half = match side {
            Side::Client => &mut self.request,
            Side::Engine => &mut self.answer,
        };
        half.size.body += count;
        if let Some(message) = half.message.as_mut().filter(|message| !message.withheld) {
            message.pass_over(count);
        }
    }

    /// Whether what comes next of a body is kept, hashed or searched.
    pub(crate) fn looks_at(&self, side: Side) -> bool {
        match side {
            Side::Client => self.request.looks(),
            Side::Engine => self.answer.looks() || self.progress.is_some(),
        }
    }

    pub(crate) fn upgrade(&mut self, upgrade: Upgrade, keep_client: bool) {
        self.upgraded = Some(upgrade);
        // A stream says nothing of the call, and what is typed may be a password.
        (self.request.description_room, self.answer.description_room) = (0, 0);
        for message in [&mut self.request.message, &mut self.answer.message].into_iter().flatten() {
            message.digest.give_up();
        }
        if let Some(message) = &mut self.request.message {
            message.withheld |= !keep_client;
        }
    }

    /// Whether request and answer have both come to their ends.
    pub(crate) fn is_whole(&self) -> bool {
        self.request_is_whole && self.answer_is_whole
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.is_some()
    }

    /// A side gave the call up. That the one who asks no longer wants it is no failure.
    pub(crate) fn reset(&mut self, side: Side, code: ErrorCode) {
        let is_unwanted = side == self.asker() && matches!(code, ErrorCode::NO_ERROR | ErrorCode::CANCEL);
        let who = if side == Side::Client { "client" } else { "engine" };
        self.reset = (!is_unwanted).then(|| format!("the {who} gave the call up: {code}"));
    }

    pub(crate) fn end(&mut self, end: ExchangeEnd) {
        self.end.get_or_insert((end, self.begun.steady.elapsed()));
    }

    /// The line as far as it is known.
    pub(crate) fn so_far(&self, connection: ConnectionId, client: Client) -> Exchange {
        self.line(self.named.clone(), connection, client)
    }

    fn line(&self, named: Named, connection: ConnectionId, client: Client) -> Exchange {
        Exchange {
            id: self.id,
            connection,
            carrier: self.carrier,
            client,
            started: self.begun.wall,
            method: named.method,
            target: named.target,
            api_version: named.api_version,
            operation: named.operation.map(Cow::into_owned),
            resource: named.resource,
            exec: self.exec.clone(),
            exit_code: self.exit_code,
            grpc: self.grpc(),
            status: self.status,
            request: self.request.size,
            answer: self.answer.size,
            first_byte: self.first_byte,
            duration: self.begun.steady.elapsed(),
            upgraded: self.upgraded.clone(),
            failure: None,
            end: ExchangeEnd::Complete,
        }
    }

    /// Reads what its bodies say of it, once they are over, and joins it with the other calls of its exec.
    pub(crate) fn describe(&mut self, execs: &Execs) {
        let Named { operation, resource, .. } = &mut self.named;
        let name = operation.as_deref().unwrap_or_default();
        let [asked, answered] = [&self.request.description[..], &self.answer.description];
        *resource = engine_api::resource_of_bodies(name, resource.take(), asked, answered);
        if engine_api::is_of_exec(name) {
            let facts = engine_api::exec_of_bodies(name, asked, answered);
            self.exec = execs.join(resource.as_ref(), facts);
        }
        if name == "ContainerWait" {
            self.exit_code = engine_api::exit_code_of_wait(answered);
        }
    }

    /// The line and what was kept.
    pub(crate) fn finish(mut self, connection: ConnectionId, client: Client) -> Finished {
        let (end, duration) = self.end.unwrap_or((ExchangeEnd::Stopped, self.begun.steady.elapsed()));
        let (failure, named) = (self.failure(), std::mem::take(&mut self.named));
        let exchange = Exchange { duration, failure, end, ..self.line(named, connection, client) };
        Finished { exchange, request: self.request.message, answer: self.answer.message }
    }

    /// Why the operation failed although its status says success.
    fn failure(&mut self) -> Option<String> {
        let progress = self.progress.take().and_then(ProgressScan::finish);
        progress.or_else(|| self.outcome.as_ref().and_then(Outcome::failure)).or_else(|| self.reset.take())
    }

    fn grpc(&self) -> Option<GrpcCall> {
        let count = |half: &Half| half.messages.map(|messages| messages.count());
        Some(GrpcCall {
            request_messages: count(&self.request)?,
            answer_messages: count(&self.answer)?,
            status: self.outcome.as_ref().map(|outcome| outcome.status),
        })
    }
}

impl Half {
    fn head(&mut self, size: usize, headers: Headers<'_>) {
        self.size.head = size as u64;
        if let Some(message) = &mut self.message {
            write_head(&mut message.head, headers);
        }
    }

    /// Gives the bytes that came before.
    fn body(&mut self, bytes: &[u8]) -> u64 {
        let before = self.size.body;
        self.size.body += bytes.len() as u64;
        let read = self.description_room.min(bytes.len());
        self.description.extend_from_slice(&bytes[..read]);
        self.description_room -= read;
        if let Some(messages) = &mut self.messages {
            messages.push(bytes);
        }
        if let Some(message) = self.message.as_mut().filter(|message| !message.withheld) {
            message.push(bytes);
        }
        before
    }

    fn looks(&self) -> bool {
        self.description_room > 0
            || self.message.as_ref().is_some_and(|message| !message.withheld && message.wants_more())
    }
}

impl Message {
    fn empty(limit: usize, (settings, budget): (&Settings, &Budget), withheld: bool) -> Self {
        let digest = Digest::new(settings.hash_limit);
        Self { head: Kept::new(budget, HEAD), body: Kept::new(budget, limit), withheld, digest }
    }

    fn push(&mut self, bytes: &[u8]) {
        let was_truncated = self.body.is_truncated();
        let before = self.body.bytes().len();
        self.body.push(bytes);
        if was_truncated {
            self.digest.add(bytes);
        } else if self.body.is_truncated() {
            self.digest.add(&self.body.bytes()[..before]);
            self.digest.add(bytes);
        }
    }

    fn pass_over(&mut self, count: u64) {
        self.digest.give_up();
        self.body.pass_over(count);
    }

    fn wants_more(&self) -> bool {
        !self.body.is_full() || self.digest.is_wanted()
    }
}

/// Header lines as they came, but for the credentials.
pub(crate) fn write_head(kept: &mut Kept, headers: Headers<'_>) {
    let line = |(name, value): (&str, &[u8])| name.len() + value.len().max(engine_api::SECRET_MASK.len()) + 4;
    let mut lines = Vec::with_capacity(headers.iter().map(line).sum());
    for (name, value) in headers.iter() {
        let masked = engine_api::is_secret_header(name);
        let value = if masked { engine_api::SECRET_MASK.as_bytes() } else { value };
        for piece in [name.as_bytes(), b": ", value, b"\r\n"] {
            lines.extend_from_slice(piece);
        }
    }
    kept.take(lines);
}
