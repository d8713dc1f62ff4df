//! Heads: gathering the bytes of one, and its first line and headers.

use std::borrow::Cow;

use memchr::memchr_iter;

use crate::http::{AnswerHead, Headers, Opaque, RequestHead, Version};

/// The longest head that is kept. The engine itself takes 1 MiB; real ones have up to 60 KB.
const LONGEST: usize = 256 * 1024;

/// Heads with more headers are not understood.
const MOST_HEADERS: usize = 1024;

/// The bytes of an unfinished head.
#[derive(Debug, Default)]
pub(super) struct Unfinished {
    bytes: Vec<u8>,
}

impl Unfinished {
    /// Takes what belongs to the head from the front of `bytes`; gives the head once it is whole.
    pub(super) fn take<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Cow<'a, [u8]>>, Opaque> {
        if self.bytes.is_empty()
            && let Some(end) = end_of_head(bytes, 0)
        {
            let (head, rest) = bytes.split_at(end);
            *bytes = rest;
            return checked(Cow::Borrowed(head)).map(Some);
        }
        let known = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let mut head = std::mem::take(&mut self.bytes);
        if let Some(end) = end_of_head(&head, known.saturating_sub(3)) {
            head.truncate(end);
            *bytes = &bytes[end - known..];
            return checked(Cow::Owned(head)).map(Some);
        }
        *bytes = &[];
        self.bytes = checked(Cow::Owned(head))?.into_owned();
        Ok(None)
    }

    /// Whether a head has begun.
    pub(super) fn has_begun(&self) -> bool {
        !self.bytes.is_empty()
    }
}

fn checked(head: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, Opaque> {
    if head.len() > LONGEST { Err(Opaque::LongHead) } else { Ok(head) }
}

/// Where the empty line ends that closes the head; lines may end with a bare newline, as Go's server takes them.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    memchr_iter(b'\n', &bytes[from..]).find_map(|newline| {
        let next = from + newline + 1;
        match bytes.get(next)? {
            b'\n' => Some(next + 1),
            b'\r' if bytes.get(next + 1) == Some(&b'\n') => Some(next + 2),
            _ => None,
        }
    })
}

/// Whether this can be the beginning of a request: methods are tokens (RFC 9110, section 5.6.2).
pub(super) fn can_begin_request(first: u8) -> bool {
    first.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&first)
}

/// Parses a request's head; `storage` is the room for its headers.
pub(super) fn parse_request<'h, 'b: 'h>(
    head: &'b [u8],
    storage: &'h mut Vec<httparse::Header<'b>>,
) -> Result<RequestHead<'h>, Opaque> {
    reserve(storage, head)?;
    let mut request = httparse::Request::new(storage);
    is_whole(request.parse(head), head).ok_or(Opaque::Request)?;
    let httparse::Request { method: Some(method), path: Some(target), version: Some(version), headers } =
        request
    else {
        return Err(Opaque::Request);
    };
    Ok(RequestHead {
        method,
        target,
        version: version_of(version),
        headers: Headers(headers),
        size: head.len(),
    })
}

/// Parses an answer's head; `storage` is the room for its headers.
pub(super) fn parse_answer<'h, 'b: 'h>(
    head: &'b [u8],
    storage: &'h mut Vec<httparse::Header<'b>>,
) -> Result<AnswerHead<'h>, Opaque> {
    reserve(storage, head)?;
    let mut answer = httparse::Response::new(storage);
    is_whole(answer.parse(head), head).ok_or(Opaque::Answer)?;
    let httparse::Response { code: Some(status), version: Some(version), reason, headers } = answer else {
        return Err(Opaque::Answer);
    };
    let (reason, version) = (reason.unwrap_or_default(), version_of(version));
    Ok(AnswerHead { status, reason, version, headers: Headers(headers), size: head.len() })
}

fn version_of(minor: u8) -> Version {
    if minor == 1 { Version::Http11 } else { Version::Http10 }
}

fn reserve<'b>(storage: &mut Vec<httparse::Header<'b>>, head: &'b [u8]) -> Result<(), Opaque> {
    let lines = memchr_iter(b'\n', head).count();
    storage.resize(lines.min(MOST_HEADERS), httparse::EMPTY_HEADER);
    if lines > MOST_HEADERS { Err(Opaque::LongHead) } else { Ok(()) }
}

/// Whether the parser found the end of the head where the empty line is.
fn is_whole(parsed: httparse::Result<usize>, head: &[u8]) -> Option<()> {
    matches!(parsed, Ok(httparse::Status::Complete(length)) if length == head.len()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_found_wherever_it_is_cut() {
        let bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\nrest";
        for cut in 0..=bytes.len() {
            let (mut first, mut second) = bytes.split_at(cut);
            let mut unfinished = Unfinished::default();
            let whole = unfinished.take(&mut first).unwrap();
            let head = match whole {
                Some(head) => head,
                None => unfinished.take(&mut second).unwrap().unwrap(),
            };
            assert_eq!(*head, bytes[..27], "{cut}");
            assert_eq!([first, second].concat(), b"rest", "{cut}");
        }
    }

    #[test]
    fn lines_may_end_with_a_bare_newline() {
        assert_eq!(end_of_head(b"GET / HTTP/1.0\n\nx", 0), Some(16));
        assert_eq!(end_of_head(b"GET / HTTP/1.0\nA: b\n\r\nx", 0), Some(22));
        assert_eq!(end_of_head(b"GET / HTTP/1.0\n\r", 0), None);
    }

    #[test]
    fn folded_headers_and_spaces_before_a_colon_are_not_understood() {
        for head in ["GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nA : b\r\n\r\n"] {
            assert_eq!(parse_request(head.as_bytes(), &mut Vec::new()).unwrap_err(), Opaque::Request);
        }
    }

    #[test]
    fn words_of_a_list_are_found_in_any_case() {
        let mut storage = Vec::new();
        let head = b"GET / HTTP/1.1\r\nConnection: keep-alive\r\nconnection: x, Upgrade\r\n\r\n";
        let request = parse_request(head, &mut storage).unwrap();
        assert!(request.headers.has_word("Connection", "upgrade"));
        assert!(!request.headers.has_word("Connection", "close"));
    }
}
