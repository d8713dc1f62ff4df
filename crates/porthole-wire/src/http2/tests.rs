//! The decoder beside real clients and servers of the `h2` crate, and with frames that they do not send.

mod frames;
mod peers;

use std::collections::BTreeMap;

use super::*;

/// What was seen of one stream, its bodies put together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Call {
    request: String,
    request_body: Vec<u8>,
    status: u16,
    answer_body: Vec<u8>,
    trailers: String,
    /// What ended, in order.
    ends: Vec<String>,
}

/// What was seen of a connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    calls: BTreeMap<u32, Call>,
    asker: Option<Side>,
    is_idle: bool,
    opaque: Option<Opaque>,
}

impl Seen {
    fn note(&mut self, event: &Event<'_>) {
        assert_eq!(self.opaque, None, "nothing follows, but {event:?}");
        match event {
            Event::Asker(side) => self.asker = Some(*side),
            Event::RequestHead(id, head) => {
                let request =
                    format!("{} {} {}", head.method, head.target, head.headers.text("host").unwrap_or("-"));
                self.calls.insert(id.0, Call { request, ..Call::default() });
            }
            Event::RequestBody(id, bytes) => self.call(*id).request_body.extend_from_slice(bytes),
            Event::RequestEnd(id) => self.call(*id).ends.push("request".to_owned()),
            Event::AnswerHead(id, head) => self.call(*id).status = head.status,
            Event::AnswerBody(id, bytes) => self.call(*id).answer_body.extend_from_slice(bytes),
            Event::AnswerTrailers(id, headers) => {
                let line =
                    |(name, value): (&str, &[u8])| format!("{name}: {}\n", String::from_utf8_lossy(value));
                self.call(*id).trailers = headers.iter().map(line).collect();
            }
            Event::AnswerEnd(id) => self.call(*id).ends.push("answer".to_owned()),
            Event::Reset(id, side, code) => self.call(*id).ends.push(format!("{side:?} {code}")),
            Event::Opaque(reason) => self.opaque = Some(*reason),
        }
    }

    fn call(&mut self, id: StreamId) -> &mut Call {
        self.calls.get_mut(&id.0).expect("a call begins with its head")
    }
}

/// What passed, in order.
type Talk = Vec<(Side, Vec<u8>)>;

/// Decodes a talk in pieces of the sizes that `size` gives.
fn decode(talk: &Talk, mut size: impl FnMut() -> usize) -> Seen {
    let mut decoder = Decoder::default();
    let mut seen = Seen::default();
    for (side, bytes) in talk {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
            decoder.sent(*side, piece, |event| seen.note(&event));
            rest = after;
        }
    }
    Seen { is_idle: decoder.is_idle(), ..seen }
}

fn whole(talk: &Talk) -> Seen {
    decode(talk, || usize::MAX)
}
