//! How long a body is (RFC 9112, section 6.3), and when a head does not say so clearly.

use super::body::Body;
use crate::http::{AnswerHead, Headers, Opaque, RequestHead, Version};

/// The body of a request; `None` when it has none.
pub(super) fn of_request(head: &RequestHead<'_>) -> Result<Option<Body>, Opaque> {
    Ok(match declared(head.headers, head.version)? {
        Some(Declared::Chunked) => Some(Body::chunked()),
        Some(Declared::Length(0)) | None => None,
        Some(Declared::Length(length)) => Some(Body::Length(length)),
    })
}

/// The body of an answer; `None` when it has none.
pub(super) fn of_answer(head: &AnswerHead<'_>, to_head_request: bool) -> Result<Option<Body>, Opaque> {
    if to_head_request || matches!(head.status, 204 | 304) {
        return Ok(None);
    }
    Ok(match declared(head.headers, head.version)? {
        Some(Declared::Chunked) => Some(Body::chunked()),
        Some(Declared::Length(0)) => None,
        Some(Declared::Length(length)) => Some(Body::Length(length)),
        None => Some(Body::UntilClose),
    })
}

enum Declared {
    Length(u64),
    Chunked,
}

/// Both headers at once, another coding than `chunked`, or chunks in HTTP/1.0 are where smuggling begins.
fn declared(headers: Headers<'_>, version: Version) -> Result<Option<Declared>, Opaque> {
    let length = length(headers)?;
    let mut codings = headers.values("Transfer-Encoding");
    match (codings.next(), codings.next(), length) {
        (None, _, length) => Ok(length.map(Declared::Length)),
        (Some(coding), None, None)
            if version == Version::Http11 && coding.eq_ignore_ascii_case(b"chunked") =>
        {
            Ok(Some(Declared::Chunked))
        }
        _ => Err(Opaque::Framing),
    }
}

/// The one length that all headers agree on.
fn length(headers: Headers<'_>) -> Result<Option<u64>, Opaque> {
    let mut agreed = None;
    for value in headers.values("Content-Length") {
        let length = number(value).ok_or(Opaque::Framing)?;
        if agreed.is_some_and(|agreed| agreed != length) {
            return Err(Opaque::Framing);
        }
        agreed = Some(length);
    }
    Ok(agreed)
}

/// Digits only: no sign, no list, no spaces inside.
fn number(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?.trim();
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| all_digits)
}
