//! Frames that well-behaved peers send seldom or never.

use proptest::prelude::*;

use super::Side::{Client, Engine};
use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

fn settings(pairs: &[(u16, u32)]) -> Vec<u8> {
    let payload = pairs.iter().flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat());
    frame(4, 0, 0, &payload.collect::<Vec<u8>>())
}

/// A GET of `/`, and an answer of 200.
const GET: &[u8] = &[0x82, 0x84];
const OK: &[u8] = &[0x88];

fn get(stream: u32) -> Vec<u8> {
    frame(1, END_HEADERS | END_STREAM, stream, GET)
}

/// Both sides introduce themselves, and then `frames` pass.
fn opened(frames: &[(Side, Vec<u8>)]) -> Talk {
    let mut talk = vec![(Engine, settings(&[])), (Client, [PREFACE, &settings(&[])].concat())];
    talk.extend_from_slice(frames);
    talk
}

fn reason(frames: &[(Side, Vec<u8>)]) -> Option<Opaque> {
    whole(&opened(frames)).opaque
}

#[test]
fn padding_priorities_and_continuations_are_left_out() {
    let [head, rest] = [&GET[..1], &GET[1..]];
    let first = [&[3, 0, 0, 0, 0, 16][..], head, &[0; 3]].concat();
    let seen = whole(&opened(&[
        (Client, frame(1, PADDED | PRIORITY, 1, &first)),
        (Client, frame(9, 0, 1, b"")),
        (Client, frame(9, END_HEADERS, 1, rest)),
        (Client, frame(2, 0, 1, &[0; 5])),
        (Client, frame(0, PADDED, 1, b"\x02ab\0\0")),
        (Client, frame(0, PADDED | END_STREAM, 1, b"\x00cd")),
        (Engine, frame(1, END_HEADERS, 1, &[0x08, 3, b'1', b'0', b'3'])),
        (Engine, frame(6, 0, 0, &[0; 8])),
        (Engine, frame(0xbe, 0, 0, b"unknown")),
        (Engine, frame(1, END_HEADERS, 1, OK)),
        (Engine, frame(0, END_STREAM, 1, b"")),
    ]));
    let call = &seen.calls[&1];
    assert_eq!(
        (call.request.as_str(), call.request_body.as_slice(), call.status),
        ("GET / -", &b"abcd"[..], 200)
    );
    assert_eq!((call.ends.len(), seen.opaque, seen.is_idle), (2, None, true));
}

#[test]
fn a_table_of_another_size_is_followed() {
    let resized = [&[0x3f, 0xe1, 0xff, 0x01][..], GET].concat();
    let ask = (Client, frame(1, END_HEADERS, 1, &resized));
    assert_eq!(reason(std::slice::from_ref(&ask)), Some(Opaque::Compression), "nobody permitted it");
    assert_eq!(reason(&[(Engine, settings(&[(1, 32_768)])), ask]), None);
}

#[test]
fn larger_frames_need_the_other_sides_leave() {
    let long = [(Client, frame(1, END_HEADERS, 1, GET)), (Client, frame(0, 0, 1, &vec![0; 20_000]))];
    assert_eq!(reason(&long), Some(Opaque::Frame));
    let mut permitted = long.to_vec();
    permitted.insert(0, (Engine, settings(&[(5, 20_000)])));
    assert_eq!(reason(&permitted), None);
}

#[test]
fn a_side_that_goes_away_gives_up_what_it_does_not_deal_with() {
    let away = frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 11, b'c', b'a', b'l', b'm']);
    let seen = whole(&opened(&[
        (Client, get(1)),
        (Client, get(3)),
        (Engine, frame(7, 0, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])),
        (Engine, away),
        (Engine, frame(1, END_HEADERS | END_STREAM, 1, OK)),
    ]));
    assert_eq!(seen.calls[&1].ends, ["request", "answer"]);
    assert_eq!(seen.calls[&3].ends, ["request", "Engine ENHANCE_YOUR_CALM"]);
    assert!(seen.is_idle);
}

#[test]
fn what_comes_late_on_a_closed_stream_is_passed_over_but_its_table_is_kept() {
    let kept = [&[0x40, 1, b'n', 1, b'v'][..], OK].concat();
    let seen = whole(&opened(&[
        (Client, get(1)),
        (Client, frame(3, 0, 1, &[0, 0, 0, 8])),
        (Engine, frame(1, END_HEADERS, 1, &kept)),
        (Engine, frame(0, END_STREAM, 1, b"late")),
        (Client, get(3)),
        (Engine, frame(1, END_HEADERS, 3, OK)),
        (Engine, frame(1, END_HEADERS | END_STREAM, 3, &[0xbe])),
    ]));
    assert_eq!(seen.calls[&1].ends, ["request", "Client CANCEL"]);
    assert_eq!((seen.calls[&3].trailers.as_str(), seen.opaque), ("n: v\n", None));
}

#[test]
fn an_engine_that_knows_http_1_alone_is_found_out() {
    let refusal = b"HTTP/1.1 301 Moved Permanently\r\n\r\n".to_vec();
    let seen = whole(&vec![(Client, PREFACE.to_vec()), (Engine, refusal)]);
    assert_eq!(seen.opaque, Some(Opaque::NoHttp2));
    let seen = whole(&vec![(Client, b"PRI * HTTP/2.1\r\n".to_vec())]);
    assert_eq!(seen.opaque, Some(Opaque::NoHttp2));
    let both = vec![(Client, PREFACE.to_vec()), (Engine, PREFACE.to_vec())];
    assert_eq!(whole(&both).opaque, Some(Opaque::NoHttp2));
}

#[test]
fn what_breaks_the_rules_turns_opaque() {
    let open = || (Client, frame(1, END_HEADERS, 1, GET));
    let ask = |block: &[u8]| (Client, frame(1, END_HEADERS, 1, block));
    for (frames, expected) in [
        (vec![ask(&[0xff])], Opaque::Compression),
        (vec![ask(&[0x84])], Opaque::Head),
        (vec![ask(&[0x82, 0x84, 0, 1, 0xff, 0])], Opaque::Head),
        (vec![(Client, frame(1, END_HEADERS, 2, GET))], Opaque::Stream),
        (vec![(Client, frame(1, 0, 1, GET)), (Client, get(3))], Opaque::Frame),
        (vec![(Client, frame(1, 0, 1, GET)), (Client, frame(9, END_HEADERS, 3, b""))], Opaque::Frame),
        (vec![(Client, frame(1, 0, 1, GET)), (Client, frame(0, 0, 1, b"x"))], Opaque::Frame),
        (vec![(Client, frame(9, END_HEADERS, 1, GET))], Opaque::Frame),
        (vec![(Client, frame(0, 0, 1, b"x"))], Opaque::Stream),
        (vec![(Client, get(1)), (Client, frame(0, 0, 1, b"x"))], Opaque::Frame),
        (vec![open(), (Engine, frame(0, 0, 1, b"x"))], Opaque::Frame),
        (vec![open(), (Engine, frame(1, END_HEADERS, 1, GET))], Opaque::Head),
        (vec![open(), (Client, frame(1, END_HEADERS, 1, GET))], Opaque::Frame),
        (vec![(Engine, frame(1, END_HEADERS, 1, OK))], Opaque::Stream),
        (vec![(Client, frame(3, 0, 1, &[0; 4]))], Opaque::Stream),
        (vec![open(), (Client, frame(3, 0, 1, &[0; 5]))], Opaque::Frame),
        (vec![open(), (Client, frame(0, PADDED, 1, b"\x05ab"))], Opaque::Frame),
        (vec![open(), (Client, frame(0, PADDED, 1, b""))], Opaque::Frame),
        (vec![(Client, frame(4, 0, 0, &[0; 5]))], Opaque::Frame),
        (vec![(Client, frame(5, END_HEADERS, 1, &[0, 0, 0, 2, 0x82, 0x84]))], Opaque::Frame),
        (vec![(Engine, frame(5, END_HEADERS, 1, &[0, 0, 0, 3, 0x82, 0x84]))], Opaque::Stream),
    ] {
        assert_eq!(reason(&frames), Some(expected), "{frames:?}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let ask = |number: u32| (Client, get(number * 2 + 1));
    assert_eq!(reason(&(0..1000).map(ask).collect::<Vec<_>>()), None);
    assert_eq!(reason(&(0..1001).map(ask).collect::<Vec<_>>()), Some(Opaque::ManyStreams));
    let mut endless = vec![(Client, frame(1, 0, 1, GET))];
    endless.extend((0..20).map(|_| (Client, frame(9, 0, 1, &[0; 16_000]))));
    assert_eq!(reason(&endless), Some(Opaque::LongHead));
}

/// Any frames, most of them of a kind that says something.
fn any_frame() -> impl Strategy<Value = (Side, Vec<u8>)> {
    let block =
        prop_oneof![Just(GET.to_vec()), Just(OK.to_vec()), proptest::collection::vec(any::<u8>(), 0..40)];
    (any::<bool>(), 0_u8..11, any::<u8>(), 0_u32..6, block).prop_map(
        |(is_client, kind, flags, stream, payload)| {
            (if is_client { Client } else { Engine }, frame(kind, flags, stream, &payload))
        },
    )
}

proptest! {
    #[test]
    fn any_frames_give_no_panic_and_the_same_in_any_cut(
        frames in proptest::collection::vec(any_frame(), 0..30),
        sizes in proptest::collection::vec(1..30_usize, 1..10),
    ) {
        let talk = opened(&frames);
        let mut sizes = sizes.iter().cycle();
        prop_assert_eq!(decode(&talk, || *sizes.next().unwrap()), whole(&talk));
    }

    #[test]
    fn any_bytes_give_no_panic(client: Vec<u8>, engine: Vec<u8>) {
        let _ = whole(&vec![(Client, client.clone()), (Engine, engine.clone())]);
        let _ = whole(&opened(&[(Client, client), (Engine, engine)]));
    }
}
