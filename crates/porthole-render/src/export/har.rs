//! HAR 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>), written entry by entry.

use std::borrow::Cow;
use std::io::{self, Write};
use std::time::Duration;

use porthole_model::{ContainerNames, Exchange};
use serde::Serialize;

use super::content::Text;
use super::{Content, Missing, Recorded};
use crate::json::ExchangeItem;
use crate::moment;

/// Writes a HAR document entry by entry, in flat memory.
#[derive(Debug)]
pub struct HarWriter<W> {
    out: W,
    is_begun: bool,
}

impl<W: Write> HarWriter<W> {
    /// Begins the document of that version of porthole.
    pub fn new(mut out: W, porthole_version: &str) -> io::Result<Self> {
        let creator = serde_json::json!({ "name": "porthole", "version": porthole_version });
        write!(out, "{{\"log\":{{\"version\":\"1.2\",\"creator\":{creator},\"entries\":[")?;
        Ok(Self { out, is_begun: false })
    }

    /// Writes an exchange.
    pub fn entry(&mut self, recorded: &Recorded<'_>) -> io::Result<()> {
        self.out.write_all(if self.is_begun { b",\n" } else { b"\n" })?;
        self.is_begun = true;
        self.out.write_all(&serde_json::to_vec(&Entry::from(recorded))?)
    }

    /// Ends the document.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(b"\n]}}\n")?;
        self.out.flush()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    started_date_time: String,
    time: f64,
    request: Request<'a>,
    response: Response<'a>,
    cache: Cache,
    timings: Timings,
    connection: String,
    /// The standard leaves names that begin so to the program.
    #[serde(rename = "_porthole")]
    porthole: ExchangeItem,
}

/// What a browser's cache knew: nothing.
#[derive(Serialize)]
struct Cache {}

#[derive(Serialize)]
struct Timings {
    send: f64,
    wait: f64,
    receive: f64,
}

/// The recorder does not tell the versions of HTTP/1 apart, nor them from HTTP/2 where the connection began with it.
fn http_version(exchange: &Exchange) -> &'static str {
    if exchange.carrier.is_some() || exchange.grpc.is_some() { "HTTP/2" } else { "HTTP/1.1" }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    method: &'a str,
    url: String,
    http_version: &'static str,
    cookies: [(); 0],
    headers: Vec<Pair<'a>>,
    query_string: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData<'a>>,
    headers_size: u64,
    body_size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    status: u16,
    status_text: &'static str,
    http_version: &'static str,
    cookies: [(); 0],
    headers: Vec<Pair<'a>>,
    content: Body<'a>,
    #[serde(rename = "redirectURL")]
    redirect_url: Cow<'a, str>,
    headers_size: u64,
    body_size: u64,
}

#[derive(Serialize)]
struct Pair<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
}

/// The standard has no encoding for what was sent, so that it stands under a name of our own.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData<'a> {
    mime_type: Cow<'a, str>,
    text: Cow<'a, str>,
    #[serde(rename = "_encoding", skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    size: u64,
    mime_type: Cow<'a, str>,
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

impl<'a> From<&Recorded<'a>> for Entry<'a> {
    fn from(recorded: &Recorded<'a>) -> Self {
        let exchange = recorded.exchange;
        let wait = exchange.first_byte.unwrap_or(exchange.duration);
        let receive = exchange.duration.saturating_sub(wait);
        let timings = Timings { send: 0.0, wait: milliseconds(wait), receive: milliseconds(receive) };
        Self {
            started_date_time: moment::rfc3339(exchange.started),
            time: milliseconds(wait + receive),
            request: Request::from(recorded),
            response: Response::from(recorded),
            cache: Cache {},
            timings,
            connection: exchange.connection.to_string(),
            porthole: ExchangeItem::new(exchange, &ContainerNames::default()),
        }
    }
}

impl<'a> From<&Recorded<'a>> for Request<'a> {
    fn from(recorded: &Recorded<'a>) -> Self {
        let exchange = recorded.exchange;
        let host = recorded.request.and_then(|request| request.header("host"));
        Self {
            method: &exchange.method,
            url: url(&exchange.target, host.as_deref()),
            http_version: http_version(exchange),
            cookies: [],
            headers: headers(recorded.request),
            query_string: query(&exchange.target),
            post_data: recorded.request.and_then(|request| PostData::of(&request)),
            headers_size: exchange.request.head,
            body_size: exchange.request.body,
        }
    }
}

impl<'a> From<&Recorded<'a>> for Response<'a> {
    fn from(recorded: &Recorded<'a>) -> Self {
        let exchange = recorded.exchange;
        let location = recorded.answer.and_then(|answer| answer.header("location"));
        Self {
            status: exchange.status.unwrap_or(0),
            status_text: "",
            http_version: http_version(exchange),
            cookies: [],
            headers: headers(recorded.answer),
            content: Body::of(recorded.answer, exchange.answer.body),
            redirect_url: location.unwrap_or_default(),
            headers_size: exchange.answer.head,
            body_size: exchange.answer.body,
        }
    }
}

impl<'a> PostData<'a> {
    fn of(request: &Content<'a>) -> Option<Self> {
        if request.body.is_empty() && request.missing.is_none() {
            return None;
        }
        let (text, encoding) = text(request);
        Some(Self { mime_type: mime_type(request), text, encoding, comment: request.missing.map(comment) })
    }
}

impl<'a> Body<'a> {
    fn of(answer: Option<Content<'a>>, size: u64) -> Self {
        let Some(answer) = answer else {
            let comment = Some("bodies were not recorded");
            return Self {
                size,
                mime_type: Cow::Borrowed(UNKNOWN),
                text: Cow::default(),
                encoding: None,
                comment,
            };
        };
        let (text, encoding) = text(&answer);
        Self { size, mime_type: mime_type(&answer), text, encoding, comment: answer.missing.map(comment) }
    }
}

/// What browsers write for a body without a type.
const UNKNOWN: &str = "x-unknown";

fn mime_type<'a>(content: &Content<'a>) -> Cow<'a, str> {
    content.header("content-type").unwrap_or(Cow::Borrowed(UNKNOWN))
}

fn text<'a>(content: &Content<'a>) -> (Cow<'a, str>, Option<&'static str>) {
    match content.text() {
        Text::Plain(text) => (Cow::Borrowed(text), None),
        Text::Base64(base64) => (Cow::Owned(base64), Some("base64")),
    }
}

fn comment(missing: Missing) -> &'static str {
    match missing {
        Missing::Truncated => "only the beginning was recorded",
        Missing::Withheld => "not recorded: it carries credentials, or is what somebody typed",
        Missing::Dropped => "not recorded: there was no room",
    }
}

fn headers(content: Option<Content<'_>>) -> Vec<Pair<'_>> {
    let pairs = content.into_iter().flat_map(|content| content.headers());
    pairs.map(|(name, value)| Pair { name, value }).collect()
}

fn query(target: &str) -> Vec<Pair<'_>> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| Pair { name, value }).collect()
}

/// The URL that the client may have had in mind: on a unix socket there is no other than its Host header.
fn url(target: &str, host: Option<&str>) -> String {
    let host = host.filter(|host| !host.is_empty()).unwrap_or("localhost");
    match target {
        absolute if absolute.contains("://") && !absolute.starts_with('/') => absolute.to_owned(),
        path if path.starts_with('/') => format!("http://{host}{path}"),
        other => format!("http://{host}/{other}"),
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
