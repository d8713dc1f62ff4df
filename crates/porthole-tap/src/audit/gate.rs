//! The gate of a required audit: a client's stream that gives a request which changes something only when its line
//! stands, and answers the client itself where it does not.
//!
//! The relay behind it knows nothing of this. What changes nothing passes at once; a head passes when it is whole.
//! What is not understood cannot be audited and is refused, native HTTP/2 among it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use porthole_model::{Client, ConnectionId};
use porthole_wire::engine_api;
use porthole_wire::http::RequestHead;
use porthole_wire::http1::{Decoder, Event};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::Audit;
use super::call::Call;
use crate::{BoxFuture, BoxedStream};

/// The most that is read at once.
const PIECE: usize = 64 * 1024;

/// How a client of HTTP/2 begins (RFC 9113, section 3.4), as far as no other method does.
const HTTP2: &[u8] = b"PRI ";

/// Why it is not let in.
const SPEAKS_HTTP2: &str = "the client speaks HTTP/2";

/// How long a client that was refused may take to read why.
const FAREWELL: Duration = Duration::from_secs(2);

/// The stream of a client, behind a gate.
pub(crate) struct Gate {
    client: BoxedStream,
    who: Who,
    decoder: Decoder,
    /// What the client sent and has not passed.
    held: Vec<u8>,
    /// Of these, what may pass.
    free: usize,
    /// Of these, what was decoded.
    read: usize,
    /// Requests that passed, less the answers that are whole.
    unanswered: usize,
    state: State,
    /// Who waits for the engine's answer to go on reading.
    waits: Option<Waker>,
}

struct Who {
    audit: Audit,
    connection: ConnectionId,
    client: Client,
}

enum State {
    Open,
    /// The call waits for its line.
    Asking(Arc<Call>, BoxFuture<'static, Result<(), String>>),
    /// The client is to be told, when it has the answers that it waits for.
    Refusing(Vec<u8>),
    /// It was told, and may take its time to read it.
    Leaving(Pin<Box<Sleep>>),
}

/// What a step of the decoder came to.
enum Found {
    Nothing,
    Changing(Box<Call>),
    Opaque(String),
}

impl Gate {
    /// Stands before a client whose name is known.
    pub(crate) fn new(
        client_stream: BoxedStream,
        audit: Audit,
        connection: ConnectionId,
        client: Client,
    ) -> Self {
        Self {
            client: client_stream,
            who: Who { audit, connection, client },
            decoder: Decoder::default(),
            held: Vec::new(),
            free: 0,
            read: 0,
            unanswered: 0,
            state: State::Open,
            waits: None,
        }
    }

    /// Decodes what is held, up to the next thing to decide on; gives whether there was anything.
    fn examine(&mut self) -> bool {
        let unread = &self.held[self.read..];
        if unread.is_empty() {
            return false;
        }
        if !self.decoder.is_within_head() && unread.starts_with(HTTP2) {
            self.refuse_opaque(SPEAKS_HTTP2);
            return true;
        }
        let (mut found, who, unanswered) = (Found::Nothing, &self.who, &mut self.unanswered);
        let taken = self.decoder.client_sent_to_boundary(unread, |event| match event {
            Event::RequestHead(head) => {
                *unanswered += 1;
                if changes(&head) {
                    found = Found::Changing(Box::new(who.audit.call(who.connection, &who.client, &head)));
                }
            }
            Event::Opaque(reason) => found = Found::Opaque(reason.to_string()),
            // Its beginning came in pieces.
            Event::Http2 => found = Found::Opaque(SPEAKS_HTTP2.to_owned()),
            _ => {}
        });
        self.read += taken;
        match found {
            Found::Opaque(reason) => {
                self.refuse_opaque(&reason);
                return true;
            }
            Found::Changing(call) => {
                let call = Arc::from(call);
                self.state = State::Asking(Arc::clone(&call), self.who.audit.ask(&call));
            }
            Found::Nothing if !self.decoder.is_within_head() => self.free = self.read,
            Found::Nothing => {}
        }
        taken > 0
    }

    fn refuse_opaque(&mut self, reason: &str) {
        let call = Call::unknown(self.who.connection, &self.who.client);
        self.refuse(&Arc::new(call), &format!("what is not understood cannot be audited: {reason}"));
        if self.unanswered > 0 {
            // Where earlier answers end cannot be told any more, and an answer of ours would stand within them.
            (self.unanswered, self.state) = (0, State::Refusing(Vec::new()));
        }
    }

    fn refuse(&mut self, call: &Arc<Call>, reason: &str) {
        self.who.audit.refuse(call, reason);
        self.state = State::Refusing(answer(reason));
        self.held.truncate(self.free);
        self.read = self.free;
    }

    fn take_free(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = self.free.min(buffer.remaining());
        buffer.put_slice(&self.held[..length]);
        self.held.drain(..length);
        self.free -= length;
        self.read -= length;
    }

    fn decide(&mut self, call: &Arc<Call>, outcome: Result<(), String>) {
        self.state = State::Open;
        match outcome {
            Ok(()) => self.free = self.read,
            Err(reason) => {
                self.unanswered -= 1;
                self.refuse(call, &reason);
            }
        }
    }

    /// Reads more of the client, unless the engine's answer must tell first what the rest is; gives whether it goes on.
    fn poll_client(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.read < self.held.len() {
            self.waits = Some(context.waker().clone());
            return Poll::Pending;
        }
        self.poll_more(context)
    }

    /// Reads more of the client; gives whether it goes on.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let known = self.held.len();
        self.held.resize(known + PIECE, 0);
        let mut buffer = ReadBuf::new(&mut self.held[known..]);
        let polled = Pin::new(&mut self.client).poll_read(context, &mut buffer);
        let length = buffer.filled().len();
        self.held.truncate(known + length);
        ready!(polled)?;
        Poll::Ready(Ok(length > 0))
    }

    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match &mut self.state {
                State::Refusing(_) if self.unanswered > 0 => {
                    self.waits = Some(context.waker().clone());
                    return Poll::Pending;
                }
                State::Refusing(answer) if answer.is_empty() => {
                    ready!(Pin::new(&mut self.client).poll_shutdown(context))?;
                    self.state = State::Leaving(Box::pin(sleep(FAREWELL)));
                }
                State::Refusing(answer) => {
                    let written = ready!(Pin::new(&mut self.client).poll_write(context, answer))?;
                    answer.drain(..written);
                }
                State::Leaving(deadline) => {
                    let is_over = deadline.as_mut().poll(context).is_ready();
                    let goes_on = !is_over && ready!(self.poll_more(context))?;
                    self.held.clear();
                    if !goes_on {
                        return Poll::Ready(Err(io::Error::other("it was refused")));
                    }
                }
                State::Open | State::Asking(..) => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl AsyncRead for Gate {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = &mut *self;
        loop {
            if gate.free > 0 {
                gate.take_free(buffer);
                return Poll::Ready(Ok(()));
            }
            match &mut gate.state {
                State::Asking(call, answer) => {
                    let outcome = ready!(answer.as_mut().poll(context));
                    let call = Arc::clone(call);
                    gate.decide(&call, outcome);
                }
                State::Refusing(_) | State::Leaving(_) => ready!(gate.poll_refusal(context))?,
                State::Open => {
                    if !gate.examine() && !ready!(gate.poll_client(context))? {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl AsyncWrite for Gate {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gate = &mut *self;
        let may_speak = match &gate.state {
            State::Open | State::Asking(..) => true,
            State::Refusing(_) => gate.unanswered > 0,
            State::Leaving(_) => false,
        };
        if !may_speak {
            // The client has its last word already.
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(Pin::new(&mut gate.client).poll_write(context, bytes))?;
        let unanswered = &mut gate.unanswered;
        gate.decoder.engine_sent(&bytes[..written], |event| {
            if matches!(event, Event::AnswerEnd) {
                *unanswered = unanswered.saturating_sub(1);
            }
        });
        if let Some(waits) = gate.waits.take() {
            waits.wake();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.client).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.client).poll_shutdown(context)
    }
}

/// What asks for another protocol may do anything behind it.
fn changes(head: &RequestHead<'_>) -> bool {
    engine_api::changes(head.method, head.target) || head.headers.has_word("Connection", "upgrade")
}

/// The answer in the engine's own shape (its API's `ErrorResponse`).
fn answer(reason: &str) -> Vec<u8> {
    let body = serde_json::json!({ "message": format!("porthole refused the call: {reason}") }).to_string();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len() + 1
    );
    format!("{head}{body}\n").into_bytes()
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gate").field("who", &self.who.connection).finish_non_exhaustive()
    }
}
