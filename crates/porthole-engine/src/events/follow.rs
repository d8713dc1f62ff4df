//! Following an engine: connect, hear, and again after every break.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use porthole_model::{EngineEvent, EngineTime, EventGap, EventNews, Secrets};

use super::listening::{Listening, clock, past, ping};
use super::memory::{Memory, SLACK};
use super::query::{EventQuery, EventSpan, SECOND};
use crate::client::Client;
use crate::connect_error::ConnectError;
use crate::endpoint::Endpoint;
use crate::request_error::RequestError;

/// How long an engine that has forgotten all that was seen is given to say what it remembers instead.
const REPEATING: Duration = Duration::from_millis(500);

/// The shortest and the longest pause before it is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long a connection must have held for the next pause to be the shortest one again.
const STEADY: Duration = Duration::from_secs(10);

/// How long before the beginning events are known to have happened, in nanoseconds: an engine that still remembers one
/// of them has forgotten none since.
const BEFOREHAND: i64 = 600 * SECOND;

/// An engine that is followed.
pub struct EventStream {
    endpoint: Endpoint,
    limit: Duration,
    span: EventSpan,
    secrets: Secrets,
    memory: Memory,
    ready: VecDeque<EventNews>,
    state: State,
    /// The pause before it is tried again.
    pause: Duration,
    /// The event before the next one, as the engine tells them.
    previous: Option<EngineTime>,
    /// Whether the engine repeats what was seen, and has not come to it yet.
    is_before_known: bool,
}

enum State {
    Listening(Box<Listening>),
    Away { since: Instant, again: Instant },
    Ended,
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
        let (now, is_podman) = ping(&client).await?;
        let span = query.at(now, is_podman);
        let mut memory = Memory::new(span.since);
        if span.until.is_none_or(|until| until > now) {
            let end = span.since.min(now);
            let beforehand = (EngineTime(end.0.saturating_sub(BEFOREHAND)), end);
            for event in past(&client, &span, beforehand, secrets).await? {
                if event.at < span.since {
                    memory.admit(&event);
                }
            }
        }
        let listening = Listening::open(client, &span.path(span.since), secrets).await?;
        Ok(Self {
            endpoint,
            limit,
            span,
            secrets,
            memory,
            ready: VecDeque::new(),
            state: State::Listening(Box::new(listening)),
            pause: Duration::ZERO,
            previous: None,
            is_before_known: false,
        })
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
                State::Listening(listening) => match listening.hear(&self.memory, &self.span).await {
                    Ok(Some(events)) => self.take(events),
                    Ok(None) if self.span.is_over(&listening.client).await => {
                        let client = &listening.client;
                        let events = self.span.left_out(client, &self.memory, self.secrets).await?;
                        self.take(events);
                        self.state = State::Ended;
                    }
                    Ok(None) => self.lose("the engine ended its answer"),
                    Err(cause) => self.lose(&cause),
                },
                State::Away { since, again } => {
                    let (since, again) = (*since, *again);
                    tokio::time::sleep_until(again.into()).await;
                    match self.reconnect(since).await {
                        Ok(()) => {}
                        Err(error) if is_final(&error) => return Err(error),
                        Err(_) => self.wait(since),
                    }
                }
            }
        }
    }

    fn take(&mut self, events: Vec<EngineEvent>) {
        for event in events {
            let previous = self.previous.replace(event.at);
            if self.memory.knows(&event) {
                self.is_before_known = false;
                continue;
            }
            // What the engine remembers from before all that was seen is not wanted; a clock that was set back makes it
            // look wanted.
            if self.is_before_known && event.at < self.memory.start() {
                continue;
            }
            self.memory.admit(&event);
            if let Some(by) = previous.and_then(|previous| set_back(previous, event.at)) {
                self.ready.push_back(EventNews::ClockSetBack { by });
            }
            self.ready.push_back(EventNews::Event(event));
        }
    }

    fn lose(&mut self, cause: &str) {
        if matches!(&self.state, State::Listening(listening) if listening.begun.elapsed() > STEADY) {
            self.pause = Duration::ZERO;
        }
        self.ready.push_back(EventNews::Lost { cause: cause.to_owned() });
        self.wait(Instant::now());
    }

    /// Tries again after a pause that is longer each time.
    fn wait(&mut self, since: Instant) {
        self.pause = (self.pause * 2).clamp(PAUSES.0, PAUSES.1);
        self.state = State::Away { since, again: Instant::now() + self.pause };
    }

    /// Everything since the oldest event remembered, and whether that continues what was seen: it does where the engine
    /// still remembers any of it, since engines forget the oldest first.
    async fn reconnect(&mut self, since: Instant) -> Result<(), RequestError> {
        let client = reach(&self.endpoint, self.limit).await?;
        let away = since.elapsed();
        let now = clock(&client).await?;
        let from = self.memory.since(now, i64::try_from(away.as_nanos()).unwrap_or(i64::MAX));
        let continues = match self.memory.newest() {
            None => false,
            Some(newest) => {
                // Whatever is later than now would be waited for.
                let until = newest.min(EngineTime(now.0.saturating_add(SECOND)));
                let remembered = past(&client, &self.span, (from, until), self.secrets).await?;
                remembered.iter().any(|event| self.memory.knows(event))
            }
        };
        let mut listening = Listening::open(client, &self.span.path(from), self.secrets).await?;
        let first = if continues { Vec::new() } else { first(&mut listening).await? };
        self.ready.push_back(EventNews::Back { away });
        self.previous = if continues { None } else { self.memory.last() };
        self.is_before_known = continues;
        if !continues {
            let before = first.first().map(|event| event.at);
            self.ready.push_back(EventNews::Gap(EventGap { after: self.memory.last(), before }));
        }
        self.state = State::Listening(Box::new(listening));
        self.take(first);
        Ok(())
    }
}

/// What an engine repeats at once, if anything.
async fn first(listening: &mut Listening) -> Result<Vec<EngineEvent>, RequestError> {
    match tokio::time::timeout(REPEATING, listening.events()).await {
        Ok(events) => events.map(Option::unwrap_or_default),
        Err(_) => Ok(Vec::new()),
    }
}

impl EventSpan {
    /// Whether an answer that ended came to the end of what was asked for.
    async fn is_over(&self, client: &Client) -> bool {
        let Some(until) = self.until else { return false };
        // Where the engine does not say, it is asked again.
        clock(client).await.is_ok_and(|now| now.0.saturating_add(SECOND) >= until.0)
    }

    /// What the engine did not tell in an answer that ended.
    async fn left_out(
        &self,
        client: &Client,
        memory: &Memory,
        secrets: Secrets,
    ) -> Result<Vec<EngineEvent>, RequestError> {
        let Some(until) = self.until.filter(|_| self.is_podman) else { return Ok(Vec::new()) };
        let since = memory.last().unwrap_or(self.since);
        let mut events = past(client, self, (since, until), secrets).await?;
        events.retain(|event| event.at >= since && event.at <= until);
        Ok(events)
    }
}

/// By how much a clock was set back that showed one moment after the other.
fn set_back(previous: EngineTime, next: EngineTime) -> Option<Duration> {
    let by = previous.0.saturating_sub(next.0);
    (by > SLACK).then(|| Duration::from_nanos(by.unsigned_abs()))
}

async fn reach(endpoint: &Endpoint, limit: Duration) -> Result<Client, RequestError> {
    let connected = Client::connect_briefly(endpoint, limit).await;
    connected.map_err(|error: ConnectError| RequestError::Unreachable(Box::new(error)))
}

/// Whether trying again is of no use: the engine does not take the query any more. Other refusals may be those of a
/// proxy before an engine that starts.
fn is_final(error: &RequestError) -> bool {
    matches!(error, RequestError::Status { status: 400, .. })
}
