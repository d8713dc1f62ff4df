//! Fields to heads (RFC 9113, section 8.3).

use httparse::Header;

use super::hpack::Field;
use crate::http::{AnswerHead, Headers, Opaque, RequestHead, Version};

/// The fields that are headers. The authority is shown as what it means in HTTP/1, the host.
pub(super) fn headers(fields: &[Field]) -> Result<Vec<Header<'_>>, Opaque> {
    let mut headers = Vec::with_capacity(fields.len());
    let has_host = fields.iter().any(|field| field.name == b"host");
    if let Some(authority) = value(fields, ":authority").filter(|_| !has_host) {
        headers.push(Header { name: "host", value: authority });
    }
    for Field { name, value } in fields.iter().filter(|field| !field.name.starts_with(b":")) {
        headers.push(Header { name: std::str::from_utf8(name).map_err(|_| Opaque::Head)?, value });
    }
    Ok(headers)
}

pub(super) fn request<'a>(
    fields: &'a [Field],
    headers: &'a [Header<'a>],
    size: usize,
) -> Result<RequestHead<'a>, Opaque> {
    let method = text(fields, ":method").ok_or(Opaque::Head)?;
    // CONNECT alone has no path.
    let target = text(fields, ":path").or_else(|| text(fields, ":authority")).ok_or(Opaque::Head)?;
    Ok(RequestHead { method, target, version: Version::Http2, headers: Headers(headers), size })
}

pub(super) fn answer<'a>(
    fields: &'a [Field],
    headers: &'a [Header<'a>],
    size: usize,
) -> Result<AnswerHead<'a>, Opaque> {
    let status = text(fields, ":status").and_then(|status| status.parse().ok()).ok_or(Opaque::Head)?;
    Ok(AnswerHead { status, reason: "", version: Version::Http2, headers: Headers(headers), size })
}

fn text<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    value(fields, name).and_then(|value| std::str::from_utf8(value).ok())
}

fn value<'a>(fields: &'a [Field], name: &str) -> Option<&'a [u8]> {
    fields.iter().find(|field| field.name == name.as_bytes()).map(|field| field.value.as_slice())
}
