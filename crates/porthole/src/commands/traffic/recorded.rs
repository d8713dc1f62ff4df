//! The calls of a recording that a filter asks for.

use std::io;
use std::ops::ControlFlow;

use porthole_analysis::{EngineApi, Filter};
use porthole_model::{Exchange, ExchangeId};
use porthole_render::export::{Content, Missing};
use porthole_tap::record::{Body, BodyState, Recording};
use porthole_wire::http::Side;

use super::refused;
use crate::error::CommandError;

/// Hands each call that is asked for to `each`, in flat memory, and ends with its first error.
pub(super) fn each(
    recording: &Recording,
    filter: Option<&Filter>,
    mut each: impl FnMut(&Exchange) -> io::Result<()>,
) -> Result<(), CommandError> {
    let mut written = Ok(());
    let read = recording.exchanges(&mut |exchange| {
        if filter.is_none_or(|filter| filter.matches(&exchange)) {
            written = each(&exchange);
        }
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    read.map_err(refused)?;
    written.map_err(|error| CommandError::unwritten("cannot write to standard output", error))
}

/// What the versions of client and engine have to do with how a call went.
pub(super) fn version_trouble(
    exchange: &Exchange,
    request: Option<&Message>,
    answer: Option<&Message>,
) -> Option<String> {
    let answer = answer.map(Message::content);
    let engine = answer.and_then(|answer| EngineApi::of_answer(answer.head, answer.body));
    porthole_analysis::version_trouble(exchange, engine, request.map(|request| request.content().body))
}

/// The first calls that are asked for, and whether there are more than `most`.
pub(super) fn first(
    recording: &Recording,
    filter: Option<&Filter>,
    most: usize,
) -> Result<(Vec<Exchange>, bool), CommandError> {
    let (mut calls, mut has_more) = (Vec::new(), false);
    let read = recording.exchanges(&mut |exchange| {
        if filter.is_none_or(|filter| filter.matches(&exchange)) {
            has_more = calls.len() == most;
            if has_more {
                return ControlFlow::Break(());
            }
            calls.push(exchange);
        }
        ControlFlow::Continue(())
    });
    read.map_err(refused)?;
    Ok((calls, has_more))
}

/// What was recorded of a request or an answer.
pub(super) struct Message {
    head: Vec<u8>,
    body: Body,
}

impl Message {
    /// Reads it; `None` where heads and bodies were not recorded.
    pub(super) fn read(
        recording: &Recording,
        id: ExchangeId,
        side: Side,
    ) -> Result<Option<Self>, CommandError> {
        let head = recording.head(id, side).map_err(refused)?;
        let body = recording.body(id, side).map_err(refused)?;
        Ok(head.zip(body).map(|(head, body)| Self { head, body }))
    }

    /// As the formats take it.
    pub(super) fn content(&self) -> Content<'_> {
        let missing = match self.body.state {
            BodyState::Whole => None,
            BodyState::Truncated => Some(Missing::Truncated),
            BodyState::Withheld => Some(Missing::Withheld),
            BodyState::Dropped => Some(Missing::Dropped),
        };
        Content { head: &self.head, body: &self.body.bytes, sha256: self.body.sha256, missing }
    }
}

/// Request and answer of a call.
pub(super) fn messages(recording: &Recording, id: ExchangeId) -> Result<[Option<Message>; 2], CommandError> {
    Ok([Message::read(recording, id, Side::Client)?, Message::read(recording, id, Side::Engine)?])
}
