//! Following an engine: connect, read, and again after every break.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hyper::Method;
use hyper::header::DATE;
use porthole_model::{EngineEvent, EngineTime, EventGap, EventNews, Secrets};

use super::decode::Decoder;
use super::memory::Memory;
use super::query::{EventQuery, EventSpan};
use crate::client::{AnswerStream, Client};
use crate::connect_error::ConnectError;
use crate::endpoint::Endpoint;
use crate::request_error::{Call, RequestError};

/// How long an engine may say nothing before it is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(20);

/// How long an engine is given to begin with what it remembers.
const REPEATING: Duration = Duration::from_millis(500);

/// The shortest and the longest pause before it is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// An engine that is followed.
pub struct EventStream {
    endpoint: Endpoint,
    limit: Duration,
    span: EventSpan,
    secrets: Secrets,
    memory: Memory,
    ready: VecDeque<EventNews>,
    state: State,
}

enum State {
    Connected(Box<Connected>),
    Away { since: Instant, pause: Duration },
    Ended,
}

struct Connected {
    client: Client,
    answer: AnswerStream,
    decoder: Decoder,
}

impl EventStream {
    /// Begins to follow an engine; an error, when it is not there or refuses the query.
    pub async fn begin(
        endpoint: Endpoint,
        limit: Duration,
        query: EventQuery,
        secrets: Secrets,
    ) -> Result<Self, RequestError> {
        let client = reach(&endpoint, limit).await?;
        let span = query.at(clock(&client).await?);
        let connected = Connected::open(client, &span.path(span.since), secrets).await?;
        let memory = Memory::new(span.since);
        let state = State::Connected(Box::new(connected));
        Ok(Self { endpoint, limit, span, secrets, memory, ready: VecDeque::new(), state })
    }

    /// What comes next; `None` at the end of what was asked for, an error when the engine will not go on. It may be
    /// dropped and asked again without a loss.
    pub async fn next(&mut self) -> Result<Option<EventNews>, RequestError> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Ok(Some(news));
            }
            match &mut self.state {
                State::Ended => return Ok(None),
                State::Connected(connected) => match connected.events().await {
                    Ok(Some(events)) => self.take(events),
                    Ok(None) if self.span.until.is_some() => self.state = State::Ended,
                    Ok(None) => self.lose("the engine ended its answer".to_owned()),
                    Err(error) => self.lose(error.to_string()),
                },
                State::Away { since, pause } => {
                    let (since, pause) = (*since, *pause);
                    tokio::time::sleep(pause).await;
                    match self.reconnect(since).await {
                        Ok(connected) => self.state = State::Connected(Box::new(connected)),
                        Err(error) if is_final(&error) => return Err(error),
                        Err(_) => self.state = State::Away { since, pause: (pause * 2).min(PAUSES.1) },
                    }
                }
            }
        }
    }

    fn take(&mut self, events: Vec<EngineEvent>) {
        for event in events {
            if self.memory.admit(&event) {
                self.ready.push_back(EventNews::Event(event));
            }
        }
    }

    fn lose(&mut self, cause: String) {
        self.ready.push_back(EventNews::Lost { cause });
        self.state = State::Away { since: Instant::now(), pause: PAUSES.0 };
    }

    /// Everything since the oldest event remembered, and whether that continues what was seen.
    async fn reconnect(&mut self, since: Instant) -> Result<Connected, RequestError> {
        let client = reach(&self.endpoint, self.limit).await?;
        let away = since.elapsed();
        let now = clock(&client).await?;
        let from = self.memory.since(now, i64::try_from(away.as_nanos()).unwrap_or(i64::MAX));
        let mut connected = Connected::open(client, &self.span.path(from), self.secrets).await?;
        let first = match tokio::time::timeout(REPEATING, connected.events()).await {
            Ok(events) => events?.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        self.ready.push_back(EventNews::Back { away });
        if !first.first().is_some_and(|event| self.memory.knows(event)) {
            let before = first.first().map(|event| event.at);
            self.ready.push_back(EventNews::Gap(EventGap { after: self.memory.last(), before }));
        }
        self.take(first);
        Ok(connected)
    }
}

impl Connected {
    async fn open(client: Client, path: &str, secrets: Secrets) -> Result<Self, RequestError> {
        let answer = client.stream(Method::GET, path).await?;
        Ok(Self { client, answer, decoder: Decoder::new(secrets) })
    }

    /// The next events, at least one; `None` at the end of the answer. An engine that is quiet must still answer.
    async fn events(&mut self) -> Result<Option<Vec<EngineEvent>>, RequestError> {
        loop {
            let Ok(piece) = tokio::time::timeout(QUIET, self.answer.next()).await else {
                clock(&self.client).await?;
                continue;
            };
            let Some(piece) = piece? else { return Ok(None) };
            let decoded = self.decoder.take(&piece);
            let events =
                decoded.map_err(|cause| RequestError::NotUnderstood { call: call("/events"), cause })?;
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
    }
}

async fn reach(endpoint: &Endpoint, limit: Duration) -> Result<Client, RequestError> {
    let connected = Client::connect_briefly(endpoint, limit).await;
    connected.map_err(|error: ConnectError| RequestError::Unreachable(Box::new(error)))
}

/// The engine's clock, to the second before, as its answers show it.
async fn clock(client: &Client) -> Result<EngineTime, RequestError> {
    let headers = client.head("/_ping").await?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(date);
    date.ok_or_else(|| RequestError::NotUnderstood {
        call: call("/_ping"),
        cause: "it has no Date header, by which its clock would be known".to_owned(),
    })
}

fn date(text: &str) -> Option<EngineTime> {
    let moment = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(EngineTime(moment.as_second().checked_mul(1_000_000_000)?))
}

fn call(path: &str) -> Call {
    Call { method: Method::GET, path: path.to_owned() }
}

/// Whether trying again is of no use: the engine is there and refuses.
fn is_final(error: &RequestError) -> bool {
    matches!(error, RequestError::Status { status: 400..500, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_an_engine() {
        assert_eq!(date("Tue, 14 Nov 2023 22:13:20 GMT"), Some(EngineTime(1_700_000_000_000_000_000)));
        assert_eq!(date("yesterday"), None);
    }
}
