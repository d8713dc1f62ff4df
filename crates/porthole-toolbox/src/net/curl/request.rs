//! What is asked: the method, the headers and the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Method, Request, StatusCode};

use super::target::Target;
use super::{Arguments, code};
use crate::net::tool::Failure;

/// A request before it is known whom it goes to.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    method: Method,
    /// What was typed; a value of nothing takes a header away.
    headers: Vec<(HeaderName, Option<HeaderValue>)>,
    body: Option<Bytes>,
    agent: String,
    user: Option<String>,
}

impl Draft {
    pub(super) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let body = body(arguments)?;
        let method = match (&arguments.method, arguments.head, &body) {
            (Some(method), ..) => {
                method.parse().map_err(|_| Failure::usage(format!("{method:?} is no method of HTTP")))?
            }
            (None, true, _) => Method::HEAD,
            (None, false, Some(_)) => Method::POST,
            (None, false, None) => Method::GET,
        };
        let headers = arguments.headers.iter().map(|line| header(line)).collect::<Result<_, _>>()?;
        let own = concat!("porthole/", env!("CARGO_PKG_VERSION"));
        let agent = arguments.user_agent.clone().unwrap_or_else(|| own.to_owned());
        Ok(Self { method, headers, body, agent, user: arguments.user.clone() })
    }

    /// For the next place: 301, 302 and 303 make a GET of a POST; a password is not told to somebody else.
    pub(super) fn redirect(&mut self, status: StatusCode, is_same_place: bool) {
        let drops =
            matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER);
        if drops && self.method != Method::HEAD {
            self.method = Method::GET;
            self.body = None;
        }
        if !is_same_place {
            self.user = None;
            self.headers.retain(|(name, _)| name != AUTHORIZATION && name.as_str() != "cookie");
        }
    }

    /// The request to one place.
    pub(super) fn to(&self, target: &Target) -> Result<Request<Full<Bytes>>, Failure> {
        let mut request = Request::new(Full::new(self.body.clone().unwrap_or_default()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = target
            .path
            .parse()
            .map_err(|_| Failure::new(code::BAD_URL, format!("{}: no path", target.path)))?;
        *request.headers_mut() = self.headers(target)?;
        Ok(request)
    }

    fn headers(&self, target: &Target) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, value(&target.authority())?);
        if let Some(user) = self.user.as_ref().or(target.user.as_ref()) {
            headers.insert(AUTHORIZATION, value(&format!("Basic {}", STANDARD.encode(user)))?);
        }
        headers.insert(USER_AGENT, value(&self.agent)?);
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        for (name, _) in &self.headers {
            headers.remove(name);
        }
        for (name, value) in &self.headers {
            if let Some(value) = value {
                headers.append(name, value.clone());
            }
        }
        Ok(headers)
    }
}

/// `Name: value`, `Name:` to take it away, `Name;` for an empty value.
fn header(line: &str) -> Result<(HeaderName, Option<HeaderValue>), Failure> {
    let bad = || Failure::usage(format!("{line:?} is no header; write it as 'Name: value'"));
    if let Some(name) = line.strip_suffix(';') {
        return Ok((name.parse().map_err(|_| bad())?, Some(HeaderValue::from_static(""))));
    }
    let (name, content) = line.split_once(':').ok_or_else(bad)?;
    let name = name.trim().parse().map_err(|_| bad())?;
    let content = content.trim();
    Ok((name, if content.is_empty() { None } else { Some(value(content)?) }))
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| Failure::usage(format!("{text:?} cannot stand in a header")))
}

/// Several parts are joined as those of a form.
fn body(arguments: &Arguments) -> Result<Option<Bytes>, Failure> {
    if let Some(raw) = &arguments.data_raw {
        return Ok(Some(Bytes::from(raw.clone())));
    }
    if let Some(binary) = &arguments.data_binary {
        return content(binary).map(|content| Some(content.into()));
    }
    if arguments.data.is_empty() {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for part in &arguments.data {
        let mut content = content(part)?;
        if part.starts_with('@') {
            content.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        }
        parts.push(content);
    }
    Ok(Some(parts.join(&b'&').into()))
}

/// `@FILE` is the content of a file, `@-` standard input.
fn content(text: &str) -> Result<Vec<u8>, Failure> {
    let Some(path) = text.strip_prefix('@') else { return Ok(text.as_bytes().to_vec()) };
    let path = if path == "-" { "/dev/stdin" } else { path };
    std::fs::read(path).map_err(|error| Failure::new(code::NOT_READ, format!("{path}: {error}")))
}
