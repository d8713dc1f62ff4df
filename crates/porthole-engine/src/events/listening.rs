//! One connection by which events come, and the questions that show whether all of them do.

use std::time::{Duration, Instant};

use hyper::Method;
use hyper::header::DATE;
use porthole_model::{EngineEvent, EngineTime, Secrets};

use super::decode::Decoder;
use super::memory::Memory;
use super::query::{EventSpan, SECOND};
use crate::client::{AnswerStream, Client};
use crate::request_error::{Call, RequestError};

/// How often an engine is asked whether it is there, and remembers nothing that did not come.
const CHECKING: Duration = Duration::from_secs(15);

/// How long an event may be on its way, in nanoseconds; after as long again it counts as one that does not come.
const ON_ITS_WAY: i64 = 3 * SECOND;

/// A connection by which events come.
pub(super) struct Listening {
    pub(super) client: Client,
    /// Since when.
    pub(super) begun: Instant,
    secrets: Secrets,
    answer: AnswerStream,
    decoder: Decoder,
    /// What came behind events that are told first.
    garbage: Option<String>,
    next_check: Instant,
    /// Whether the last check found events that had not come.
    is_doubted: bool,
}

impl Listening {
    pub(super) async fn open(client: Client, path: &str, secrets: Secrets) -> Result<Self, RequestError> {
        let answer = client.stream(Method::GET, path).await?;
        let begun = Instant::now();
        Ok(Self {
            client,
            begun,
            secrets,
            answer,
            decoder: Decoder::new(secrets),
            garbage: None,
            next_check: begun + CHECKING,
            is_doubted: false,
        })
    }

    /// The next events, at least one; `None` at the end of the answer. Silence is normal, so an engine is asked from
    /// time to time whether it is well. May be dropped and asked again without a loss.
    pub(super) async fn hear(
        &mut self,
        memory: &Memory,
        span: &EventSpan,
    ) -> Result<Option<Vec<EngineEvent>>, String> {
        loop {
            let Ok(events) = tokio::time::timeout_at(self.next_check.into(), self.events()).await else {
                let missed = self.check(memory, span).await.map_err(|error| words(&error))?;
                if missed > 0 {
                    return Err(format!("it remembers events that did not come: {missed}"));
                }
                continue;
            };
            return events.map_err(|error| words(&error));
        }
    }

    /// The next events, at least one; `None` at the end of the answer.
    pub(super) async fn events(&mut self) -> Result<Option<Vec<EngineEvent>>, RequestError> {
        let mut events = Vec::new();
        while self.garbage.is_none() {
            let Some(piece) = self.answer.next().await? else { return Ok(None) };
            self.garbage = self.decoder.take(&piece, &mut events).err();
            if !events.is_empty() {
                return Ok(Some(events));
            }
        }
        Err(not_understood(self.garbage.clone().unwrap_or_default()))
    }

    /// How many events the engine remembers that did not come, if it answers. They may be on their way, so it is asked
    /// twice before there are any.
    async fn check(&mut self, memory: &Memory, span: &EventSpan) -> Result<usize, RequestError> {
        let until = EngineTime(clock(&self.client).await?.0.saturating_sub(ON_ITS_WAY));
        let since = memory.lately();
        let mut missed = 0;
        if since < until {
            let remembered = past(&self.client, span, (since, until), self.secrets).await?;
            let is_missed =
                |event: &&EngineEvent| (since..=until).contains(&event.at) && !memory.knows(event);
            missed = remembered.iter().filter(is_missed).count();
        }
        if self.is_doubted && missed > 0 {
            return Ok(missed);
        }
        self.is_doubted = missed > 0;
        let pause = if self.is_doubted { Duration::from_nanos(ON_ITS_WAY.unsigned_abs()) } else { CHECKING };
        self.next_check = Instant::now() + pause;
        Ok(0)
    }
}

/// What the engine remembers of the time between two moments, and of a little more.
pub(super) async fn past(
    client: &Client,
    span: &EventSpan,
    (since, until): (EngineTime, EngineTime),
    secrets: Secrets,
) -> Result<Vec<EngineEvent>, RequestError> {
    let body = client.body(&span.past(since, until)).await?;
    let mut events = Vec::new();
    Decoder::new(secrets).take(&body, &mut events).map_err(not_understood)?;
    events.retain(|event| event.at.0 <= until.0.saturating_add(SECOND));
    Ok(events)
}

/// The engine's clock, to the second before, as its answers show it.
pub(super) async fn clock(client: &Client) -> Result<EngineTime, RequestError> {
    ping(client).await.map(|(now, _)| now)
}

/// The engine's clock, and whether the engine is Podman.
pub(super) async fn ping(client: &Client) -> Result<(EngineTime, bool), RequestError> {
    let headers = client.head("/_ping").await?;
    let date = headers.get(DATE).and_then(|date| date.to_str().ok()).and_then(date);
    let now = date.ok_or_else(|| RequestError::NotUnderstood {
        call: call("/_ping"),
        cause: "it has no Date header, by which its clock would be known".to_owned(),
    })?;
    Ok((now, headers.contains_key("libpod-api-version")))
}

fn date(text: &str) -> Option<EngineTime> {
    let moment = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(EngineTime(moment.as_second().checked_mul(SECOND)?))
}

/// Why events come no longer.
fn words(error: &RequestError) -> String {
    match error {
        RequestError::Broken { source, .. } => {
            let cause =
                std::error::Error::source(source).map_or_else(|| source.to_string(), ToString::to_string);
            format!("the connection broke: {cause}")
        }
        RequestError::NotUnderstood { cause, .. } => format!("what it says is not understood: {cause}"),
        _ => error.to_string(),
    }
}

fn not_understood(cause: String) -> RequestError {
    RequestError::NotUnderstood { call: call("/events"), cause }
}

fn call(path: &str) -> Call {
    Call { method: Method::GET, path: path.to_owned() }
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
