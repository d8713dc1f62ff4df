//! Probes of the transport: each talks to a socket and gives what it saw.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::server::{checksum, pattern};
use crate::stand::PATIENCE;

/// A property of the transport.
pub(crate) struct Probe {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Path) -> String,
    /// What a faithful transport lets the probe see.
    pub(crate) sees: &'static str,
}

const fn probe(name: &'static str, run: fn(&Path) -> String, sees: &'static str) -> Probe {
    Probe { name, run, sees }
}

/// One probe a property.
pub(crate) const PROBES: &[Probe] = &[
    probe("a request with a short answer", short, "OK"),
    probe("the client closes its half at once", half_closed, "OK"),
    probe("two requests one after the other", kept_alive, "OK|OK"),
    probe("three requests at once", pipelined, "OK|OK|OK"),
    probe("HTTP/1.0, an answer until the close", until_close, "100000 true"),
    probe("a head of 60 KB", long_head, "61"),
    probe("a target of 20 KB", long_target, "20"),
    probe("100-continue", continued, "100 Continue then 70000"),
    probe("an upload in chunks", chunked_upload, "1000000"),
    probe("a download in chunks", chunked_download, "0\r\n\r\n"),
    probe("a download of 30 MB for a slow reader", slow_reader, "31457280 true"),
    probe("a download of 5 MB in one chunk, and another request", large_chunk, "true|OK"),
    probe("5 MB until the close", long_until_close, "5000000 true"),
    probe("an upload of 5 MB, and another request", long_upload, "5000000 "),
    probe("5 MB of HTTP/2 in both directions", long_http2, "5000000 true"),
    probe("an engine that dies after 5 MB", late_death, "5000000 true then end"),
    probe("the head before the body", head_first, "early, then late"),
    probe("an upgrade, half-closed", upgrade, "ABC...bye"),
    probe("a hijack without an upgrade, half-closed", hijack, "ABC...bye"),
    probe("input right behind the request for an upgrade", early_input, "EARLY"),
    probe("20 MB through an upgrade", long_stream, "20971520 true"),
    probe("a websocket", websocket, "101"),
    probe("h2c by upgrade", h2c_upgrade, "101"),
    probe("native HTTP/2", native_http2, "SETTINGS SM"),
    probe("a request in single bytes", single_bytes, "OK"),
    probe("an upload that is refused before its end", refused_upload, "too large"),
    probe("an engine that dies in the middle", dying_engine, "half then end"),
    probe("bytes that are no HTTP", garbage, "end"),
    probe("a client that says nothing and leaves", silent, "end"),
];

struct Talk(UnixStream);

impl Talk {
    fn open(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    fn say(path: &Path, text: &str) -> Self {
        let mut talk = Self::open(path);
        talk.send(text.as_bytes());
        talk
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    fn end_input(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn exactly(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.exactly(1));
        }
        String::from_utf8(head).unwrap()
    }

    fn sized(&mut self) -> String {
        let head = self.head();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        String::from_utf8(self.exactly(length.parse().unwrap())).unwrap()
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: docker\r\n\r\n")
}

fn short(path: &Path) -> String {
    Talk::say(path, &get("/_ping")).sized()
}

fn half_closed(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/head-first/700"));
    talk.end_input();
    let answer = String::from_utf8(talk.rest()).unwrap();
    if answer.ends_with("2\r\n{}\r\n0\r\n\r\n") { "OK".to_owned() } else { answer }
}

fn kept_alive(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/_ping"));
    let first = talk.sized();
    talk.send(get("/_ping").as_bytes());
    format!("{first}|{}", talk.sized())
}

fn pipelined(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/_ping").repeat(3));
    [talk.sized(), talk.sized(), talk.sized()].join("|")
}

fn until_close(path: &Path) -> String {
    let mut talk = Talk::say(path, "GET /until-close/100000 HTTP/1.0\r\n\r\n");
    let head = talk.head();
    let body = talk.rest();
    format!("{head}{} {}", body.len(), body == pattern(100_000))
}

fn long_head(path: &Path) -> String {
    let header = format!("X-Registry-Config: {}\r\n", "y".repeat(61_000));
    Talk::say(path, &format!("GET /head-size/0 HTTP/1.1\r\n{header}\r\n")).sized()
}

fn long_target(path: &Path) -> String {
    Talk::say(path, &get(&format!("/head-size/0?filters={}", "z".repeat(20_000)))).sized()
}

fn continued(path: &Path) -> String {
    let head = "POST /v1.41/images/load HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 70000\r\n\r\n";
    let mut talk = Talk::say(path, head);
    let interim = talk.head();
    talk.send(&pattern(70_000));
    let told = interim.trim().strip_prefix("HTTP/1.1 ").unwrap().to_owned();
    format!("{told} then {}", talk.sized())
}

fn chunked_upload(path: &Path) -> String {
    let mut talk = Talk::say(path, "POST /v1.41/images/load HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for chunk in pattern(1_000_000).chunks(32_768) {
        talk.send(format!("{:x}\r\n", chunk.len()).as_bytes());
        talk.send(chunk);
        talk.send(b"\r\n");
    }
    talk.send(b"0\r\n\r\n");
    talk.sized()
}

fn chunked_download(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/chunked/1000000"));
    talk.end_input();
    let bytes = talk.rest();
    let end = String::from_utf8_lossy(&bytes[bytes.len() - 5..]).into_owned();
    format!("{} {} {end}", bytes.len(), checksum(&bytes))
}

fn slow_reader(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/bytes/31457280"));
    talk.head();
    std::thread::sleep(Duration::from_millis(300));
    let body = talk.exactly(31_457_280);
    format!("{} {}", body.len(), body == pattern(31_457_280))
}

fn large_chunk(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/one-chunk/5000000"));
    talk.head();
    let body = talk.exactly(5_000_000 + 15);
    let is_whole = body[8..5_000_008] == pattern(5_000_000) && body.ends_with(b"\r\n0\r\n\r\n");
    talk.send(get("/_ping").as_bytes());
    format!("{is_whole}|{}", talk.sized())
}

fn long_until_close(path: &Path) -> String {
    let mut talk = Talk::say(path, "GET /until-close/5000000 HTTP/1.0\r\n\r\n");
    let head = talk.head();
    let body = talk.rest();
    format!("{head}{} {}", body.len(), body == pattern(5_000_000))
}

fn long_upload(path: &Path) -> String {
    let mut talk = Talk::say(path, "POST /v1.41/images/load HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n");
    talk.send(&pattern(5_000_000));
    let counted = talk.sized();
    talk.send(get("/_ping").as_bytes());
    format!("{counted}|{}", talk.sized())
}

/// The relay does not understand it and passes it on.
fn long_http2(path: &Path) -> String {
    let mut talk = Talk::say(path, "PRI * HTTP/2.0\r\n\r\nECHO\r\n");
    let mut sender = talk.0.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        sender.write_all(&pattern(5_000_000)).unwrap();
        sender.shutdown(Shutdown::Write).unwrap();
    });
    let echo = talk.rest();
    sending.join().unwrap();
    format!("{} {}", echo.len(), echo == pattern(5_000_000))
}

fn late_death(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/die-late/5000000"));
    talk.head();
    let body = talk.rest();
    format!("{} {} then end", body.len(), body == pattern(5_000_000))
}

fn head_first(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/head-first/600"));
    let asked = Instant::now();
    talk.head();
    let early = asked.elapsed() < Duration::from_millis(500);
    talk.exactly(12);
    let late = asked.elapsed() > Duration::from_millis(500);
    format!("{}, then {}", if early { "early" } else { "late" }, if late { "late" } else { "early" })
}

const START: &str = "POST /v1.41/exec/x/start HTTP/1.1\r\nContent-Length: 2\r\n";

fn shout(mut talk: Talk) -> String {
    let head = talk.head();
    talk.send(b"abc");
    let echo = String::from_utf8(talk.exactly(3)).unwrap();
    talk.end_input();
    format!("{head}{echo}...{}", String::from_utf8(talk.rest()).unwrap())
}

fn upgrade(path: &Path) -> String {
    shout(Talk::say(path, &format!("{START}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n{{}}")))
}

fn hijack(path: &Path) -> String {
    shout(Talk::say(path, &format!("{START}\r\n{{}}")))
}

fn early_input(path: &Path) -> String {
    let mut talk = Talk::say(path, &format!("{START}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n{{}}early"));
    talk.head();
    talk.end_input();
    String::from_utf8(talk.rest()).unwrap()
}

fn long_stream(path: &Path) -> String {
    let mut talk = Talk::say(path, &format!("{START}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n{{}}"));
    talk.head();
    let mut sender = talk.0.try_clone().unwrap();
    let sent = pattern(20_971_520);
    let expected = [sent.to_ascii_uppercase(), b"bye".to_vec()].concat();
    let sending = std::thread::spawn(move || {
        sender.write_all(&sent).unwrap();
        sender.shutdown(Shutdown::Write).unwrap();
    });
    let received = talk.rest();
    sending.join().unwrap();
    format!("{} {}", received.len() - 3, received == expected)
}

fn websocket(path: &Path) -> String {
    let head =
        "GET /v1.41/containers/x/attach/ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    shout(Talk::say(path, head))
}

fn h2c_upgrade(path: &Path) -> String {
    let head = "POST /v1.41/exec/x/session HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
    shout(Talk::say(path, head))
}

fn native_http2(path: &Path) -> String {
    let mut talk = Talk::say(path, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let settings = talk.exactly(9);
    let rest = String::from_utf8(talk.rest()).unwrap();
    format!("{} {rest}", if settings[3] == 4 { "SETTINGS" } else { "something else" })
}

fn single_bytes(path: &Path) -> String {
    let mut talk = Talk::open(path);
    for byte in get("/_ping").bytes() {
        talk.send(&[byte]);
        std::thread::sleep(Duration::from_millis(2));
    }
    talk.sized()
}

/// The server answers and closes without having read; the rest of the upload goes nowhere.
fn refused_upload(path: &Path) -> String {
    let mut talk = Talk::say(path, "POST /refuse/0 HTTP/1.1\r\nContent-Length: 50000000\r\n\r\n");
    let mut sender = talk.0.try_clone().unwrap();
    let sending = std::thread::spawn(move || sender.write_all(&pattern(50_000_000)).is_err());
    let answer = talk.sized();
    format!("{answer}, {}", if sending.join().unwrap() { "broken off" } else { "sent" })
}

fn dying_engine(path: &Path) -> String {
    let mut talk = Talk::say(path, &get("/die/0"));
    talk.head();
    format!("{} then end", String::from_utf8(talk.rest()).unwrap())
}

fn garbage(path: &Path) -> String {
    let mut talk = Talk::say(path, "\u{16}\u{3}\u{1}\r\n\r\n");
    talk.end_input();
    format!("{}end", String::from_utf8(talk.rest()).unwrap())
}

fn silent(path: &Path) -> String {
    let mut talk = Talk::open(path);
    talk.end_input();
    format!("{}end", String::from_utf8(talk.rest()).unwrap())
}
