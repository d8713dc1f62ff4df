//! Recordings: what goes in comes out, also after `kill -9`, on a full disk, and while they are written.

mod content;
mod faults;
mod files;
mod values;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::ops::ControlFlow;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use porthole_model::Exchange;
use porthole_tap::record::{RecordSettings, RecordSink, Recording};
use porthole_tap::{Event, Finished, Sink};

use crate::stand::PATIENCE;

fn settings() -> RecordSettings {
    RecordSettings::new("0.1.0", "unix:///run/docker.sock")
}

fn finished(exchange: Exchange) -> Event {
    Event::Finished(Box::new(Finished { exchange, request: None, answer: None }))
}

fn put(sink: &RecordSink, exchange: Exchange) {
    sink.offer(finished(exchange)).expect("there is room");
}

fn read(recording: &Recording) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let mut each = |exchange| {
        exchanges.push(exchange);
        ControlFlow::Continue(())
    };
    recording.exchanges(&mut each).unwrap();
    exchanges
}

fn directory() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a recording?#%41.porthole");
    (directory, path)
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "it did not come about");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Sends everything, closes its half, and reads to the end.
fn talk(path: &Path, bytes: &[u8]) {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}
