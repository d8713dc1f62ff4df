//! Any conversation is decoded the same however it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_wire::http1::{Decoder, Event, Side};
use properties::{Turn, in_bytes, turns};

fuzz_target!(|input: &[u8]| {
    let turns = turns(input);
    assert_eq!(decoded(&turns), decoded(&in_bytes(&turns)));
});

/// What a decoder says, with neighbouring pieces joined.
fn decoded(turns: &[Turn<'_>]) -> Vec<(String, Vec<u8>)> {
    let mut seen = Vec::new();
    let mut decoder = Decoder::default();
    for (side, bytes) in turns {
        let note = |event: Event<'_>| note(&mut seen, &event);
        match side {
            Side::Client => decoder.client_sent(bytes, note),
            Side::Engine => decoder.engine_sent(bytes, note),
        }
    }
    decoder.engine_closed(|event| note(&mut seen, &event));
    seen
}

fn note(seen: &mut Vec<(String, Vec<u8>)>, event: &Event<'_>) {
    let (name, bytes): (String, &[u8]) = match event {
        Event::RequestHead(head) => (format!("request {} {}", head.method, head.target), b""),
        Event::RequestBody(bytes) => ("request body".into(), bytes),
        Event::RequestEnd => ("request end".into(), b""),
        Event::AnswerHead(head) => (format!("answer {}", head.status), b""),
        Event::AnswerBody(bytes) => ("answer body".into(), bytes),
        Event::AnswerEnd => ("answer end".into(), b""),
        Event::Upgraded(upgrade) => (format!("upgraded {upgrade}"), b""),
        Event::Http2 => ("http/2".into(), b""),
        Event::Stream(side, bytes) => (format!("stream of {side:?}"), bytes),
        Event::Unseen(..) => unreachable!("everything is shown"),
        Event::Opaque(reason) => (format!("opaque {reason}"), b""),
    };
    match seen.last_mut() {
        Some((before, known)) if *before == name && !bytes.is_empty() => known.extend_from_slice(bytes),
        _ => seen.push((name, bytes.to_vec())),
    }
}
