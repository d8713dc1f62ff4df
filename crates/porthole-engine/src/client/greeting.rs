//! The first words with an engine: is it one, does it answer, what does it speak.

use std::time::Duration;

use hyper::{Method, StatusCode};

use super::call::{Outgoing, builder, finish, message};
use crate::connect_error::ConnectCause;
use crate::connection::{Answer, Connection, Pool};
use crate::negotiation::{self, ApiVersion};
use crate::raw::RawVersion;

/// What Go's server says to plain HTTP on its TLS port (`net/http/server.go`).
const GO_WANTS_TLS: &[u8] = b"Client sent an HTTP request to an HTTPS server";

/// The header in which engines name the newest version that they know.
const API_VERSION: &str = "api-version";

/// What is agreed on, and what the engine said of itself where that took a second question.
pub(super) struct Greeting {
    pub(super) negotiated: ApiVersion,
    pub(super) version: Option<RawVersion>,
}

/// Asks `/_ping`, which every engine answers at once; and `/version`, for which some start programs, only where the
/// answer leaves open what is spoken.
pub(super) async fn greet(pool: &Pool, limit: Duration) -> Result<Greeting, ConnectCause> {
    let first_limit = pool.dialler.first_limit(limit);
    let opened = tokio::time::timeout(first_limit, pool.open()).await;
    let mut connection = opened.map_err(|_| ConnectCause::TooSlow { limit: first_limit })??;
    let ping = ask(pool, &mut connection, "/_ping", first_limit).await?;
    refuse_faulty(&ping)?;
    let asked = pool.dialler.endpoint.api_version();
    if let (None, Some(negotiated)) = (asked, newest(&ping).and_then(negotiation::certain)) {
        pool.put(connection);
        return Ok(Greeting { negotiated, version: None });
    }
    let version = introduce(pool, connection, limit).await?;
    let negotiated = negotiation::negotiate(version.range()?, asked)?;
    Ok(Greeting { negotiated, version: Some(version) })
}

/// Asks `/version`.
pub(super) async fn introduce(
    pool: &Pool,
    mut connection: Connection,
    limit: Duration,
) -> Result<RawVersion, ConnectCause> {
    let answer = ask(pool, &mut connection, "/version", limit).await?;
    pool.put(connection);
    understand(&answer)
}

/// The newest version that the engine knows, by its answer to `/_ping`.
fn newest(ping: &Answer) -> Option<ApiVersion> {
    let newest = ping.headers.get(API_VERSION)?.to_str().ok()?.parse().ok()?;
    ping.status.is_success().then_some(newest)
}

async fn ask(
    pool: &Pool,
    connection: &mut Connection,
    path: &str,
    limit: Duration,
) -> Result<Answer, ConnectCause> {
    let outgoing = Outgoing::empty(Method::GET, path);
    let request = finish(builder(&pool.dialler.endpoint, &Method::GET, path), &outgoing)
        .map_err(|error| ConnectCause::NotAnEngine { answer: error.to_string() })?;
    let traces = connection.traces.clone();
    match tokio::time::timeout(limit, connection.ask(request)).await {
        Err(_) => Err(ConnectCause::Silent { limit }),
        Ok(Err(error)) => Err(pool.explain(&error, traces).await),
        Ok(Ok(answer)) => Ok(answer),
    }
}

/// A filter in front of the engine may forbid `/_ping`; then `/version` decides.
fn refuse_faulty(ping: &Answer) -> Result<(), ConnectCause> {
    if ping.status == StatusCode::BAD_REQUEST && ping.body.starts_with(GO_WANTS_TLS) {
        return Err(ConnectCause::WantsTls);
    }
    if ping.status.is_server_error() {
        return Err(ConnectCause::Failing { status: ping.status.as_u16(), message: message(&ping.body) });
    }
    Ok(())
}

fn understand(answer: &Answer) -> Result<RawVersion, ConnectCause> {
    if answer.status == StatusCode::UNAUTHORIZED || answer.status == StatusCode::FORBIDDEN {
        return Err(ConnectCause::Failing { status: answer.status.as_u16(), message: message(&answer.body) });
    }
    let version = serde_json::from_slice::<RawVersion>(&answer.body);
    match version {
        Ok(version) if answer.status.is_success() && !version.api_version.is_empty() => Ok(version),
        _ => Err(ConnectCause::NotAnEngine { answer: describe(answer) }),
    }
}

fn describe(answer: &Answer) -> String {
    let server = answer.headers.get(hyper::header::SERVER).and_then(|value| value.to_str().ok());
    let server = server.map(|name| format!(", server {name}")).unwrap_or_default();
    format!("GET /version was answered with status {}{server}", answer.status)
}
