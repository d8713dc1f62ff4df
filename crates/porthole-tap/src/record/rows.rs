//! From events to rows.

use std::time::Duration;

use porthole_model::{Client, ClientAddress, Exchange, MaskedText, Timestamp};
use porthole_wire::http1::Side;
use rusqlite::{CachedStatement, Connection, ToSql, params};
use zstd::bulk::Compressor;

use super::body::{Body, pack};
use crate::{CloseReason, ConnectionClosed, Event, Finished, Message};

/// Writes rows within a transaction.
pub(super) struct Rows<'a> {
    pub(super) connection: &'a Connection,
    pub(super) compressor: &'a mut Compressor<'static>,
}

impl Rows<'_> {
    /// Writes an event; `is_without_bodies` where its heads and bodies were dropped.
    pub(super) fn write(&mut self, event: &Event, is_without_bodies: bool) -> rusqlite::Result<()> {
        match event {
            Event::Opened { connection, at, client } => self.opened(connection.0, *at, client),
            Event::Opaque { connection, reason, .. } => {
                let mut update = self.statement("UPDATE connections SET opaque = ? WHERE id = ?")?;
                update.execute(params![reason.to_string(), integer(connection.0)]).map(drop)
            }
            Event::Closed(closed) => self.closed(closed),
            Event::Finished(finished) => self.finished(finished, is_without_bodies),
            Event::Part(_) | Event::AcceptFailed { .. } | Event::HandshakeFailed { .. } => Ok(()),
        }
    }

    fn statement(&self, text: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.connection.prepare_cached(text)
    }

    fn opened(&self, id: u64, at: Timestamp, client: &Client) -> rusqlite::Result<()> {
        let columns = ClientColumns::of(client);
        let mut insert = self.statement(
            "INSERT OR REPLACE INTO connections (id, opened_ms, address, pid, uid, gid, user, executable, \
             arguments, container, certificate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        let id = integer(id);
        let values = [&id as &dyn ToSql, &at.0].into_iter().chain(columns.values());
        insert.execute(rusqlite::params_from_iter(values)).map(drop)
    }

    fn closed(&self, closed: &ConnectionClosed) -> rusqlite::Result<()> {
        let mut update = self.statement(
            "UPDATE connections SET closed_ms = ?, duration_us = ?, from_client = ?, from_engine = ?, reason = ? \
             WHERE id = ?",
        )?;
        let ConnectionClosed { at, duration, from_client, from_engine, reason, connection, .. } = closed;
        let sizes = (integer(*from_client), integer(*from_engine));
        let values = params![
            at.0,
            microseconds(*duration),
            sizes.0,
            sizes.1,
            words_of_close(reason),
            integer(connection.0)
        ];
        update.execute(values).map(drop)
    }

    fn finished(&mut self, finished: &Finished, is_without_bodies: bool) -> rusqlite::Result<()> {
        let exchange = &finished.exchange;
        self.exchange(exchange)?;
        for (side, message, length) in [
            (Side::Client, &finished.request, exchange.request.body),
            (Side::Engine, &finished.answer, exchange.answer.body),
        ] {
            if let Some(Message { head, body, withheld }) = message {
                self.body(exchange, side, head.bytes(), &Body::new(body.bytes(), length, *withheld))?;
            } else if is_without_bodies {
                self.body(exchange, side, b"", &Body::dropped(length))?;
            }
        }
        Ok(())
    }

    fn exchange(&self, exchange: &Exchange) -> rusqlite::Result<()> {
        let mut insert = self.statement(
            "INSERT OR REPLACE INTO exchanges (id, connection, started_ms, method, target, api_version, operation, \
             resource_kind, resource_name, resource_id, exec, status, request_head, request_body, answer_head, \
             answer_body, first_byte_us, duration_us, upgraded, failure, outcome, noun, client_address, \
             client_pid, client_uid, client_gid, client_user, client_executable, client_arguments, \
             client_container, client_certificate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
             ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        let resource = exchange.resource.as_ref();
        let values = params![
            integer(exchange.id.0),
            integer(exchange.connection.0),
            exchange.started.0,
            exchange.method,
            exchange.target,
            exchange.api_version,
            exchange.operation,
            resource.map(|resource| resource.kind.to_string()),
            resource.map(|resource| &resource.name),
            resource.and_then(|resource| resource.id.as_ref()),
            exchange.exec.as_ref().map(|exec| &exec.id),
            exchange.status,
            integer(exchange.request.head),
            integer(exchange.request.body),
            integer(exchange.answer.head),
            integer(exchange.answer.body),
            exchange.first_byte.map(microseconds),
            microseconds(exchange.duration),
            exchange.upgraded.as_ref().map(ToString::to_string),
            exchange.failure,
            exchange.end.word(),
            noun(exchange)?,
        ];
        let columns = ClientColumns::of(&exchange.client);
        let values = values.iter().copied().chain(columns.values());
        insert.execute(rusqlite::params_from_iter(values)).map(drop)
    }

    fn body(&mut self, exchange: &Exchange, side: Side, head: &[u8], body: &Body) -> rusqlite::Result<()> {
        let (packed, encoding) = pack(&body.bytes, self.compressor);
        let mut insert = self.statement(
            "INSERT OR REPLACE INTO bodies (exchange, side, head, body, encoding, kept, length, state, masked, \
             sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        let values = params![
            integer(exchange.id.0),
            word_of_side(side),
            head,
            packed.as_deref().unwrap_or(&body.bytes),
            encoding,
            integer(body.bytes.len() as u64),
            integer(body.length),
            body.state.word(),
            body.masked,
            body.sha256,
        ];
        insert.execute(values).map(drop)
    }
}

/// The columns of a client: address, pid, uid, gid, user, executable, arguments, container, certificate.
struct ClientColumns<'a> {
    address: String,
    process: (Option<u32>, Option<u32>, Option<u32>),
    user: Option<&'a String>,
    executable: Option<&'a String>,
    arguments: Option<String>,
    container: Option<&'a String>,
    certificate: Option<&'a String>,
}

impl<'a> ClientColumns<'a> {
    fn of(client: &'a Client) -> Self {
        let (address, process) = match client.address {
            ClientAddress::Unix { pid, uid, gid } => {
                ("unix".to_owned(), (pid.map(|pid| pid.0), Some(uid.0), Some(gid.0)))
            }
            ClientAddress::Tcp(address) => (address.to_string(), (None, None, None)),
        };
        let join =
            |words: &Vec<MaskedText>| words.iter().map(MaskedText::as_str).collect::<Vec<_>>().join(" ");
        Self {
            address,
            process,
            user: client.user.value(),
            executable: client.executable.value(),
            arguments: client.arguments.value().map(join),
            container: client.container.value().and_then(Option::as_ref).map(|container| &container.0),
            certificate: client.certificate.as_ref(),
        }
    }

    fn values(&self) -> [&dyn ToSql; 9] {
        let Self { address, process: (pid, uid, gid), user, executable, arguments, container, certificate } =
            self;
        [address, pid, uid, gid, user, executable, arguments, container, certificate]
    }
}

fn noun(exchange: &Exchange) -> rusqlite::Result<String> {
    serde_json::to_string(exchange).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// `SQLite` has no larger numbers.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn word_of_side(side: Side) -> &'static str {
    match side {
        Side::Client => "request",
        Side::Engine => "answer",
    }
}

fn words_of_close(reason: &CloseReason) -> String {
    match reason {
        CloseReason::ClientClosed => "client closed".to_owned(),
        CloseReason::EngineClosed => "engine closed".to_owned(),
        CloseReason::ClientLost(cause) => format!("client lost: {cause}"),
        CloseReason::EngineLost(cause) => format!("engine lost: {cause}"),
        CloseReason::EngineUnreachable(cause) => format!("engine unreachable: {cause}"),
        CloseReason::Stopped => "stopped".to_owned(),
    }
}
