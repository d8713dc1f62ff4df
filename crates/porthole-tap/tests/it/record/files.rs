//! Files that are no recordings, or were one once.

use std::fs;
use std::ops::ControlFlow;

use porthole_model::ExchangeId;
use porthole_tap::record::{RecordError, Recorder, Recording};
use porthole_wire::http::Side;
use rusqlite::Connection;

use super::values::exchange;
use super::{directory, put, settings};

#[test]
fn files_that_are_no_recordings_are_named_for_what_they_are() {
    let (directory, path) = directory();
    let open = || Recording::open(&path).unwrap_err();
    assert!(matches!(open(), RecordError::Missing { .. }));
    for content in [&b""[..], b"SQLite form", b"PK\x03\x04 is not an SQLite file"] {
        fs::write(&path, content).unwrap();
        assert!(matches!(open(), RecordError::Foreign { .. }), "{}", open());
    }
    fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE other (x)").unwrap();
    assert!(open().to_string().ends_with("it is an SQLite file of something else"), "{}", open());
    assert!(matches!(Recording::open(directory.path()), Err(RecordError::Open { .. })));
}

#[test]
fn a_newer_schema_is_named() {
    let (_directory, path) = directory();
    Recorder::create(&path, settings()).unwrap().finish().unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let error = Recording::open(&path).unwrap_err();
    assert!(error.to_string().ends_with("has schema version 7; this porthole reads up to 1"), "{error}");
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let (_directory, path) = directory();
    let recorder = Recorder::create(&path, settings()).unwrap();
    (1..=200).for_each(|id| put(&recorder.sink(), exchange(id)));
    recorder.finish().unwrap();
    let whole = fs::read(&path).unwrap();
    let outcome = || {
        let recording = Recording::open(&path)?;
        recording.run()?;
        recording.body(ExchangeId(1), Side::Client)?;
        recording.exchanges(&mut |_| ControlFlow::Continue(()))
    };
    for length in (100..whole.len()).step_by(1777) {
        fs::write(&path, &whole[..length]).unwrap();
        let error = outcome().expect_err("it is cut off");
        assert!(matches!(error, RecordError::Damaged { .. }), "{length}: {error:?}");
    }
    let mut found = 0;
    for position in (0..whole.len()).step_by(997) {
        let mut altered = whole.clone();
        altered[position..].iter_mut().take(50).for_each(|byte| *byte ^= 0x55);
        fs::write(&path, &altered).unwrap();
        found += usize::from(outcome().is_err());
    }
    assert!(found > 0);
}
