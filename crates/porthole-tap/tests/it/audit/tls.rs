//! Audits of clients over TLS, who are known by the names in their certificates.

use std::io::{Read, Write};
use std::net::TcpStream;

use porthole_tap::ListenAddress;
use porthole_tap::audit::{Audit, AuditTarget};
use rustls::{ALL_VERSIONS, ClientConnection, StreamOwned};
use serde_json::Value;

use super::{START, lines, open, words};
use crate::certificates::Authority;
use crate::server;
use crate::stand::{PATIENCE, Stand, serve};

/// A relay that lets in clients of the authority, with an audit.
fn stand(authority: &Authority, audit: Audit) -> Stand {
    let engine = authority.path("engine.sock");
    serve(&engine, server::handle);
    let address = ListenAddress::Tls { address: "127.0.0.1:0".parse().unwrap(), files: authority.files() };
    Stand::auditing(address, &engine, audit)
}

/// What the one who shows a certificate with that name is answered.
fn talk(stand: &Stand, authority: &Authority, name: &str) -> String {
    let configuration = authority.configuration(Some(authority.client(name, |_| {})), ALL_VERSIONS);
    let connection = ClientConnection::new(configuration, "localhost".try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(stand.port()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    stream.write_all(START).unwrap();
    stream.conn.send_close_notify();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn certificates(lines: &[Value]) -> Vec<&Value> {
    let of_calls = lines.iter().filter(|line| !line["client"].is_null());
    of_calls.map(|line| &line["client"]["certificate"]).collect()
}

#[test]
fn the_name_in_the_certificate_stands_in_the_lines_of_its_calls() {
    for (is_required, expected) in [
        (false, &["opened", "answered", "answered", "closed"][..]),
        (true, &["opened", "asked", "answered", "asked", "answered", "closed"]),
    ] {
        let authority = Authority::new();
        let path = authority.path("audit.log");
        let (audit, _told) = open(AuditTarget::File(path.clone()), is_required);
        let mut stand = stand(&authority, audit.clone());
        for name in ["ada", "bob"] {
            assert!(talk(&stand, &authority, name).starts_with("HTTP/1.1 200"));
        }
        stand.begin_stop();
        stand.wait();
        audit.finish().unwrap();
        let lines = lines(&path);
        assert_eq!(words(&lines), expected);
        let each = if is_required { 2 } else { 1 };
        let names = [vec!["ada"; each], vec!["bob"; each]].concat();
        assert_eq!(certificates(&lines), names);
        assert!(lines[1]["client"]["address"].as_str().unwrap().starts_with("127.0.0.1:"));
    }
}

#[test]
fn a_refusal_is_heard_over_tls() {
    let authority = Authority::new();
    let log = authority.path("log");
    let receiver = std::os::unix::net::UnixDatagram::bind(&log).unwrap();
    let (audit, _told) = open(AuditTarget::Syslog(log), true);
    drop(receiver);
    let answer = talk(&stand(&authority, audit), &authority, "ada");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("cannot be written"), "{answer}");
}
