//! One exchange while it goes on.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use porthole_model::{
    Client, ConnectionId, Exchange, ExchangeEnd, ExchangeId, MessageSize, Resource, Timestamp, Upgrade,
};
use porthole_wire::engine_api::{self, Operation, ProgressScan};
use porthole_wire::http1::{AnswerHead, Headers, RequestHead, Side};

use crate::budget::Budget;
use crate::digest::Digest;
use crate::{Finished, Kept, Message, Settings};

/// How much of a creating call's bodies is read for the name and the id in them.
const CREATION: usize = 8 * 1024;

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
    method: String,
    target: String,
    api_version: Option<String>,
    operation: Option<&'static Operation>,
    resource: Option<Resource>,
    status: Option<u16>,
    first_byte: Option<Duration>,
    upgraded: Option<Upgrade>,
    progress: Option<ProgressScan>,
    request: Half,
    answer: Half,
    end: Option<(ExchangeEnd, Duration)>,
}

/// The request or the answer.
#[derive(Debug, Default)]
struct Half {
    size: MessageSize,
    message: Option<Message>,
    creation: Option<Vec<u8>>,
}

impl Track {
    pub(crate) fn begin(id: ExchangeId, head: &RequestHead<'_>, keeping: (&Settings, &Budget)) -> Self {
        let call = engine_api::recognise(head.method, head.target);
        let name = call.operation.map_or("", |operation| operation.name);
        let withheld = engine_api::carries_secrets(name);
        let creation = engine_api::describes_itself_in_bodies(name);
        let half = || Half {
            size: MessageSize::default(),
            message: Message::empty(keeping, withheld),
            creation: creation.then(Vec::new),
        };
        let mut track = Self {
            id,
            request_is_whole: false,
            answer_is_whole: false,
            withheld,
            begun: Moment::now(),
            method: head.method.to_owned(),
            target: engine_api::masked_target(head.target),
            api_version: call.api_version.map(str::to_owned),
            operation: call.operation,
            resource: call.resource,
            status: None,
            first_byte: None,
            upgraded: None,
            progress: None,
            request: half(),
            answer: half(),
            end: None,
        };
        track.request.head(head.size, head.headers);
        track
    }

    /// Gives the bytes that came before.
    pub(crate) fn request_body(&mut self, bytes: &[u8]) -> u64 {
        self.request.body(bytes)
    }

    pub(crate) fn answer_head(&mut self, head: &AnswerHead<'_>) {
        self.first_byte = Some(self.begun.steady.elapsed());
        self.status = Some(head.status);
        self.answer.head(head.size, head.headers);
        let suits = self.operation.is_some_and(|operation| ProgressScan::suits(operation.name));
        self.progress = (suits && head.status == 200).then(ProgressScan::default);
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
        for message in [&mut self.request.message, &mut self.answer.message].into_iter().flatten() {
            message.digest.give_up();
        }
        if let Some(message) = &mut self.request.message {
            message.withheld |= !keep_client;
        }
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded.is_some()
    }

    pub(crate) fn end(&mut self, end: ExchangeEnd) {
        self.end.get_or_insert((end, self.begun.steady.elapsed()));
    }

    /// The line as far as it is known.
    pub(crate) fn so_far(&self, connection: ConnectionId, client: Client) -> Exchange {
        Exchange {
            id: self.id,
            connection,
            client,
            started: self.begun.wall,
            method: self.method.clone(),
            target: self.target.clone(),
            api_version: self.api_version.clone(),
            operation: self.operation.map(|operation| operation.name.to_owned()),
            resource: self.resource.clone(),
            status: self.status,
            request: self.request.size,
            answer: self.answer.size,
            first_byte: self.first_byte,
            duration: self.begun.steady.elapsed(),
            upgraded: self.upgraded.clone(),
            carrier: None,
            exec: None,
            failure: None,
            end: ExchangeEnd::Complete,
        }
    }

    /// The line and what was kept.
    pub(crate) fn finish(self, connection: ConnectionId, client: Client) -> Finished {
        let (end, duration) = self.end.unwrap_or((ExchangeEnd::Stopped, self.begun.steady.elapsed()));
        let name = self.operation.map(|operation| operation.name);
        let [asked, created] =
            [&self.request, &self.answer].map(|half| half.creation.as_deref().unwrap_or(&[]));
        let resource =
            engine_api::resource_of_bodies(name.unwrap_or_default(), self.resource, asked, created);
        let exchange = Exchange {
            id: self.id,
            connection,
            client,
            started: self.begun.wall,
            method: self.method,
            target: self.target,
            api_version: self.api_version,
            operation: name.map(str::to_owned),
            resource,
            status: self.status,
            request: self.request.size,
            answer: self.answer.size,
            first_byte: self.first_byte,
            duration,
            upgraded: self.upgraded,
            carrier: None,
            exec: None,
            failure: self.progress.and_then(ProgressScan::finish),
            end,
        };
        Finished { exchange, request: self.request.message, answer: self.answer.message }
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
        if let Some(creation) = &mut self.creation {
            let left = CREATION.saturating_sub(creation.len()).min(bytes.len());
            creation.extend_from_slice(&bytes[..left]);
        }
        if let Some(message) = self.message.as_mut().filter(|message| !message.withheld) {
            message.push(bytes);
        }
        before
    }

    fn looks(&self) -> bool {
        self.creation.as_ref().is_some_and(|creation| creation.len() < CREATION)
            || self.message.as_ref().is_some_and(|message| !message.withheld && message.wants_more())
    }
}

impl Message {
    fn empty((settings, budget): (&Settings, &Budget), withheld: bool) -> Option<Self> {
        let limit = settings.body_limit?;
        let digest = Digest::new(settings.hash_limit);
        Some(Self { head: Kept::new(budget, HEAD), body: Kept::new(budget, limit), withheld, digest })
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
    let mut lines = Vec::with_capacity(1024);
    for (name, value) in headers.iter() {
        let masked = engine_api::is_secret_header(name);
        let value = if masked { engine_api::SECRET_MASK.as_bytes() } else { value };
        for piece in [name.as_bytes(), b": ", value, b"\r\n"] {
            lines.extend_from_slice(piece);
        }
    }
    kept.push(&lines);
}
