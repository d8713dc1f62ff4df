//! The gate of a required audit: what passes it, and what is answered in its place.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex};

use porthole_tap::audit::AuditTarget;

use super::{LIST, START, lines, open, open_file, talk, verdict, wait_until, words};
use crate::server;
use crate::stand::{PATIENCE, Stand};

/// A relay with a required audit whose place has gone: nothing can be written.
fn without_a_place() -> (Stand, tempfile::TempDir, Heard) {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let receiver = std::os::unix::net::UnixDatagram::bind(&log).unwrap();
    let (audit, _told) = open(AuditTarget::Syslog(log), true);
    drop(receiver);
    let heard = Heard::default();
    let stand = Stand::audited(heard.engine(), audit);
    (stand, directory, heard)
}

/// What an engine was sent.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// An engine that answers each empty line with an empty answer, and remembers all that it is sent.
    fn engine(&self) -> impl Fn(UnixStream) + Send + Sync + use<> {
        let heard = self.clone();
        move |mut stream| {
            let mut piece = [0; 4096];
            let mut all = Vec::new();
            while let Ok(length @ 1..) = stream.read(&mut piece) {
                all.extend_from_slice(&piece[..length]);
                heard.0.lock().unwrap().extend_from_slice(&piece[..length]);
                while let Some(end) = all.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                    all.drain(..end + 4);
                    let _client_left = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                }
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn status_lines(answer: &str) -> Vec<&str> {
    answer.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect()
}

#[test]
fn a_call_that_passes_was_asked_for_before_and_has_its_result_after() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let audit = open_file(&path, true);
    let seen = path.clone();
    let asked_before = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&asked_before);
    let engine = move |mut stream: UnixStream| {
        let mut request = [0; 4096];
        while let Ok(1..) = stream.read(&mut request) {
            asked.lock().unwrap().push(words(&lines(&seen)).contains(&"asked"));
            let _client_left = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
    };
    let mut stand = Stand::audited(engine, audit.clone());
    talk(stand.tap(), LIST);
    assert!(talk(stand.tap(), START).starts_with("HTTP/1.1 204"));
    stand.begin_stop();
    stand.wait();
    audit.finish().unwrap();
    assert_eq!(*asked_before.lock().unwrap(), [false, true]);
    let lines = lines(&path);
    assert_eq!(words(&lines), ["opened", "asked", "answered", "closed"]);
    assert_eq!((&lines[2]["asked"], &lines[2]["status"]), (&lines[1]["sequence"], &204.into()));
    assert!(verdict(&path).is_intact());
}

#[test]
fn a_changing_call_is_refused_in_the_engines_own_shape_and_never_reaches_it() {
    let (stand, _directory, heard) = without_a_place();
    let answer = talk(stand.tap(), START);
    let (first, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(first.starts_with("HTTP/1.1 503 ") && first.contains("Connection: close"), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(body["message"].as_str().unwrap().contains("cannot be written"), "{body}");
    assert_eq!(heard.text(), "");
}

#[test]
fn calls_that_change_nothing_pass_a_gate_that_lets_no_other_through() {
    let (stand, _directory, heard) = without_a_place();
    for _ in 0..3 {
        assert_eq!(status_lines(&talk(stand.tap(), LIST)), ["HTTP/1.1 200 OK"]);
    }
    assert_eq!(heard.text().as_bytes(), LIST.repeat(3));
}

#[test]
fn a_changing_call_behind_a_harmless_one_is_refused_and_the_harmless_one_answered() {
    let (stand, _directory, heard) = without_a_place();
    let answer = talk(stand.tap(), &[LIST, START, LIST].concat());
    assert_eq!(status_lines(&answer), ["HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable"]);
    assert_eq!(heard.text().as_bytes(), LIST);
}

#[test]
fn a_head_in_single_bytes_is_refused_as_well() {
    for head in [START, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let (stand, _directory, heard) = without_a_place();
        let mut stream = UnixStream::connect(stand.tap()).unwrap();
        for byte in head {
            stream.write_all(&[*byte]).unwrap();
        }
        let mut answer = String::new();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert_eq!(heard.text(), "");
    }
}

#[test]
fn what_may_be_a_request_behind_an_upgrade_waits_for_the_answer() {
    let directory = tempfile::tempdir().unwrap();
    let audit = open_file(&directory.path().join("audit.log"), true);
    let heard = Heard::default();
    let mut stand = Stand::audited(heard.engine(), audit.clone());
    let attach = b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    let answer = talk(stand.tap(), &[attach, &b"DELETE /volumes/x HTTP/1.1\r\n\r\n"[..]].concat());
    assert_eq!(status_lines(&answer).len(), 2);
    stand.begin_stop();
    stand.wait();
    audit.finish().unwrap();
    let lines = lines(&directory.path().join("audit.log"));
    let asked: Vec<_> =
        lines.iter().filter(|line| line["event"] == "asked").map(|line| &line["method"]).collect();
    assert_eq!(asked, ["POST", "DELETE"], "the engine refused the upgrade, so the rest was a call");
}

#[test]
fn an_upgraded_stream_passes_in_both_directions() {
    let directory = tempfile::tempdir().unwrap();
    let audit = open_file(&directory.path().join("audit.log"), true);
    let stand = Stand::audited(server::handle, audit);
    let request = "POST /v1.41/containers/x/attach?stdin=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n\
                   Upgrade: tcp\r\n\r\n";
    let direct = talk(stand.direct(), format!("{request}hello").as_bytes());
    assert_eq!(talk(stand.tap(), format!("{request}hello").as_bytes()), direct);
    assert!(direct.ends_with("HELLObye"), "{direct}");
}

#[test]
fn bodies_of_any_size_pass_an_open_gate_unchanged() {
    let directory = tempfile::tempdir().unwrap();
    let audit = open_file(&directory.path().join("audit.log"), true);
    let stand = Stand::audited(server::handle, audit);
    let body = server::pattern(3_000_000);
    let head =
        format!("POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer = talk(stand.tap(), &[head.as_bytes(), &body].concat());
    assert!(answer.ends_with(&format!("{} {}", body.len(), server::checksum(&body))), "{answer}");
}

fn refused_as_unknown(request: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("audit.log");
    let (audit, told) = open(AuditTarget::File(path.clone()), true);
    let heard = Heard::default();
    let mut stand = Stand::audited(heard.engine(), audit.clone());
    let answer = talk(stand.tap(), request);
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert_eq!(heard.text(), "");
    stand.begin_stop();
    stand.wait();
    audit.finish().unwrap();
    assert_eq!(told.lock().unwrap().len(), 1);
    refusal(&path)
}

fn refusal(path: &Path) -> String {
    let lines = lines(path);
    assert_eq!(words(&lines), ["opened", "refused", "closed"]);
    lines[1]["reason"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_not_understood_is_refused_and_said() {
    assert!(refused_as_unknown(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").contains("HTTP/2"));
    assert!(refused_as_unknown(b"\x16\x03\x01\x00").contains("no HTTP/1 request"));
    let smuggled =
        b"POST /containers/x/wait HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert!(refused_as_unknown(smuggled).contains("how long its body is"));
}

#[test]
fn a_gate_opens_again_when_the_place_is_back() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let receiver = std::os::unix::net::UnixDatagram::bind(&log).unwrap();
    let (audit, told) = open(AuditTarget::Syslog(log.clone()), true);
    drop(receiver);
    std::fs::remove_file(&log).unwrap();
    let stand = Stand::audited(server::handle, audit);
    assert!(talk(stand.tap(), START).starts_with("HTTP/1.1 503"));
    let _receiver = std::os::unix::net::UnixDatagram::bind(&log).unwrap();
    wait_until(|| talk(stand.tap(), START).starts_with("HTTP/1.1 200"));
    assert!(told.lock().unwrap().len() >= 2);
}
