//! What is told of what passes.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use porthole_model::{ClientAddress, ExchangeEnd, Pid, ResourceKind, Upgrade};
use porthole_tap::{Event, Finished, Part, PartContent, Settings};
use porthole_wire::http::{Opaque, Side};

use crate::server;
use crate::stand::{Stand, talk};

fn finished(stand: &Stand) -> Finished {
    stand.find(|event| match event {
        Event::Finished(finished) => Some(*finished),
        _ => None,
    })
}

/// An engine that gives everyone the same answer.
fn canned(answer: &'static [u8]) -> impl Fn(UnixStream) + Send + Sync {
    move |mut stream| {
        let mut request = [0; 4096];
        if stream.read(&mut request).is_ok_and(|length| length > 0) {
            stream.write_all(answer).unwrap();
        }
    }
}

#[test]
fn a_line_says_who_what_and_how_much() {
    let stand = Stand::new(server::handle);
    talk(stand.tap(), b"GET /v1.41/containers/web/json?size=1 HTTP/1.1\r\nHost: d\r\n\r\n");
    let exchange = finished(&stand).exchange;
    assert_eq!(exchange.method, "GET");
    assert_eq!(exchange.target, "/v1.41/containers/web/json?size=1");
    assert_eq!(exchange.api_version.as_deref(), Some("1.41"));
    assert_eq!(exchange.operation.as_deref(), Some("ContainerInspect"));
    let resource = exchange.resource.unwrap();
    assert_eq!((resource.kind, resource.name.as_str()), (ResourceKind::Container, "web"));
    assert_eq!((exchange.status, exchange.end), (Some(200), ExchangeEnd::Complete));
    assert_eq!((exchange.request.head, exchange.request.body), (59, 0));
    assert_eq!((exchange.answer.head, exchange.answer.body), (38, 2));
    assert!(exchange.first_byte.unwrap() <= exchange.duration);
    let ClientAddress::Unix { pid, uid, .. } = exchange.client.address else { panic!() };
    assert_eq!((pid, uid.0), (Some(Pid(std::process::id())), rustix::process::getuid().as_raw()));
}

#[test]
fn what_passes_unseen_is_counted_to_the_byte() {
    let stand = Stand::new(server::handle);
    let mut asked = 0;
    for (target, length) in
        [("/bytes/20000000", 20_000_000), ("/one-chunk/5000000", 5_000_000), ("/_ping", 2)]
    {
        let request = format!("GET {target} HTTP/1.1\r\nHost: d\r\n\r\n");
        asked += talk(stand.tap(), request.as_bytes()).len() as u64;
        let exchange = finished(&stand).exchange;
        assert_eq!((exchange.answer.body, exchange.end), (length, ExchangeEnd::Complete), "{target}");
    }
    let upload = b"POST /v1.41/images/load HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n";
    talk(stand.tap(), &[&upload[..], &server::pattern(5_000_000)].concat());
    assert_eq!(finished(&stand).exchange.request.body, 5_000_000);
    let closed = stand.find(|event| match event {
        Event::Closed(closed) if closed.from_client > 5_000_000 => Some(closed),
        _ => None,
    });
    assert_eq!(closed.from_client, 5_000_000 + upload.len() as u64);
    assert!(asked > 25_000_000);
}

#[test]
fn bodies_are_kept_up_to_the_limit_without_their_chunks() {
    let settings = Settings { request_limit: Some(1000), answer_limit: Some(1000), ..Settings::default() };
    let stand = Stand::with(server::handle, settings);
    talk(stand.tap(), b"GET /chunked/100000 HTTP/1.1\r\nHost: d\r\n\r\n");
    let finished = finished(&stand);
    let answer = finished.answer.unwrap();
    assert_eq!(answer.body.bytes(), server::pattern(1000));
    assert_eq!((answer.body.length(), answer.body.is_truncated()), (100_000, true));
    assert_eq!(finished.request.unwrap().head.bytes(), b"Host: d\r\n");
}

#[test]
fn credentials_in_headers_are_masked_in_what_is_kept_only() {
    let stand = Stand::new(server::handle);
    let head = b"POST /v1.41/images/load HTTP/1.1\r\nX-Registry-Auth: c2VjcmV0\r\nContent-Length: 0\r\n\r\n";
    assert!(talk(stand.tap(), head).starts_with(b"HTTP/1.1 200"));
    let kept = finished(&stand).request.unwrap();
    assert_eq!(kept.head.bytes(), b"X-Registry-Auth: ********\r\nContent-Length: 0\r\n");
}

#[test]
fn bodies_that_are_credentials_are_not_kept() {
    let stand = Stand::new(canned(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    talk(stand.tap(), b"POST /auth HTTP/1.1\r\nContent-Length: 7\r\n\r\nsecret!");
    let finished = finished(&stand);
    let request = finished.request.unwrap();
    assert_eq!((request.body.bytes(), request.withheld, finished.exchange.request.body), (&b""[..], true, 7));
}

#[test]
fn a_pull_that_failed_inside_a_200_is_a_failure() {
    let stand = Stand::new(canned(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
          16\r\n{\"status\":\"Pulling\"}\r\n\r\n\
          3a\r\n{\"errorDetail\":{\"message\":\"no space left\"},\"error\":\"no\"}\r\n\r\n0\r\n\r\n",
    ));
    talk(stand.tap(), b"POST /v1.41/images/create?fromImage=alpine&tag=3 HTTP/1.1\r\n\r\n");
    let exchange = finished(&stand).exchange;
    assert_eq!((exchange.end, exchange.status), (ExchangeEnd::Complete, Some(200)));
    assert_eq!(exchange.failure.as_deref(), Some("no space left"));
    assert_eq!(exchange.resource.unwrap().name, "alpine:3");
}

#[test]
fn a_created_container_is_known_by_its_id() {
    let stand = Stand::new(canned(b"HTTP/1.1 201 Created\r\nContent-Length: 14\r\n\r\n{\"Id\":\"6b1f2\"}"));
    talk(stand.tap(), b"POST /v1.41/containers/create HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
    let resource = finished(&stand).exchange.resource.unwrap();
    assert_eq!((resource.name.as_str(), resource.id.as_deref()), ("6b1f2", Some("6b1f2")));
}

#[test]
fn an_upgraded_exchange_counts_its_stream_and_keeps_no_input() {
    let stand = Stand::new(server::handle);
    let start = b"POST /v1.41/exec/x/start HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello";
    talk(stand.tap(), start);
    let finished = finished(&stand);
    let exchange = finished.exchange;
    assert_eq!(exchange.upgraded, Some(Upgrade::Protocol("tcp".to_owned())));
    assert_eq!((exchange.request.body, exchange.answer.body), (5, 8));
    assert_eq!((exchange.status, exchange.end), (Some(101), ExchangeEnd::Complete));
    let request = finished.request.unwrap();
    assert_eq!((request.body.bytes(), request.withheld), (&b""[..], true));
    assert_eq!(finished.answer.unwrap().body.bytes(), b"HELLObye");
}

/// What a part shows: who sent it, the offset, the bytes.
fn shown(part: Part) -> (Side, u64, Vec<u8>) {
    match part.content {
        PartContent::Head { call, head } => {
            assert_eq!((Some(call.id), call.status.is_some()), (part.exchange, part.side == Side::Engine));
            (part.side, part.offset, head.bytes().to_vec())
        }
        PartContent::Body(kept) => (part.side, part.offset, kept.bytes().to_vec()),
    }
}

#[test]
fn parts_are_shown_while_they_pass() {
    let stand = Stand::with(server::handle, Settings { parts: true, ..Settings::default() });
    talk(stand.tap(), b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n");
    let mut seen = Vec::new();
    loop {
        match stand.next_event() {
            Event::Part(part) => seen.push(shown(part)),
            Event::Finished(_) => break,
            _ => {}
        }
    }
    assert_eq!(
        seen,
        [
            (Side::Client, 0, b"GET /_ping HTTP/1.1\r\nHost: d\r\n".to_vec()),
            (Side::Engine, 0, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n".to_vec()),
            (Side::Engine, 0, b"OK".to_vec())
        ]
    );
}

#[test]
fn the_head_of_an_answer_tells_of_the_upgrade_and_the_client_of_its_input_when_asked() {
    let settings = Settings { parts: true, client_input: true, ..Settings::default() };
    let stand = Stand::with(server::handle, settings);
    talk(
        stand.tap(),
        b"POST /v1.41/exec/x/start HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello",
    );
    let mut sent = Vec::new();
    let mut upgraded = None;
    loop {
        match stand.next_event() {
            Event::Part(Part { content: PartContent::Head { call, .. }, side: Side::Engine, .. }) => {
                upgraded = call.upgraded;
            }
            Event::Part(Part { content: PartContent::Body(kept), side: Side::Client, offset, .. }) => {
                assert_eq!(offset, sent.len() as u64);
                sent.extend_from_slice(kept.bytes());
            }
            Event::Finished(_) => break,
            _ => {}
        }
    }
    assert_eq!((upgraded, sent), (Some(Upgrade::Protocol("tcp".into())), b"hello".to_vec()));
}

#[test]
fn a_raw_relay_decodes_nothing_and_counts_from_each_side() {
    let settings = Settings { raw: true, parts: true, ..Settings::default() };
    let stand = Stand::with(server::handle, settings);
    talk(stand.tap(), b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n");
    let mut sent = [Vec::new(), Vec::new()];
    let closed = stand.find(|event| match event {
        Event::Part(part) => {
            assert_eq!(part.exchange, None);
            let (side, offset, bytes) = shown(part);
            let sent = &mut sent[usize::from(side == Side::Engine)];
            assert_eq!(offset, sent.len() as u64);
            sent.extend_from_slice(&bytes);
            None
        }
        Event::Closed(closed) => Some(closed),
        Event::Finished(finished) => panic!("{finished:?}"),
        _ => None,
    });
    assert_eq!(sent[0], b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n");
    assert!(sent[1].starts_with(b"HTTP/1.1 200") && closed.from_engine == sent[1].len() as u64);
}

#[test]
fn http2_that_the_engine_does_not_speak_is_noted_as_opaque_and_counted() {
    let stand = Stand::new(canned(b"HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n"));
    talk(stand.tap(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let reason = stand.find(|event| match event {
        Event::Opaque { reason, .. } => Some(reason),
        _ => None,
    });
    assert_eq!(reason, Opaque::NoHttp2);
    let bytes = stand.find(|event| match event {
        Event::Closed(closed) => Some((closed.from_client, closed.from_engine)),
        _ => None,
    });
    assert_eq!(bytes, (24, 53));
}

#[test]
fn two_hundred_requests_by_thirty_two_clients_are_all_observed_whole() {
    let stand = Stand::new(server::handle);
    let clients: Vec<_> = (0..32_usize)
        .map(|client| {
            let path = stand.tap().to_owned();
            std::thread::spawn(move || {
                for number in (client..200).step_by(32) {
                    let target = format!("/chunked/{}?n={number}", number * 100);
                    talk(&path, format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes());
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let mut seen: Vec<(usize, u64)> = stand
        .exchanges(200)
        .into_iter()
        .map(|exchange| {
            assert_eq!((exchange.status, exchange.end), (Some(200), ExchangeEnd::Complete));
            (exchange.target.rsplit_once('=').unwrap().1.parse().unwrap(), exchange.answer.body)
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..200).map(|number| (number, number as u64 * 100)).collect::<Vec<_>>());
}
