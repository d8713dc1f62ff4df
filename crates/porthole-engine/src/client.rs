//! Calls to one engine over its API, in the version that was negotiated with it.

mod call;
mod greeting;
mod open_call;
mod stream;

use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use porthole_model::EngineVersion;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use crate::connect_error::{ConnectCause, ConnectError};
use crate::connection::Pool;
use crate::endpoint::Endpoint;
use crate::locality::Peer;
use crate::negotiation::{ApiRange, ApiVersion};
use crate::nouns;
use crate::raw::RawVersion;
use crate::request_error::{Call, RequestError};
use crate::transport::Dialler;

pub(crate) use call::Outgoing;
use greeting::Greeting;
pub use open_call::{OpenAnswer, OpenBody, OpenCall, OpenContent};
pub use stream::{AnswerStream, HijackedStream};

/// An engine that answered.
pub struct Client {
    pool: Pool,
    limit: Duration,
    negotiated: ApiVersion,
    version: OnceCell<RawVersion>,
}

impl Client {
    /// Reaches the engine and agrees with it on a version of the API; each call may take `limit`.
    ///
    /// Needs a tokio runtime with its I/O and time drivers.
    pub async fn connect(endpoint: &Endpoint, limit: Duration) -> Result<Self, ConnectError> {
        let client = Self::connect_briefly(endpoint, limit).await?;
        client.raw_version().await?;
        Ok(client)
    }

    /// The same, without asking the engine what it is where that is not needed to agree: it takes it ten times as long
    /// as any other answer.
    pub async fn connect_briefly(endpoint: &Endpoint, limit: Duration) -> Result<Self, ConnectError> {
        Self::reach(endpoint, limit).await.map_err(|cause| named(endpoint, cause))
    }

    async fn reach(endpoint: &Endpoint, limit: Duration) -> Result<Self, ConnectCause> {
        let pool = Pool::new(Dialler::new(endpoint, "/".into())?);
        let Greeting { negotiated, version } = greeting::greet(&pool, limit).await?;
        Ok(Self { pool, limit, negotiated, version: OnceCell::new_with(version) })
    }

    /// Where the engine was reached.
    pub fn endpoint(&self) -> &Endpoint {
        &self.pool.dialler.endpoint
    }

    /// The version of the API that is spoken.
    pub fn api_version(&self) -> ApiVersion {
        self.negotiated
    }

    /// The process at the other end of the engine's unix socket.
    pub fn peer(&self) -> Option<Peer> {
        self.pool.peer()
    }

    /// How long a call may take.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// How many calls at once are worth it.
    pub(crate) fn useful_connections(&self) -> usize {
        self.pool.dialler.useful_connections()
    }

    /// What the engine says of itself. It is asked once.
    pub async fn version(&self) -> Result<EngineVersion, ConnectError> {
        self.raw_version().await.map(|version| nouns::version(version, self.negotiated))
    }

    pub(crate) async fn raw_version(&self) -> Result<&RawVersion, ConnectError> {
        let asked = self.version.get_or_try_init(|| async {
            greeting::introduce(&self.pool, self.pool.take().await?, self.limit).await
        });
        asked.await.map_err(|cause| named(self.endpoint(), cause))
    }

    /// `GET path`; `path` begins with a slash and has no version.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, RequestError> {
        let body = self.answer(Outgoing::empty(Method::GET, path)).await?;
        decode(Method::GET, path, &body)
    }

    /// [`Client::get`] of Podman's own API, which counts its versions as Podman does.
    pub(crate) async fn get_libpod<T: DeserializeOwned>(
        &self,
        path: &str,
        version: &str,
    ) -> Result<T, RequestError> {
        let outgoing = Outgoing { version: Some(version.to_owned()), ..Outgoing::empty(Method::GET, path) };
        decode(Method::GET, path, &self.answer(outgoing).await?)
    }

    /// [`Client::post`] to Podman's own API.
    pub(crate) async fn post_libpod<T: DeserializeOwned>(
        &self,
        path: &str,
        version: &str,
        body: &impl Serialize,
    ) -> Result<T, RequestError> {
        let outgoing =
            Outgoing { version: Some(version.to_owned()), ..Outgoing::json(Method::POST, path, body)? };
        decode(Method::POST, path, &self.answer(outgoing).await?)
    }

    /// `POST path` with a JSON body.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, RequestError> {
        let outgoing = Outgoing::json(Method::POST, path, body)?;
        decode(Method::POST, path, &self.answer(outgoing).await?)
    }

    /// `POST path` without a body, for an answer without a body.
    pub async fn command(&self, path: &str) -> Result<(), RequestError> {
        self.answer(Outgoing::empty(Method::POST, path)).await.map(drop)
    }

    /// `DELETE path`.
    pub async fn delete(&self, path: &str) -> Result<(), RequestError> {
        self.answer(Outgoing::empty(Method::DELETE, path)).await.map(drop)
    }

    /// `method path` with bytes, which may take `limit`; the answer as it came.
    pub async fn upload(
        &self,
        method: Method,
        path: &str,
        (content_type, body): (&'static str, Bytes),
        limit: Duration,
    ) -> Result<Bytes, RequestError> {
        let content = Some((content_type, body));
        self.answer_within(Outgoing { method, path: path.to_owned(), content, version: None }, limit).await
    }
}

/// `cause`, with the endpoint it is about.
pub(crate) fn named(endpoint: &Endpoint, cause: ConnectCause) -> ConnectError {
    ConnectError { endpoint: endpoint.url(), origin: endpoint.origin(), cause }
}

fn decode<T: DeserializeOwned>(method: Method, path: &str, body: &[u8]) -> Result<T, RequestError> {
    serde_json::from_slice(body).map_err(|error| RequestError::NotUnderstood {
        call: Call { method, path: path.to_owned() },
        cause: error.to_string(),
    })
}

impl RawVersion {
    fn range(&self) -> Result<ApiRange, ConnectCause> {
        let parse =
            |text: &str| text.parse::<ApiVersion>().map_err(|answer| ConnectCause::NotAnEngine { answer });
        let oldest = Some(self.min_api_version.as_str()).filter(|text| !text.is_empty());
        Ok(ApiRange::of_engine(parse(&self.api_version)?, oldest.map(parse).transpose()?))
    }
}
