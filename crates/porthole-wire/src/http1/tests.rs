//! Conversations as engines and clients have them, cut in every way.

use porthole_model::Upgrade;
use proptest::prelude::*;

use super::Side::{Client, Engine};
use super::{Decoder, Event, Opaque, Side};

/// What a decoder said, with neighbouring pieces joined.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Request(String, String),
    RequestBody(Vec<u8>),
    RequestEnd,
    Answer(u16),
    AnswerBody(Vec<u8>),
    AnswerEnd,
    Upgraded(Upgrade),
    Http2,
    Stream(Side, Vec<u8>),
    Opaque(Opaque),
}

fn record(seen: &mut Vec<Seen>, event: &Event<'_>) {
    match (seen.last_mut(), event) {
        (Some(Seen::RequestBody(known)), Event::RequestBody(more))
        | (Some(Seen::AnswerBody(known)), Event::AnswerBody(more)) => known.extend_from_slice(more),
        (Some(Seen::Stream(side, known)), Event::Stream(same, more)) if side == same => {
            known.extend_from_slice(more);
        }
        _ => seen.push(match event {
            Event::RequestHead(head) => Seen::Request(head.method.to_owned(), head.target.to_owned()),
            Event::RequestBody(bytes) => Seen::RequestBody(bytes.to_vec()),
            Event::RequestEnd => Seen::RequestEnd,
            Event::AnswerHead(head) => Seen::Answer(head.status),
            Event::AnswerBody(bytes) => Seen::AnswerBody(bytes.to_vec()),
            Event::AnswerEnd => Seen::AnswerEnd,
            Event::Upgraded(upgrade) => Seen::Upgraded(upgrade.clone()),
            Event::Http2 => Seen::Http2,
            Event::Stream(side, bytes) => Seen::Stream(*side, bytes.to_vec()),
            Event::Unseen(side, count) => Seen::Stream(*side, vec![0; usize::try_from(*count).unwrap()]),
            Event::Opaque(reason) => Seen::Opaque(*reason),
        }),
    }
}

/// The same without what the content says.
fn without_content(seen: Vec<Seen>) -> Vec<Seen> {
    let mut bare = Vec::new();
    for event in seen {
        let (side, length) = match &event {
            Seen::RequestBody(bytes) | Seen::Stream(Client, bytes) => (Client, bytes.len()),
            Seen::AnswerBody(bytes) | Seen::Stream(Engine, bytes) => (Engine, bytes.len()),
            _ => {
                bare.push(event);
                continue;
            }
        };
        match bare.last_mut() {
            Some(Seen::Stream(same, known)) if *same == side => known.resize(known.len() + length, 0),
            _ => bare.push(Seen::Stream(side, vec![0; length])),
        }
    }
    bare
}

type Talk = Vec<(Side, Vec<u8>)>;

fn talk(turns: &[(Side, &str)]) -> Talk {
    turns.iter().map(|(side, text)| (*side, text.as_bytes().to_vec())).collect()
}

/// Decodes the turns, each cut into pieces of the sizes that `next_size` gives.
fn decode(turns: &Talk, next_size: impl FnMut() -> usize) -> Vec<Seen> {
    let (mut decoder, mut seen) = decode_pieces(turns, next_size, |_, _, _| false);
    decoder.engine_closed(|event| record(&mut seen, &event));
    seen
}

/// Decodes the turns, but is not shown content.
fn decode_unseen(turns: &Talk, next_size: impl FnMut() -> usize) -> Vec<Seen> {
    decode_pieces(turns, next_size, |decoder, side, length| length <= decoder.content_ahead(side)).1
}

fn decode_pieces(
    turns: &Talk,
    mut next_size: impl FnMut() -> usize,
    is_unseen: impl Fn(&Decoder, Side, u64) -> bool,
) -> (Decoder, Vec<Seen>) {
    let mut decoder = Decoder::default();
    let mut seen = Vec::new();
    for (side, bytes) in turns {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(next_size().clamp(1, rest.len()));
            rest = after;
            let length = piece.len() as u64;
            let is_unseen = is_unseen(&decoder, *side, length);
            let emit = |event: Event<'_>| record(&mut seen, &event);
            match side {
                side if is_unseen => decoder.passed_unseen(*side, length, emit),
                Client => decoder.client_sent(piece, emit),
                Engine => decoder.engine_sent(piece, emit),
            }
        }
    }
    (decoder, seen)
}

fn whole(turns: &[(Side, &str)]) -> Vec<Seen> {
    decode(&talk(turns), || usize::MAX)
}

fn request(method: &str, target: &str) -> Seen {
    Seen::Request(method.to_owned(), target.to_owned())
}

const PING: &str = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n";
const PONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
const ATTACH: &str = "POST /v1.24/containers/x/attach?stream=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

#[test]
fn pipelined_requests_get_their_answers_in_order() {
    let head = "HEAD /_ping HTTP/1.1\r\n\r\n";
    let answer_to_head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    let seen =
        whole(&[(Client, &[PING, head, PING].concat()), (Engine, &[PONG, answer_to_head, PONG].concat())]);
    let ok = || vec![Seen::Answer(200), Seen::AnswerBody(b"OK".to_vec()), Seen::AnswerEnd];
    let asked = |method: &str| vec![request(method, "/_ping"), Seen::RequestEnd];
    let expected =
        [asked("GET"), asked("HEAD"), asked("GET"), ok(), vec![Seen::Answer(200), Seen::AnswerEnd], ok()];
    assert_eq!(seen, expected.concat());
}

#[test]
fn interim_answers_are_passed_over() {
    let upload = "POST /images/load HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    let seen = whole(&[
        (Client, upload),
        (Engine, "HTTP/1.1 100 Continue\r\n\r\n"),
        (Client, "3\r\ntar\r\n0\r\n\r\n"),
        (Engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndone\r\n0\r\n\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            request("POST", "/images/load"),
            Seen::RequestBody(b"tar".to_vec()),
            Seen::RequestEnd,
            Seen::Answer(200),
            Seen::AnswerBody(b"done".to_vec()),
            Seen::AnswerEnd
        ]
    );
}

#[test]
fn a_body_that_may_have_been_left_out_makes_the_next_bytes_opaque() {
    let upload = "POST /images/load HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 31\r\n\r\n";
    let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    let seen = whole(&[(Client, upload), (Engine, refusal), (Client, PING)]);
    assert_eq!(seen[1..], [Seen::Answer(413), Seen::AnswerEnd, Seen::Opaque(Opaque::Framing)]);
    let no_body = upload.replace("31", "0");
    let seen = whole(&[(Client, &no_body), (Engine, refusal), (Client, PING)]);
    assert_eq!(seen.last(), Some(&Seen::RequestEnd));
}

#[test]
fn an_answer_may_come_before_its_request_is_whole() {
    let seen = whole(&[
        (Client, "POST /build HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"),
        (Engine, PONG),
        (Client, "cd"),
        (Client, PING),
        (Engine, PONG),
    ]);
    assert_eq!(seen.iter().filter(|seen| **seen == Seen::AnswerEnd).count(), 2);
    assert_eq!(seen.iter().filter(|seen| **seen == Seen::RequestEnd).count(), 2);
}

#[test]
fn after_101_both_directions_are_streams_and_early_input_is_not_lost() {
    let seen = whole(&[
        (Client, ATTACH),
        (Client, "GET early input"),
        (
            Engine,
            "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nout",
        ),
        (Client, "more"),
    ]);
    assert_eq!(
        seen[2..],
        [
            Seen::Answer(101),
            Seen::Upgraded(Upgrade::Protocol("tcp".to_owned())),
            Seen::Stream(Client, b"GET early input".to_vec()),
            Seen::Stream(Engine, b"out".to_vec()),
            Seen::Stream(Client, b"more".to_vec()),
        ]
    );
}

#[test]
fn a_200_raw_stream_without_a_length_takes_the_connection_over() {
    let start = "POST /exec/e/start HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
    let raw = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nhi";
    let seen = whole(&[(Client, start), (Engine, raw), (Client, "in")]);
    assert_eq!(seen[3..5], [Seen::Answer(200), Seen::Upgraded(Upgrade::Hijacked)]);
    assert_eq!(seen[5..], [Seen::Stream(Engine, b"hi".to_vec()), Seen::Stream(Client, b"in".to_vec())]);
}

#[test]
fn a_refused_upgrade_goes_on_as_http() {
    let refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";
    let seen = whole(&[(Client, &[ATTACH, PING].concat()), (Engine, refusal), (Engine, PONG)]);
    assert_eq!(seen[2..5], [Seen::Answer(404), request("GET", "/_ping"), Seen::RequestEnd]);
    assert_eq!(seen.last(), Some(&Seen::AnswerEnd));
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let seen = whole(&[(Client, "GET / HTTP/1.0\r\n\r\n"), (Engine, "HTTP/1.0 200 OK\r\n\r\nall of it")]);
    assert_eq!(seen[3..], [Seen::AnswerBody(b"all of it".to_vec()), Seen::AnswerEnd]);
}

#[test]
fn a_client_may_open_with_http_2() {
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let seen = whole(&[(Client, preface), (Engine, "settings"), (Client, "more")]);
    let streams = [(Client, preface), (Engine, "settings"), (Client, "more")];
    let streams = streams.map(|(side, text)| Seen::Stream(side, text.as_bytes().to_vec()));
    assert_eq!((&seen[0], &seen[1..]), (&Seen::Http2, &streams[..]));
}

#[test]
fn what_can_be_read_in_two_ways_turns_opaque() {
    let post = |headers: &str| format!("POST /build HTTP/1.1\r\n{headers}\r\n\r\n0\r\n\r\n");
    for (bytes, reason) in [
        (format!("{PING}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Opaque::Request),
        (post("Content-Length: 5\r\nTransfer-Encoding: chunked"), Opaque::Framing),
        (post("Content-Length: 5\r\nContent-Length: 6"), Opaque::Framing),
        (post("Content-Length: +5"), Opaque::Framing),
        (post("Content-Length: 5, 5"), Opaque::Framing),
        (post("Transfer-Encoding: gzip, chunked"), Opaque::Framing),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), Opaque::Framing),
        (post("Transfer-Encoding: xchunked"), Opaque::Framing),
        (post("Transfer-Encoding : chunked"), Opaque::Request),
        ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), Opaque::Framing),
        ("\r\nGET / HTTP/1.1\r\n\r\n".to_owned(), Opaque::Request),
        ("\u{16}\u{3}\u{1}".to_owned(), Opaque::Request),
        ("GET / HTTP/3.0\r\n\r\n".to_owned(), Opaque::Request),
        ("CONNECT d:1 HTTP/1.1\r\n\r\n".to_owned(), Opaque::Tunnel),
        ("A".repeat(300 * 1024), Opaque::LongHead),
        (PING.repeat(1001), Opaque::LongPipeline),
        (format!("{ATTACH}{}", "x".repeat(70_000)), Opaque::LongHeld),
    ] {
        assert_eq!(whole(&[(Client, &bytes)]).last(), Some(&Seen::Opaque(reason)), "{bytes:.80}");
    }
}

#[test]
fn an_engine_that_breaks_the_rules_turns_opaque() {
    for (bytes, reason) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", Opaque::Framing),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Opaque::UnaskedUpgrade),
        ("hello", Opaque::Answer),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Opaque::Unasked),
    ] {
        assert_eq!(whole(&[(Client, PING), (Engine, bytes)]).last(), Some(&Seen::Opaque(reason)), "{bytes}");
    }
}

#[test]
fn a_long_head_is_understood() {
    let target = format!("/containers/json?filters={}", "x".repeat(20_000));
    let text = format!("GET {target} HTTP/1.1\r\nX-Registry-Config: {}\r\n\r\n", "y".repeat(60_000));
    assert_eq!(whole(&[(Client, &text)]), [request("GET", &target), Seen::RequestEnd]);
}

#[test]
fn a_connection_is_idle_between_exchanges_only() {
    let mut decoder = Decoder::default();
    assert!(decoder.is_idle());
    decoder.client_sent(b"GE", |_| ());
    assert!(!decoder.is_idle());
    decoder.client_sent(b"T / HTTP/1.1\r\n\r\n", |_| ());
    assert!(!decoder.is_idle());
    decoder.engine_sent(PONG.as_bytes(), |_| ());
    assert!(decoder.is_idle());
}

/// An exchange of a well-behaved client and engine.
fn exchange() -> impl Strategy<Value = Talk> {
    let body = proptest::collection::vec(any::<u8>(), 0..200);
    (any::<bool>(), any::<bool>(), body.clone(), body).prop_map(
        |(chunk_request, chunk_answer, request, answer)| {
            let request = with_body(b"POST /containers/create HTTP/1.1\r\n", chunk_request, &request);
            let answer = with_body(b"HTTP/1.1 201 Created\r\n", chunk_answer, &answer);
            vec![(Client, request), (Engine, answer)]
        },
    )
}

fn with_body(first_line: &[u8], chunked: bool, body: &[u8]) -> Vec<u8> {
    let mut bytes = first_line.to_vec();
    if chunked {
        bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        for chunk in body.chunks(64) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
    } else {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(body);
    }
    bytes
}

/// Some exchanges, and perhaps an upgrade with its stream.
fn conversation() -> impl Strategy<Value = Talk> {
    let bytes = proptest::collection::vec(any::<u8>(), 1..50);
    let stream = proptest::collection::vec((any::<bool>(), bytes), 0..6);
    let exchanges = proptest::collection::vec(exchange(), 1..4);
    (exchanges, proptest::option::of(stream)).prop_map(|(exchanges, stream)| {
        let mut turns: Talk = exchanges.concat();
        if let Some(stream) = stream {
            turns
                .extend(talk(&[(Client, ATTACH), (Engine, "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n")]));
            let side = |is_client| if is_client { Client } else { Engine };
            turns.extend(stream.into_iter().map(|(is_client, bytes)| (side(is_client), bytes)));
        }
        turns
    })
}

proptest! {
    #[test]
    fn cuts_change_nothing(
        turns in conversation(),
        sizes in proptest::collection::vec(1..40_usize, 1..20),
    ) {
        let expected = decode(&turns, || usize::MAX);
        prop_assert!(!expected.iter().any(|seen| matches!(seen, Seen::Opaque(_))), "{expected:?}");
        let mut sizes = sizes.iter().cycle();
        prop_assert_eq!(decode(&turns, || *sizes.next().unwrap()), expected);
    }

    #[test]
    fn what_passes_unseen_is_counted_and_ends_where_it_ends(
        turns in conversation(),
        sizes in proptest::collection::vec(1..40_usize, 1..20),
    ) {
        let expected = without_content(decode(&turns, || usize::MAX));
        let mut sizes = sizes.iter().cycle();
        prop_assert_eq!(without_content(decode_unseen(&turns, || *sizes.next().unwrap())), expected);
    }

    #[test]
    fn any_bytes_give_no_panic_and_the_same_in_any_cut(
        turns in proptest::collection::vec((any::<bool>(), "(GET /|HTTP/1.1 200 OK|101|Transfer-Encoding: chunked|Content-Length: |Connection: upgrade|[0-9a-f]|\r\n|\r\n\r\n|[ -~]|.){0,30}"), 0..6),
        sizes in proptest::collection::vec(1..9_usize, 1..20),
    ) {
        let turns: Talk = turns
            .into_iter()
            .map(|(client, text)| (if client { Client } else { Engine }, text.into_bytes()))
            .collect();
        let mut sizes = sizes.iter().cycle();
        prop_assert_eq!(decode(&turns, || *sizes.next().unwrap()), decode(&turns, || usize::MAX));
    }

    #[test]
    fn random_bytes_after_a_request_give_no_panic(client: Vec<u8>, engine: Vec<u8>) {
        let mut decoder = Decoder::default();
        decoder.client_sent(ATTACH.as_bytes(), |_| ());
        decoder.client_sent(&client, |_| ());
        decoder.engine_sent(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", |_| ());
        decoder.engine_sent(&engine, |_| ());
        decoder.engine_closed(|_| ());
    }
}

/// What a reader sees that goes from boundary to boundary, and how many bytes it left.
fn decode_to_boundaries(decoder: &mut Decoder, mut bytes: &[u8]) -> (Vec<Vec<Seen>>, usize) {
    let mut steps = Vec::new();
    loop {
        let mut seen = Vec::new();
        let read = decoder.client_sent_to_boundary(bytes, |event| record(&mut seen, &event));
        bytes = &bytes[read..];
        if read == 0 {
            return (steps, bytes.len());
        }
        steps.push(seen);
    }
}

#[test]
fn a_reader_from_boundary_to_boundary_stops_behind_each_head_and_each_request() {
    let requests = b"GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyGET /c HT";
    let mut decoder = Decoder::default();
    let (steps, left) = decode_to_boundaries(&mut decoder, requests);
    let head = |method: &str, target: &str| Seen::Request(method.to_owned(), target.to_owned());
    let body = Seen::RequestBody(b"xy".to_vec());
    assert_eq!(
        steps,
        [
            vec![head("GET", "/a"), Seen::RequestEnd],
            vec![head("POST", "/b")],
            vec![body, Seen::RequestEnd],
            vec![]
        ]
    );
    assert!(left == 0 && decoder.is_within_head());
}

#[test]
fn a_reader_from_boundary_to_boundary_waits_where_only_the_answer_tells_what_follows() {
    let attach =
        b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nDELETE /x";
    let mut decoder = Decoder::default();
    assert_eq!(decode_to_boundaries(&mut decoder, attach).1, b"DELETE /x".len());
    decoder.engine_sent(b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n", |_| {});
    let stream = Seen::Stream(Client, b"DELETE /x".to_vec());
    assert_eq!(decode_to_boundaries(&mut decoder, b"DELETE /x"), (vec![vec![stream]], 0));
}
