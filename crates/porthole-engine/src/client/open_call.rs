//! Calls in the caller's own words: any method, path, headers and body, and the answer as it comes, whatever its status.

use bytes::Bytes;
use futures_util::stream::{self, TryStreamExt};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Method, Request, StatusCode, Version};
use hyper_util::rt::TokioIo;

use super::call::{builder, whole};
use super::stream::{AnswerStream, HijackedStream};
use super::{Client, named};
use crate::archive::ArchivePieces;
use crate::connection::Body;
use crate::request_error::{Call, RequestError};

/// A call in the caller's own words.
pub struct OpenCall {
    /// The method, which may be any.
    pub method: String,
    /// The path with its version and its query.
    pub target: String,
    /// Headers beside those that every call has; of the same name they take their place.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: OpenBody,
    /// Whether the connection may become the streams of a container.
    pub may_upgrade: bool,
}

/// What a call sends.
pub enum OpenBody {
    /// Nothing.
    Empty,
    /// Bytes of that type.
    Whole(&'static str, Vec<u8>),
    /// Pieces of that type, for as long as they come.
    Pieces(&'static str, ArchivePieces),
}

/// An answer, whatever its status.
pub struct OpenAnswer {
    /// Its status.
    pub status: u16,
    /// The status line: `HTTP/1.1 200 OK`.
    pub status_line: String,
    /// Its headers, in the order in which they came as far as HTTP keeps it.
    pub headers: Vec<(String, String)>,
    /// What follows.
    pub content: OpenContent,
}

/// What follows the head of an answer.
pub enum OpenContent {
    /// A body, piece by piece.
    Body(AnswerStream),
    /// The connection is the streams of a container now.
    Hijacked(HijackedStream),
}

impl Client {
    /// Sends the call over a connection of its own and gives the answer as soon as its head is there, however long that
    /// takes: dropping this gives the call up.
    pub async fn open_call(&self, open: OpenCall) -> Result<OpenAnswer, RequestError> {
        let call = call_of(&open)?;
        let request = self.open_request(open, &call)?;
        let opened = self.pool.open().await;
        let mut connection = opened.map_err(|cause| Box::new(named(self.endpoint(), cause)))?;
        let broken = |source| RequestError::Broken { call: call.clone(), source };
        let response = connection.send(request).await.map_err(broken)?;
        let (status, version) = (response.status(), response.version());
        let reason = status.canonical_reason().unwrap_or_default();
        let status_line = format!("{} {} {reason}", protocol(version), status.as_u16());
        let headers = response.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), lossy(value))).collect();
        let content = if status == StatusCode::SWITCHING_PROTOCOLS {
            let upgraded: Upgraded = hyper::upgrade::on(response).await.map_err(broken)?;
            OpenContent::Hijacked(HijackedStream::new(TokioIo::new(upgraded)))
        } else {
            OpenContent::Body(AnswerStream::new(response.into_body(), call, connection))
        };
        Ok(OpenAnswer { status: status.as_u16(), status_line, headers, content })
    }

    fn open_request(&self, open: OpenCall, call: &Call) -> Result<Request<Body>, RequestError> {
        let refused = |cause: String| RequestError::NotUnderstood { call: call.clone(), cause };
        let (content_type, body) = match open.body {
            OpenBody::Empty => (None, whole(Bytes::new())),
            OpenBody::Whole(content_type, bytes) => (Some(content_type), whole(bytes.into())),
            OpenBody::Pieces(content_type, pieces) => (Some(content_type), streamed(pieces)),
        };
        let built = builder(self.endpoint(), &call.method, &open.target).body(body);
        let mut request = built.map_err(|error| refused(error.to_string()))?;
        let headers = request.headers_mut();
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if open.may_upgrade {
            headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("tcp"));
        }
        let own: Result<Vec<_>, _> =
            open.headers.iter().map(|(name, value)| own_header(name, value)).collect();
        let own = own.map_err(refused)?;
        for (name, _) in &own {
            headers.remove(name);
        }
        headers.extend(own);
        Ok(request)
    }
}

fn call_of(open: &OpenCall) -> Result<Call, RequestError> {
    let method = Method::from_bytes(open.method.as_bytes());
    let path = open.target.clone();
    method.map(|method| Call { method, path: path.clone() }).map_err(|_| RequestError::NotUnderstood {
        call: Call { method: Method::GET, path },
        cause: format!("{:?} is no method", open.method),
    })
}

fn own_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let known = HeaderName::from_bytes(name.as_bytes());
    let name = known.map_err(|_| format!("{name:?} is no name of a header"))?;
    let value = HeaderValue::from_str(value);
    Ok((name.clone(), value.map_err(|_| format!("the header {name} cannot hold that value"))?))
}

fn streamed(pieces: ArchivePieces) -> Body {
    let mut pieces = pieces.0;
    let frames = stream::poll_fn(move |context| pieces.poll_recv(context));
    StreamBody::new(TryStreamExt::map_ok::<Frame<Bytes>, _>(frames, Frame::data)).boxed_unsync()
}

fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn protocol(version: Version) -> &'static str {
    if version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" }
}
