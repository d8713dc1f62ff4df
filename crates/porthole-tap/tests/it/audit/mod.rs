//! Audits between real sockets, in real files, at receivers of the tests' own.

mod collector;
mod faults;
mod files;
mod gate;
mod otlp;
mod syslog;
mod tls;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use porthole_model::{AuditFile, ContainerNames};
use porthole_tap::audit::{Audit, AuditNotice, AuditSettings, AuditTarget, verify};
use serde_json::Value;

use crate::stand::{self, PATIENCE};

pub(super) const START: &[u8] = b"POST /v1.41/containers/web/start HTTP/1.1\r\nHost: d\r\n\r\n";
pub(super) const LIST: &[u8] = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: d\r\n\r\n";

/// What an audit told, for tests to read.
pub(super) type Told = Arc<Mutex<Vec<AuditNotice>>>;

pub(super) fn settings(required: bool) -> (AuditSettings, Told) {
    let told = Told::default();
    let ear = Arc::clone(&told);
    let settings = AuditSettings {
        porthole_version: "0.0.1".to_owned(),
        endpoint: "unix:///engine.sock".to_owned(),
        required,
        names: ContainerNames::default(),
        notify: Arc::new(move |notice| ear.lock().unwrap().push(notice)),
    };
    (settings, told)
}

pub(super) fn open(target: AuditTarget, required: bool) -> (Audit, Told) {
    let (settings, told) = settings(required);
    (Audit::open(&[target], settings).unwrap(), told)
}

pub(super) fn open_file(path: &Path, required: bool) -> Audit {
    open(AuditTarget::File(path.to_owned()), required).0
}

/// The answer to all these bytes, as text.
pub(super) fn talk(path: &Path, bytes: &[u8]) -> String {
    String::from_utf8(stand::talk(path, bytes)).unwrap()
}

/// The lines of a file as JSON.
pub(super) fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What each line is about.
pub(super) fn words(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

pub(super) fn verdict(path: &Path) -> AuditFile {
    verdicts(&[path]).remove(0)
}

pub(super) fn verdicts(paths: &[&Path]) -> Vec<AuditFile> {
    verify(&paths.iter().map(PathBuf::from).collect::<Vec<_>>()).unwrap()
}

pub(super) fn wait_until(mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "waited in vain");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
