//! One call: request out, answer in, within its time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, HOST, USER_AGENT};
use hyper::http::request::Builder;
use hyper::{HeaderMap, Method, Request};
use serde::{Deserialize, Serialize};

use super::{Client, named};
use crate::connection::{Answer, Body};
use crate::endpoint::{Address, Endpoint};
use crate::raw::nullable;
use crate::request_error::{Call, RequestError};

/// A request, before it has a version.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// Begins with a slash.
    pub(crate) path: String,
    pub(crate) content: Option<(&'static str, Bytes)>,
    /// The version to say, where it is not the negotiated one.
    pub(crate) version: Option<String>,
}

impl Outgoing {
    pub(crate) fn empty(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), content: None, version: None }
    }

    pub(crate) fn json(method: Method, path: &str, body: &impl Serialize) -> Result<Self, RequestError> {
        let body = serde_json::to_vec(body).map_err(|error| RequestError::NotUnderstood {
            call: Call { method: method.clone(), path: path.to_owned() },
            cause: error.to_string(),
        })?;
        let content = Some(("application/json", body.into()));
        Ok(Self { method, path: path.to_owned(), content, version: None })
    }

    pub(crate) fn call(&self) -> Call {
        Call { method: self.method.clone(), path: self.path.clone() }
    }
}

impl Client {
    /// The body of a successful answer.
    pub(super) async fn answer(&self, outgoing: Outgoing) -> Result<Bytes, RequestError> {
        self.answer_within(outgoing, self.limit).await
    }

    /// The headers of a successful answer to `HEAD path`.
    pub(crate) async fn head(&self, path: &str) -> Result<HeaderMap, RequestError> {
        self.whole_answer(Outgoing::empty(Method::HEAD, path), self.limit).await.map(|answer| answer.headers)
    }

    /// The body of a successful answer to `GET path`, as it came.
    pub(crate) async fn body(&self, path: &str) -> Result<Bytes, RequestError> {
        self.answer(Outgoing::empty(Method::GET, path)).await
    }

    pub(super) async fn answer_within(
        &self,
        outgoing: Outgoing,
        limit: Duration,
    ) -> Result<Bytes, RequestError> {
        self.whole_answer(outgoing, limit).await.map(|answer| answer.body)
    }

    async fn whole_answer(&self, outgoing: Outgoing, limit: Duration) -> Result<Answer, RequestError> {
        let call = outgoing.call();
        let answer = tokio::time::timeout(limit, self.exchange(&outgoing))
            .await
            .map_err(|_| RequestError::TimedOut { call: call.clone(), limit })??;
        if answer.status.is_success() || answer.status == hyper::StatusCode::NOT_MODIFIED {
            Ok(answer)
        } else {
            Err(refusal(call, &answer))
        }
    }

    /// A kept connection that the engine closed meanwhile costs a second try, where that cannot do a thing twice.
    async fn exchange(&self, outgoing: &Outgoing) -> Result<Answer, RequestError> {
        loop {
            let taken = self.pool.take().await;
            let mut connection = taken.map_err(|cause| Box::new(named(self.endpoint(), cause)))?;
            let was_used = connection.used;
            match connection.ask(self.request(outgoing)?).await {
                Ok(answer) => {
                    self.pool.put(connection);
                    return Ok(answer);
                }
                Err(error) if was_used && (outgoing.method.is_safe() || error.is_canceled()) => {}
                Err(source) => return Err(RequestError::Broken { call: outgoing.call(), source }),
            }
        }
    }

    pub(super) fn request(&self, outgoing: &Outgoing) -> Result<Request<Body>, RequestError> {
        let version = outgoing.version.clone().unwrap_or_else(|| self.negotiated.to_string());
        let path = format!("/v{version}{}", outgoing.path);
        finish(builder(self.endpoint(), &outgoing.method, &path), outgoing)
    }
}

/// The head that every request has. The host is what the docker CLI sends over sockets without a name.
pub(super) fn builder(endpoint: &Endpoint, method: &Method, path: &str) -> Builder {
    let host = match endpoint.address() {
        Address::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
        Address::Tcp { host, port } => format!("{host}:{port}"),
        Address::Unix(_) | Address::Ssh(_) => "api.moby.localhost".to_owned(),
    };
    let agent = concat!("porthole/", env!("CARGO_PKG_VERSION"));
    Request::builder().method(method).uri(path).header(HOST, host).header(USER_AGENT, agent)
}

pub(super) fn finish(builder: Builder, outgoing: &Outgoing) -> Result<Request<Body>, RequestError> {
    let request = match &outgoing.content {
        Some((content_type, body)) => builder.header(CONTENT_TYPE, *content_type).body(whole(body.clone())),
        None => builder.body(whole(Bytes::new())),
    };
    request.map_err(|error| RequestError::NotUnderstood { call: outgoing.call(), cause: error.to_string() })
}

pub(super) fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// The engine's own words: `{"message": …}`, or the text as it stands.
pub(super) fn refusal(call: Call, answer: &Answer) -> RequestError {
    RequestError::Status { call, status: answer.status.as_u16(), message: message(&answer.body) }
}

pub(super) fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(default, deserialize_with = "nullable")]
        message: String,
    }
    match serde_json::from_slice::<Refusal>(body) {
        Ok(refusal) if !refusal.message.is_empty() => refusal.message,
        _ => String::from_utf8_lossy(body).trim().chars().take(500).collect(),
    }
}
