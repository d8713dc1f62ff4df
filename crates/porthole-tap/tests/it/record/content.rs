//! What is in a recording.

use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use porthole_model::{ConnectionId, ExchangeId, Timestamp};
use porthole_tap::record::{BodyState, Notice, RecordError, RecordSettings, Recorder, Recording};
use porthole_tap::{Event, Settings, Sink};
use porthole_wire::http::Side;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use super::values::{exchange, exchanges};
use super::{directory, finished, put, read, settings, talk, wait_until};
use crate::server;
use crate::stand::Stand;

#[test]
fn any_exchange_comes_out_as_it_went_in() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    let mut runner = TestRunner::deterministic();
    let mut written = Vec::new();
    for id in 1..=300 {
        let mut exchange = exchanges().new_tree(&mut runner).unwrap().current();
        exchange.id = ExchangeId(id);
        put(&recorder.sink(), exchange.clone());
        written.push(exchange);
    }
    assert_eq!(recorder.finish().unwrap().written, 300);
    let recording = Recording::open(&path).unwrap();
    assert_eq!(read(&recording), written);
    assert_eq!(recording.exchange(ExchangeId(7)).unwrap().as_ref(), Some(&written[6]));
    assert_eq!(recording.exchange(ExchangeId(301)).unwrap(), None);
}

#[test]
fn a_finished_recording_is_one_private_file_that_says_what_it_is() {
    let (directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    put(&recorder.sink(), exchange(1));
    recorder.finish().unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let run = Recording::open(&path).unwrap().run().unwrap();
    assert_eq!((run.porthole_version.as_str(), run.endpoint.as_str()), ("0.1.0", "unix:///run/docker.sock"));
    assert!(run.ended.unwrap() >= run.started);
    assert_eq!((run.bodies_dropped, run.exchanges_lost), (0, 0));
    let error = Recorder::create(&path, settings()).unwrap_err();
    assert!(matches!(error, RecordError::Exists { .. }), "{error}");
}

#[test]
fn columns_are_there_for_queries() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    let sink = recorder.sink();
    let client = Box::new(exchange(1).client);
    sink.offer(Event::Opened { connection: ConnectionId(1), at: Timestamp(5), client }).unwrap();
    put(&sink, exchange(1));
    recorder.finish().unwrap();
    let database = Connection::open(&path).unwrap();
    let text = "SELECT operation || ' ' || status || ' ' || e.duration_us || ' ' || outcome || ' ' || c.pid || ' ' || \
                resource_kind || ' ' || client_uid FROM exchanges e JOIN connections c ON c.id = e.connection";
    let row: String = database.query_row(text, [], |row| row.get(0)).unwrap();
    assert_eq!(row, "ContainerCreate 201 2500 complete 7 container 0");
}

#[test]
fn heads_and_bodies_of_a_relay_are_recorded_and_credentials_are_not() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    let stand = Stand::new(server::handle);
    let body = r#"{"Env":["DB_PASSWORD=hunter2"]}"#;
    let head = format!(
        "POST /v1.41/images/load HTTP/1.1\r\nAuthorization: no\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    for request in [format!("{head}{body}"), "GET /chunked/100000 HTTP/1.1\r\nHost: d\r\n\r\n".to_owned()] {
        talk(stand.tap(), request.as_bytes());
        let event = stand.find(|event| matches!(event, Event::Finished(_)).then_some(event));
        recorder.sink().offer(event).unwrap();
    }
    recorder.finish().unwrap();
    let recording = Recording::open(&path).unwrap();
    let asked = recording.head(ExchangeId(1), Side::Client).unwrap().unwrap();
    assert_eq!(asked, b"Authorization: ********\r\nContent-Length: 31\r\n");
    let asked = recording.body(ExchangeId(1), Side::Client).unwrap().unwrap();
    assert_eq!(asked.bytes, br#"{"Env":["DB_PASSWORD=********"]}"#);
    assert_eq!((asked.state, asked.masked, asked.length, asked.sha256), (BodyState::Whole, true, 31, None));
    let answer = recording.body(ExchangeId(2), Side::Engine).unwrap().unwrap();
    assert_eq!((answer.state, answer.length), (BodyState::Truncated, 100_000));
    assert_eq!(answer.bytes, server::pattern(64 * 1024));
    assert_eq!(recording.body(ExchangeId(3), Side::Engine).unwrap(), None);
    assert!(!fs::read(&path).unwrap().windows(7).any(|bytes| bytes == b"hunter2"));
}

#[test]
fn bodies_give_way_and_are_counted_but_no_line_is_lost() {
    let (_directory, path) = directory();
    let told = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&told);
    let notify = Arc::new(move |notice: Notice| ear.lock().unwrap().push(notice.to_string()));
    let recorder =
        Recorder::create(&path, RecordSettings { waiting_bodies: 100, notify, ..settings() }).unwrap();
    let stand = Stand::new(server::handle);
    for _ in 0..2 {
        talk(stand.tap(), b"GET /chunked/1000 HTTP/1.1\r\nHost: d\r\n\r\n");
        let event = stand.find(|event| matches!(event, Event::Finished(_)).then_some(event));
        recorder.sink().offer(event).unwrap();
    }
    let status = recorder.finish().unwrap();
    assert_eq!((status.written, status.bodies_dropped, status.lost), (2, 2, 0));
    assert_eq!(*told.lock().unwrap(), ["bodies are left out of the recording: too much waits"]);
    let recording = Recording::open(&path).unwrap();
    let body = recording.body(ExchangeId(2), Side::Engine).unwrap().unwrap();
    assert_eq!((body.state, body.length, body.bytes.len()), (BodyState::Dropped, 1000, 0));
    assert_eq!(recording.run().unwrap().bodies_dropped, 2);
}

#[tokio::test]
async fn a_line_waits_for_room_and_gets_it() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, RecordSettings { waiting_lines: 5000, ..settings() }).unwrap();
    let sink = recorder.sink();
    for id in 1..=100 {
        if let Err(event) = sink.offer(finished(exchange(id))) {
            sink.insist(event).await;
        }
    }
    let status = recorder.finish().unwrap();
    assert_eq!((status.written, status.lost), (100, 0));
    assert_eq!(read(&Recording::open(&path).unwrap()).len(), 100);
}

#[test]
fn a_reader_sees_what_is_written_while_it_is_written() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    let recording = Recording::open(&path).unwrap();
    assert_eq!((read(&recording).len(), recording.run().unwrap().ended), (0, None));
    let mut seen = 0;
    for id in 1..=2000 {
        put(&recorder.sink(), exchange(id));
        if id % 500 == 0 {
            wait_until(|| recorder.status().written == id);
            let exchanges = read(&recording);
            assert!(exchanges.len() > seen);
            seen = exchanges.len();
            assert!(exchanges.iter().zip(1..).all(|(exchange, id)| exchange.id == ExchangeId(id)));
        }
    }
    // A reader in the middle of a listing does not keep the recorder from finishing.
    let mut first = |_| ControlFlow::Break(());
    recording.exchanges(&mut first).unwrap();
    recorder.finish().unwrap();
    assert_eq!(read(&recording).len(), 2000);
}

#[test]
fn twenty_thousand_exchanges_take_seconds_at_most() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, RecordSettings { waiting_lines: 1 << 30, ..settings() }).unwrap();
    let sink = recorder.sink();
    let begun = Instant::now();
    (1..=20_000).for_each(|id| put(&sink, exchange(id)));
    let offered = begun.elapsed();
    assert_eq!(recorder.finish().unwrap().written, 20_000);
    let written = begun.elapsed();
    let opened = Instant::now();
    let recording = Recording::open(&path).unwrap();
    let opening = opened.elapsed();
    assert_eq!(read(&recording).len(), 20_000);
    let megabytes = fs::metadata(&path).unwrap().len() >> 20;
    println!(
        "offered {offered:?}, written {written:?}, opened {opening:?}, read {:?}, {megabytes} MB",
        opened.elapsed()
    );
    assert!(written < Duration::from_secs(15), "{written:?}");
}

#[test]
fn a_body_that_is_kept_in_part_has_its_hash_unless_it_is_too_long() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    let sink = recorder.sink();
    let limits = Settings {
        request_limit: Some(1000),
        answer_limit: Some(1000),
        hash_limit: 500_000,
        ..Settings::default()
    };
    let stand = Stand::with(server::handle, limits);
    for length in [400_000, 600_000] {
        talk(stand.tap(), format!("GET /chunked/{length} HTTP/1.1\r\nHost: d\r\n\r\n").as_bytes());
        let finished = stand.find(|event| matches!(event, Event::Finished(_)).then_some(event));
        assert!(sink.offer(finished).is_ok());
    }
    recorder.finish().unwrap();
    let recording = Recording::open(&path).unwrap();
    let body = |id| recording.body(ExchangeId(id), Side::Engine).unwrap().unwrap();
    let whole: [u8; 32] = Sha256::digest(server::pattern(400_000)).into();
    assert_eq!((body(1).state, body(1).length, body(1).sha256), (BodyState::Truncated, 400_000, Some(whole)));
    assert_eq!((body(2).state, body(2).length, body(2).sha256), (BodyState::Truncated, 600_000, None));
}
