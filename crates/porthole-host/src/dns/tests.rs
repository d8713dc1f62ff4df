//! Questions to servers of every kind, real ones on this machine's loopback.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use porthole_model::{
    DnsOutcome, DnsQuestion, DnsTransport, DnsVantage, DnsVisit, Observed, Pid, Port, RecordKind,
    ResponseCode,
};

use super::{DnsDoors, ask_servers};
use crate::{LinuxHost, Roots};

const PATIENCE: Duration = Duration::from_millis(600);

fn outcomes(server: SocketAddr, over: DnsTransport, names: &[&str]) -> Vec<DnsOutcome> {
    let host = LinuxHost::new(Roots::default());
    let door = || Observed::from(host.door_of(Pid(std::process::id())));
    let doors = DnsDoors { container: door(), host: door() };
    let questions =
        names.iter().map(|name| DnsQuestion { name: (*name).to_owned(), kind: RecordKind::A }).collect();
    let visit = DnsVisit {
        from: DnsVantage::Container,
        server: server.ip().into(),
        port: Port(server.port()),
        over,
        edns: false,
        questions,
    };
    let begin = Instant::now();
    let probes = ask_servers(&doors, &[visit], PATIENCE);
    assert!(begin.elapsed() < PATIENCE * 2, "it has a deadline");
    probes.into_iter().map(|probe| probe.outcome).collect()
}

/// A server that makes datagrams of each datagram that comes, until the test ends.
fn server(replies: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            for reply in replies(&buffer[..length]) {
                socket.send_to(&reply, from).unwrap();
            }
        }
    });
    address
}

/// The question as an answer with that code and no record.
fn said(question: &[u8], code: u8) -> Vec<u8> {
    let mut reply = question.to_vec();
    (reply[2], reply[3]) = (0x81, 0x80 | code);
    reply
}

fn codes(outcomes: &[DnsOutcome]) -> Vec<Option<ResponseCode>> {
    outcomes.iter().map(|outcome| outcome.answer().map(|answer| answer.code)).collect()
}

#[test]
fn each_question_gets_its_own_answer() {
    let address = server(|question| vec![said(question, if question[13] == b'a' { 0 } else { 3 })]);
    let outcomes = outcomes(address, DnsTransport::Udp, &["a.test", "b.test", "a..b"]);
    assert_eq!(codes(&outcomes), [Some(ResponseCode::NoError), Some(ResponseCode::NoSuchName), None]);
    assert!(matches!(outcomes[2], DnsOutcome::NotAsked(_)), "{outcomes:?}");
}

#[test]
fn what_is_lost_once_is_sent_again() {
    let heard = std::sync::atomic::AtomicUsize::new(0);
    let address = server(move |question| {
        let is_first = heard.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        if is_first { Vec::new() } else { vec![said(question, 0)] }
    });
    assert_eq!(codes(&outcomes(address, DnsTransport::Udp, &["a.test"])), [Some(ResponseCode::NoError)]);
}

#[test]
fn what_is_no_answer_is_told_apart_from_silence() {
    let silent = server(|_| Vec::new());
    assert_eq!(outcomes(silent, DnsTransport::Udp, &["a.test"]), [DnsOutcome::Silent]);
    let garbage = server(|_| vec![b"HTTP/1.1 400 Bad Request\r\n".to_vec()]);
    assert!(matches!(&outcomes(garbage, DnsTransport::Udp, &["a.test"])[..], [DnsOutcome::Garbage(_)]));
    let echo = server(|question| vec![question.to_vec()]);
    assert!(
        matches!(&outcomes(echo, DnsTransport::Udp, &["a.test"])[..], [DnsOutcome::Garbage(words)] if words.contains("question"))
    );
    let other_number = server(|question| {
        let mut reply = said(question, 0);
        reply[0] = !reply[0];
        vec![reply]
    });
    assert!(
        matches!(&outcomes(other_number, DnsTransport::Udp, &["a.test"])[..], [DnsOutcome::Garbage(words)] if words.contains("not asked"))
    );
}

#[test]
fn the_true_answer_counts_however_much_else_comes_first() {
    let address = server(|question| vec![b"x".to_vec(), vec![0; 600], question.to_vec(), said(question, 5)]);
    assert_eq!(codes(&outcomes(address, DnsTransport::Udp, &["a.test"])), [Some(ResponseCode::Refused)]);
}

#[test]
fn an_answer_of_somebody_else_is_named() {
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = stranger.local_addr().unwrap();
    let asked = UdpSocket::bind("127.0.0.1:0").unwrap();
    let server = asked.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = asked.recv_from(&mut buffer) {
            stranger.send_to(&said(&buffer[..length], 0), from).unwrap();
        }
    });
    assert_eq!(outcomes(server, DnsTransport::Udp, &["a.test"]), [DnsOutcome::Stranger(address)]);
}

#[test]
fn nobody_listens() {
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(
        outcomes(closed, DnsTransport::Udp, &["a.test", "b.test"]),
        [DnsOutcome::Refused, DnsOutcome::Refused]
    );
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(outcomes(closed, DnsTransport::Tcp, &["a.test"]), [DnsOutcome::Refused]);
}

/// A server over TCP that does something with its only connection.
fn tcp_server(serve: impl FnOnce(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    address
}

fn heard(stream: &mut std::net::TcpStream) -> Vec<u8> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap();
    let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut question).unwrap();
    question
}

#[test]
fn tcp_in_pieces() {
    let address = tcp_server(|mut stream| {
        let reply = said(&heard(&mut stream), 0);
        let length = u16::try_from(reply.len()).unwrap().to_be_bytes();
        for byte in length.iter().chain(&reply) {
            stream.write_all(&[*byte]).unwrap();
            thread::sleep(Duration::from_millis(2));
        }
    });
    assert_eq!(codes(&outcomes(address, DnsTransport::Tcp, &["a.test"])), [Some(ResponseCode::NoError)]);
}

#[test]
fn tcp_that_ends_or_never_speaks() {
    let ends = tcp_server(|mut stream| drop(heard(&mut stream)));
    assert!(
        matches!(&outcomes(ends, DnsTransport::Tcp, &["a.test"])[..], [DnsOutcome::Garbage(words)] if words.contains("closed"))
    );
    let drips = tcp_server(|mut stream| {
        let _question = heard(&mut stream);
        while stream.write_all(&[1]).is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(outcomes(drips, DnsTransport::Tcp, &["a.test"]), [DnsOutcome::Silent]);
}

#[test]
fn files_of_a_process() {
    let host = LinuxHost::new(Roots::default());
    let own = Pid(std::process::id());
    assert!(host.settings_file_of(own, "/etc/passwd").value().unwrap().is_some());
    assert_eq!(host.settings_file_of(own, "/etc/no-such-file"), Observed::Known(None));
    assert_eq!(host.settings_file_of(own, "/etc/passwd/x"), Observed::Known(None));
    assert!(host.settings_file_of(own, "/dev/zero").gap().is_some());
    assert!(host.settings_file_of(Pid(u32::MAX - 1), "/etc/passwd").gap().is_some());
}
