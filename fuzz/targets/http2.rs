//! Any HTTP/2 conversation is decoded the same however it is cut.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use porthole_wire::http::Side;
use porthole_wire::http2::{Decoder, Event};
use properties::{Turn, in_bytes, turns};

fuzz_target!(|input: &[u8]| {
    let turns = turns(input);
    assert_eq!(decoded(&turns), decoded(&in_bytes(&turns)));
});

/// How both sides open, so that the fuzzer begins behind it.
const OPENING: [(Side, &[u8]); 2] = [
    (Side::Engine, b"\0\0\0\x04\0\0\0\0\0"),
    (Side::Client, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
];

/// What a decoder says of each stream, with its bodies joined. What is of no stream has the number 0.
fn decoded(turns: &[Turn<'_>]) -> BTreeMap<u32, (String, [Vec<u8>; 2])> {
    let mut seen = BTreeMap::new();
    let mut decoder = Decoder::default();
    for (side, bytes) in OPENING.iter().chain(turns) {
        decoder.sent(*side, bytes, |event| note(&mut seen, &event));
    }
    seen
}

fn note(seen: &mut BTreeMap<u32, (String, [Vec<u8>; 2])>, event: &Event<'_>) {
    let (stream, words, [request, answer]): (u32, String, [&[u8]; 2]) = match event {
        Event::Asker(side) => (0, format!("{side:?} asks"), [b"", b""]),
        Event::RequestHead(id, head) => {
            (id.0, format!("request {} {}", head.method, head.target), [b"", b""])
        }
        Event::RequestBody(id, bytes) => (id.0, String::new(), [bytes, b""]),
        Event::RequestEnd(id) => (id.0, "request end".into(), [b"", b""]),
        Event::AnswerHead(id, head) => (id.0, format!("answer {}", head.status), [b"", b""]),
        Event::AnswerBody(id, bytes) => (id.0, String::new(), [b"", bytes]),
        Event::AnswerTrailers(id, headers) => {
            (id.0, format!("{} trailers", headers.iter().count()), [b"", b""])
        }
        Event::AnswerEnd(id) => (id.0, "answer end".into(), [b"", b""]),
        Event::Reset(id, side, code) => (id.0, format!("{side:?} {code}"), [b"", b""]),
        Event::Opaque(reason) => (0, format!("opaque {reason}"), [b"", b""]),
    };
    let (story, bodies) = seen.entry(stream).or_default();
    story.push_str(&words);
    bodies[0].extend_from_slice(request);
    bodies[1].extend_from_slice(answer);
}
