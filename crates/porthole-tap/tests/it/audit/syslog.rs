//! Audits in a system's log of the tests' own.

use std::os::unix::net::UnixDatagram;

use porthole_tap::audit::AuditTarget;
use serde_json::Value;

use super::{START, open, talk};
use crate::server;
use crate::stand::{PATIENCE, Stand};

#[test]
fn each_line_is_a_message_in_the_shape_of_syslog() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("log");
    let receiver = UnixDatagram::bind(&log).unwrap();
    receiver.set_read_timeout(Some(PATIENCE)).unwrap();
    let (audit, _told) = open(AuditTarget::Syslog(log), false);
    let stand = Stand::audited(server::handle, audit.clone());
    talk(stand.tap(), START);
    let mut message = [0; 8192];
    let mut receive = || {
        let length = receiver.recv(&mut message).unwrap();
        String::from_utf8(message[..length].to_vec()).unwrap()
    };
    let opened = receive();
    let (head, _) = opened.split_once(": {").unwrap();
    assert!(
        head.starts_with("<85>") && head.ends_with(&format!("porthole[{}]", std::process::id())),
        "{head}"
    );
    let answered = receive();
    let line: Value = serde_json::from_str(answered.split_once(": ").unwrap().1).unwrap();
    assert_eq!((&line["event"], &line["sequence"]), (&"answered".into(), &2.into()));
    audit.finish().unwrap();
    assert!(receive().contains("\"closed\""));
}
