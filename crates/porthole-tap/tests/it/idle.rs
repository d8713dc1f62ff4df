//! Many connections that say nothing for a while.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use porthole_tap::{Event, Settings};

use crate::stand::{PATIENCE, Stand};

const MANY: usize = 3_000;
const REQUEST: &[u8] = b"GET /_ping HTTP/1.1\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";

#[test]
fn three_thousand_idle_connections_stay_and_cost_little() {
    let directory = tempfile::tempdir().unwrap();
    let engine = directory.path().join("engine.sock");
    let listener = UnixListener::bind(&engine).unwrap();
    let stand = Stand::before(directory, &engine, Settings::default());
    let answering = std::thread::spawn(move || answer_each(&listener));
    let before = resident_memory();
    let mut clients: Vec<UnixStream> = (0..MANY).map(|_| UnixStream::connect(stand.tap()).unwrap()).collect();
    for _ in 0..MANY {
        stand.find(|event| matches!(event, Event::Opened { .. }).then_some(()));
    }
    std::thread::sleep(Duration::from_secs(1));
    let grown = resident_memory().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB for {MANY} idle connections");
    for client in &mut clients {
        client.write_all(REQUEST).unwrap();
    }
    for client in &mut clients {
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = vec![0; ANSWER.len()];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, ANSWER);
    }
    assert_eq!(stand.exchanges(MANY).len(), MANY);
    answering.join().unwrap();
}

/// Takes all connections first, then answers one request on each.
fn answer_each(listener: &UnixListener) {
    let mut streams: Vec<UnixStream> = (0..MANY).map(|_| listener.accept().unwrap().0).collect();
    for stream in &mut streams {
        let mut request = vec![0; REQUEST.len()];
        stream.read_exact(&mut request).unwrap();
        stream.write_all(ANSWER).unwrap();
    }
}

/// `VmRSS` of this process, in KiB: the relay's, the server's and the clients' together.
fn resident_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
