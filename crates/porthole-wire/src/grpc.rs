//! gRPC over HTTP/2: which method is called, its messages, and how the call went
//! (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>).

use std::fmt;

use crate::engine_api::query;
use crate::http::Headers;

/// The names of the status codes in their order.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Whether a request of those headers is a gRPC call.
pub fn is_call(headers: Headers<'_>) -> bool {
    headers.text("content-type").is_some_and(|kind| kind.starts_with("application/grpc"))
}

/// The method as the gRPC world writes it: `moby.buildkit.v1.Control/Solve` of the path `/moby.buildkit.v1.Control/Solve`.
pub fn method(path: &str) -> Option<&str> {
    let method = path.strip_prefix('/')?;
    let (service, name) = method.rsplit_once('/')?;
    (!service.is_empty() && !name.is_empty()).then_some(method)
}

/// How a call went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The status; 0 is success.
    pub status: u32,
    /// What the other side said to it.
    pub message: String,
}

impl Outcome {
    /// Reads trailers, or the head of an answer that has nothing else.
    pub fn of(headers: Headers<'_>) -> Option<Self> {
        let status = headers.text("grpc-status")?.parse().ok()?;
        let message = query::segment(headers.text("grpc-message").unwrap_or_default());
        Some(Self { status, message })
    }

    /// What went wrong, if something did: `UNAVAILABLE: no such session`.
    pub fn failure(&self) -> Option<String> {
        (self.status != 0).then(|| self.to_string())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.status).ok().and_then(|code| CODES.get(code)) {
            Some(name) => formatter.write_str(name)?,
            None => write!(formatter, "status {}", self.status)?,
        }
        if self.message.is_empty() { Ok(()) } else { write!(formatter, ": {}", self.message) }
    }
}

/// Counts the messages of a body, each behind a byte for its compression and four for its length.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessageScan {
    begun: u64,
    prefix: [u8; 5],
    filled: usize,
    left: u64,
}

impl MessageScan {
    /// The next bytes of the body.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= skipped as u64;
            bytes = &bytes[skipped..];
            let taken = (self.prefix.len() - self.filled).min(bytes.len());
            self.prefix[self.filled..][..taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            self.begin_if_known();
        }
    }

    /// The messages that came to their end.
    pub fn count(&self) -> u64 {
        self.begun - u64::from(self.left > 0)
    }

    fn begin_if_known(&mut self) {
        let [_, length @ ..] = self.prefix;
        if self.filled == self.prefix.len() {
            self.filled = 0;
            self.begun += 1;
            self.left = u64::from(u32::from_be_bytes(length));
        }
    }
}

#[cfg(test)]
mod tests {
    use httparse::Header;
    use proptest::prelude::*;

    use super::*;

    fn outcome(pairs: &[(&'static str, &'static str)]) -> Option<Outcome> {
        let headers: Vec<_> =
            pairs.iter().map(|(name, value)| Header { name, value: value.as_bytes() }).collect();
        Outcome::of(Headers(&headers))
    }

    #[test]
    fn a_method_is_a_service_and_a_name() {
        assert_eq!(method("/moby.buildkit.v1.Control/Solve"), Some("moby.buildkit.v1.Control/Solve"));
        for path in ["", "/", "/x", "//x", "/x/", "x/y"] {
            assert_eq!(method(path), None, "{path}");
        }
    }

    #[test]
    fn a_failure_has_its_codes_name_and_its_message_decoded() {
        let failed =
            outcome(&[("grpc-status", "14"), ("grpc-message", "no session%3A caf%C3%A9 100%")]).unwrap();
        assert_eq!(failed.failure().as_deref(), Some("UNAVAILABLE: no session: café 100%"));
        assert_eq!(outcome(&[("grpc-status", "5")]).unwrap().failure().as_deref(), Some("NOT_FOUND"));
        assert_eq!(outcome(&[("grpc-status", "99")]).unwrap().failure().as_deref(), Some("status 99"));
        assert_eq!(outcome(&[("grpc-status", "0"), ("grpc-message", "")]).unwrap().failure(), None);
        assert_eq!(outcome(&[("grpc-message", "x")]), None);
        assert_eq!(outcome(&[("grpc-status", "x")]), None);
    }

    proptest! {
        #[test]
        fn messages_are_counted_in_any_cut(
            lengths in proptest::collection::vec(0_u32..300, 0..10),
            sizes in proptest::collection::vec(1..50_usize, 1..10),
            missing in 0..4_usize,
        ) {
            let mut body: Vec<u8> = Vec::new();
            for length in &lengths {
                body.push(0);
                body.extend_from_slice(&length.to_be_bytes());
                body.extend(std::iter::repeat_n(0xff, *length as usize));
            }
            let is_cut = missing > 0 && !lengths.is_empty();
            body.truncate(body.len() - if is_cut { missing.min(body.len()) } else { 0 });
            let mut scan = MessageScan::default();
            let mut rest = body.as_slice();
            for size in sizes.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*size).min(rest.len()));
                scan.push(piece);
                rest = after;
            }
            let short = lengths.iter().rev().scan(missing, |missing, length| {
                let was = *missing;
                *missing = was.saturating_sub(*length as usize + 5);
                (was > 0).then_some(())
            });
            let whole = lengths.len() - if is_cut { short.count() } else { 0 };
            prop_assert_eq!(scan.count(), whole as u64);
        }

        #[test]
        fn any_bytes_give_no_panic(pieces: Vec<Vec<u8>>) {
            let mut scan = MessageScan::default();
            for piece in &pieces {
                scan.push(piece);
            }
            let _ = scan.count();
        }
    }
}
