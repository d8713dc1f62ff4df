//! Answers without an end, and connections that stop being HTTP.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, TryStreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::mpsc::Receiver;

use super::call::{Outgoing, refusal};
use super::{Client, named};
use crate::connection::{Answer, Connection};
use crate::request_error::{Call, RequestError};

/// An answer that comes in pieces for as long as the engine sends.
pub struct AnswerStream {
    body: Incoming,
    call: Call,
    _connection: Connection,
}

impl AnswerStream {
    pub(super) fn new(body: Incoming, call: Call, connection: Connection) -> Self {
        Self { body, call, _connection: connection }
    }

    /// The next piece; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Some(Err(source)) => return Err(RequestError::Broken { call: self.call.clone(), source }),
            }
        }
    }

    /// All that is still to come, whenever it ends.
    pub async fn rest(mut self) -> Result<Vec<u8>, RequestError> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }
}

/// A connection that was HTTP and is now the streams of a container.
pub struct HijackedStream(TokioIo<Upgraded>);

impl HijackedStream {
    pub(super) fn new(stream: TokioIo<Upgraded>) -> Self {
        Self(stream)
    }

    /// Both halves, which end when both are dropped. Shutting the writer down tells the container that no more comes.
    pub fn split(self) -> (impl AsyncRead + Send + Unpin + use<>, impl AsyncWrite + Send + Unpin + use<>) {
        tokio::io::split(self.0)
    }

    /// The next bytes; empty at the end.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).await
    }
}

impl Client {
    /// `method path`, for an answer that is read piece by piece; only its head has to come in time.
    pub async fn stream(&self, method: Method, path: &str) -> Result<AnswerStream, RequestError> {
        self.stream_with(method, path, HeaderMap::new(), self.limit()).await
    }

    /// The same with these headers, and with this time for the head.
    pub(crate) async fn stream_with(
        &self,
        method: Method,
        path: &str,
        headers: HeaderMap,
        limit: Duration,
    ) -> Result<AnswerStream, RequestError> {
        let outgoing = Outgoing::empty(method, path);
        let (response, connection) = self.head_in_time(&outgoing, headers, limit).await?;
        if !response.status().is_success() {
            return Err(self.refused(&outgoing, response).await);
        }
        Ok(AnswerStream::new(response.into_body(), outgoing.call(), connection))
    }

    /// `POST path` with `Upgrade: tcp`, as `docker attach` asks.
    pub async fn hijack(&self, path: &str) -> Result<HijackedStream, RequestError> {
        self.upgrade(Outgoing::empty(Method::POST, path)).await
    }

    /// The same with a JSON body, as `docker exec` asks.
    pub async fn hijack_with(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<HijackedStream, RequestError> {
        self.upgrade(Outgoing::json(Method::POST, path, body)?).await
    }

    async fn upgrade(&self, outgoing: Outgoing) -> Result<HijackedStream, RequestError> {
        let upgrade = [(CONNECTION, "Upgrade"), (UPGRADE, "tcp")];
        let headers = upgrade.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let headers = headers.into_iter().collect();
        let (response, _connection) = self.head_in_time(&outgoing, headers, self.limit()).await?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(self.refused(&outgoing, response).await);
        }
        let upgraded = hyper::upgrade::on(response).await;
        upgraded
            .map(|stream| HijackedStream(TokioIo::new(stream)))
            .map_err(|source| RequestError::Broken { call: outgoing.call(), source })
    }

    /// The head of the answer, over a connection of its own.
    async fn head_in_time(
        &self,
        outgoing: &Outgoing,
        headers: HeaderMap,
        limit: Duration,
    ) -> Result<(Response<Incoming>, Connection), RequestError> {
        let work = async {
            let opened = self.pool.open().await;
            let mut connection = opened.map_err(|cause| Box::new(named(self.endpoint(), cause)))?;
            let mut request = self.request(outgoing)?;
            request.headers_mut().extend(headers);
            match connection.send(request).await {
                Ok(response) => Ok((response, connection)),
                Err(source) => Err(RequestError::Broken { call: outgoing.call(), source }),
            }
        };
        tokio::time::timeout(limit, work)
            .await
            .map_err(|_| RequestError::TimedOut { call: outgoing.call(), limit })?
    }

    /// `PUT path` with a body that comes piece by piece, for as long as it comes. A piece that is an error breaks the
    /// call off, so that the engine does not take what came before for all.
    pub(crate) async fn put(
        &self,
        path: &str,
        content_type: &'static str,
        mut pieces: Receiver<io::Result<Bytes>>,
    ) -> Result<(), RequestError> {
        let outgoing = Outgoing::empty(Method::PUT, path);
        let broken = |source| RequestError::Broken { call: outgoing.call(), source };
        let opened = self.pool.open().await;
        let mut connection = opened.map_err(|cause| Box::new(named(self.endpoint(), cause)))?;
        let frames = stream::poll_fn(move |context| pieces.poll_recv(context)).map_ok(Frame::data);
        let mut request = self.request(&outgoing)?.map(|_| StreamBody::new(frames).boxed_unsync());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let response = connection.send(request).await.map_err(broken)?;
        if response.status().is_success() { Ok(()) } else { Err(self.refused(&outgoing, response).await) }
    }

    async fn refused(&self, outgoing: &Outgoing, response: Response<Incoming>) -> RequestError {
        let (head, body) = response.into_parts();
        match tokio::time::timeout(self.limit(), body.collect()).await {
            Err(_) => RequestError::TimedOut { call: outgoing.call(), limit: self.limit() },
            Ok(Err(source)) => RequestError::Broken { call: outgoing.call(), source },
            Ok(Ok(body)) => {
                let answer = Answer { status: head.status, headers: head.headers, body: body.to_bytes() };
                refusal(outgoing.call(), &answer)
            }
        }
    }
}
