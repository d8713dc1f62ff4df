//! Ends: the relay's own, and those of a client or an engine in the middle.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use porthole_model::ExchangeEnd;
use porthole_tap::{CloseReason, ConnectionClosed, Event, Settings};

use crate::server;
use crate::stand::Stand;

fn closed(event: Event) -> Option<ConnectionClosed> {
    match event {
        Event::Closed(closed) => Some(closed),
        _ => None,
    }
}

fn ask(stand: &Stand, target: &str) -> UnixStream {
    let mut client = UnixStream::connect(stand.tap()).unwrap();
    client.write_all(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
    client
}

#[test]
fn an_engine_that_is_not_there_closes_the_client_and_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("nowhere.sock");
    let stand = Stand::before(directory, &nowhere, Settings::default());
    let mut client = UnixStream::connect(stand.tap()).unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"");
    let reason = stand.find(closed).reason;
    let CloseReason::EngineUnreachable(cause) = &reason else { panic!("{reason:?}") };
    assert!(cause.contains("No such file"), "{cause}");
}

#[test]
fn a_client_that_leaves_in_the_middle_leaves_a_line() {
    let stand = Stand::new(server::handle);
    let mut client = ask(&stand, "/bytes/30000000");
    client.read_exact(&mut [0; 1000]).unwrap();
    drop(client);
    let exchange = stand.exchanges(1).remove(0);
    assert_eq!(exchange.end, ExchangeEnd::ClientLeft);
    assert!(exchange.answer.body < 30_000_000);
    assert!(matches!(stand.find(closed).reason, CloseReason::ClientLost(_)));
}

#[test]
fn an_engine_that_leaves_in_the_middle_leaves_a_line() {
    let stand = Stand::new(server::handle);
    let _client = ask(&stand, "/die/0");
    let exchange = stand.exchanges(1).remove(0);
    assert_eq!(
        (exchange.end, exchange.status, exchange.answer.body),
        (ExchangeEnd::EngineLeft, Some(200), 4)
    );
}

#[test]
fn a_stop_closes_idle_connections_at_once_and_lets_busy_ones_finish() {
    let mut stand = Stand::new(server::handle);
    let mut idle = ask(&stand, "/_ping");
    stand.exchanges(1);
    let mut busy = ask(&stand, "/head-first/1500");
    busy.read_exact(&mut [0; 10]).unwrap();
    let begun = Instant::now();
    stand.begin_stop();
    idle.read_to_end(&mut Vec::new()).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(!stand.tap().exists());
    let mut rest = Vec::new();
    busy.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(b"2\r\n{}\r\n0\r\n\r\n"));
    assert_eq!(stand.wait(), 0);
}

#[test]
fn a_client_that_connects_just_before_the_stop_is_answered() {
    let mut stand = Stand::new(server::handle);
    let mut client = UnixStream::connect(stand.tap()).unwrap();
    stand.begin_stop();
    client.write_all(b"GET /_ping HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(stand.wait(), 0);
}

#[test]
fn a_stop_cuts_what_does_not_finish_in_time_and_tells_of_it() {
    let settings = Settings { drain: Duration::from_millis(300), ..Settings::default() };
    let mut stand = Stand::with(server::handle, settings);
    let mut busy = ask(&stand, "/head-first/60000");
    busy.read_exact(&mut [0; 10]).unwrap();
    stand.begin_stop();
    assert_eq!(stand.wait(), 1);
    assert_eq!(stand.exchanges(1)[0].end, ExchangeEnd::Stopped);
    assert_eq!(stand.find(closed).reason, CloseReason::Stopped);
}
