//! `porthole tap --raw` before real TCP servers and unix sockets of the tests' own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::support::{PORTHOLE, parse};

/// A server on a free port that handles each connection by `handle`; gives its URL.
fn server(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            handle(stream.unwrap());
        }
    });
    url
}

/// Sends back what it gets until the client closes its half, and then what it got in all.
fn echo(mut stream: TcpStream) {
    let (mut piece, mut total) = (vec![0; 64 * 1024], 0);
    while let Ok(read) = stream.read(&mut piece) {
        if read == 0 || stream.write_all(&piece[..read]).is_err() {
            break;
        }
        total += read;
    }
    let _gone = stream.write_all(format!(" {total} in all").as_bytes());
}

/// A raw relay at work.
struct Raw {
    child: Child,
    address: String,
    stderr: BufReader<ChildStderr>,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Raw {
    fn start(to: &str, options: &[&str]) -> Self {
        let mut child = Command::new(PORTHOLE)
            .args(["tap", "--raw", "--to", to])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let stdout = child.stdout.take().map(BufReader::new);
        let mut line = String::new();
        while !line.trim_start().starts_with("tcp://") && !line.trim_start().starts_with("unix://") {
            line.clear();
            assert!(stderr.read_line(&mut line).unwrap() > 0, "it says where it listens");
        }
        let address = line.trim().to_owned();
        Self { child, address, stderr, stdout }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address.trim_start_matches("tcp://")).unwrap()
    }

    /// The objects up to the end of a connection.
    fn connection(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while events.last().is_none_or(|event: &Value| event["event"] != "closed") {
            events.push(parse(&self.line()));
        }
        events
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line
    }

    /// Stops it as Ctrl-C does; gives what it said then.
    fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

fn ask(mut stream: TcpStream, question: &[u8]) -> Vec<u8> {
    stream.write_all(question).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

/// What one side sent, put together from the objects.
fn sent(events: &[Value], side: &str) -> String {
    events.iter().filter(|event| event["side"] == side).filter_map(|event| event["text"].as_str()).collect()
}

#[test]
fn what_passes_is_told_whole_and_a_half_close_is_passed_on() {
    let mut raw = Raw::start(&server(echo), &["-v", "-o", "json"]);
    assert_eq!(ask(raw.connect(), b"GET / HTTP/1.1\r\n\r\n"), b"GET / HTTP/1.1\r\n\r\n 18 in all");
    let events = raw.connection();
    assert_eq!(events[0]["event"], "opened");
    assert!(events[0]["client"]["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{events:#?}");
    assert_eq!(sent(&events, "client"), "GET / HTTP/1.1\r\n\r\n");
    assert_eq!(sent(&events, "server"), "GET / HTTP/1.1\r\n\r\n 18 in all");
    let closed = events.last().unwrap();
    assert_eq!((&closed["from_client"], &closed["from_server"]), (&Value::from(18), &Value::from(28)));
    assert_eq!((closed["reason"].as_str(), &closed["cause"]), (Some("client_closed"), &Value::Null));
    let said = raw.stop();
    assert!(said.contains("1 connection, 0 failed, 18B sent, 28B received"), "{said}");
}

#[test]
fn text_and_hex_for_people() {
    for (option, question, answer) in [
        ("-v", "  PING\\r", "  +PONG\\u{1b}[2J"),
        (
            "-x",
            "  00000000: 5049 4e47 0d0a                           PING..",
            "  00000000: 2b50 4f4e 471b 5b32 4a                   +PONG.[2J",
        ),
    ] {
        let to = server(|mut stream| {
            let mut question = [0; 6];
            stream.read_exact(&mut question).unwrap();
            stream.write_all(b"+PONG\x1b[2J").unwrap();
        });
        let mut raw = Raw::start(&to, &[option]);
        assert_eq!(ask(raw.connect(), b"PING\r\n"), b"+PONG\x1b[2J");
        let lines: Vec<_> = (0..6).map(|_| raw.line().trim_end().to_owned()).collect();
        assert!(
            lines[0].starts_with("   #1  ")
                && lines[0].contains("  127.0.0.1:")
                && lines[0].ends_with(" connected"),
            "{lines:#?}"
        );
        assert!(lines[1].ends_with("  →") && lines[3].ends_with("  ←"), "{lines:#?}");
        assert_eq!((lines[2].as_str(), lines[4].as_str()), (question, answer));
        assert!(
            lines[5].contains("closed by the") && lines[5].ends_with("6B sent, 9B received"),
            "{lines:#?}"
        );
    }
}

#[test]
fn a_hundred_megabytes_pass_whole_while_they_are_shown() {
    const LENGTH: usize = 100_000_000;
    let mut raw = Raw::start(&server(echo), &["-x"]);
    let mut reading = raw.stdout.take().unwrap();
    let shown = std::thread::spawn(move || {
        let mut last = String::new();
        while !last.contains("closed by") {
            last.clear();
            assert!(reading.read_line(&mut last).unwrap() > 0);
        }
        last
    });
    let mut stream = raw.connect();
    let mut sending = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let piece: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        for _ in 0..LENGTH / piece.len() {
            sending.write_all(&piece).unwrap();
        }
        sending.shutdown(Shutdown::Write).unwrap();
    });
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    sender.join().unwrap();
    let (echoed, end) = received.split_at(LENGTH);
    assert_eq!(end, b" 100000000 in all");
    let due: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let is_whole = echoed.chunks(due.len()).all(|chunk| chunk == due);
    assert!(is_whole, "nothing is changed");
    let closed = shown.join().unwrap();
    assert!(closed.contains("100MB sent, 100MB received"), "{closed}");
}

#[test]
fn clients_and_servers_that_are_gone_are_told_of() {
    let mut unreachable = Raw::start("tcp://127.0.0.1:1", &["-o", "json"]);
    assert_eq!(ask(unreachable.connect(), b""), b"");
    let closed = unreachable.connection().pop().unwrap();
    assert_eq!(closed["reason"], "server_unreachable");
    assert!(closed["cause"].as_str().unwrap().contains("refused"), "{closed}");
    assert!(unreachable.stop().contains("1 connection, 1 failed"));

    let flood = server(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    let mut left = Raw::start(&flood, &["-o", "json"]);
    let mut client = left.connect();
    client.read_exact(&mut [0; 1000]).unwrap();
    drop(client);
    let closed = left.connection().pop().unwrap();
    assert_eq!(closed["reason"], "client_lost", "{closed}");
    assert!(closed["from_server"].as_u64().unwrap() >= 1000);
}

#[test]
fn a_unix_socket_before_a_unix_socket_says_who_connects() {
    let directory = tempfile::tempdir().unwrap();
    let (service, relay) = (directory.path().join("service.sock"), directory.path().join("relay.sock"));
    let listener = UnixListener::bind(&service).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            stream.unwrap().write_all(b"hello").unwrap();
        }
    });
    let listen = format!("unix://{}", relay.display());
    let mut raw = Raw::start(&format!("unix://{}", service.display()), &["--listen", &listen, "-o", "json"]);
    let mut heard = String::new();
    UnixStream::connect(&relay).unwrap().read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "hello");
    let events = raw.connection();
    assert_eq!(events[0]["client"]["pid"], std::process::id());
    assert_eq!(events.len(), 2, "no data without --verbose: {events:#?}");
    raw.stop();
    assert!(!relay.exists());
}

#[test]
fn a_command_finds_the_relay_in_its_environment() {
    let to = server(echo);
    let script = "exec 3<>/dev/tcp/$PORTHOLE_TAP_HOST/$PORTHOLE_TAP_PORT; echo hi >&3; read -r line <&3; \
                  echo \"$line ${DOCKER_HOST:-none} $PORTHOLE_TAP\"; exit 3";
    let output = Command::new(PORTHOLE)
        .args(["tap", "--raw", "-v", "--to", &to, "--", "bash", "-c", script])
        .env_remove("DOCKER_HOST")
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stdout.starts_with("hi none tcp://127.0.0.1:"), "{stdout}");
    assert!(stderr.contains("  hi\n") && stderr.contains("1 connection, 0 failed"), "{stderr}");
}

#[test]
fn what_does_not_go_together_is_refused_with_a_way_out() {
    for (arguments, hint) in [
        (&["--to", "tcp://127.0.0.1:5432"][..], "porthole -H tcp://127.0.0.1:5432 tap"),
        (&["--raw"], "--to tcp://host:port"),
        (&["--raw", "--to", "tcp://a:1", "--record", "x.db"], "--output json"),
        (&["--raw", "--to", "tcp://a:1", "--filter", "failed"], "leave --filter out"),
        (&["--raw", "--to", "a:1"], "tcp://host:port"),
        (&["--raw", "--to", "tcp://a:1", "--listen", "tcp://0.0.0.0:7"], "--insecure"),
    ] {
        let output = Command::new(PORTHOLE).arg("tap").args(arguments).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(hint), "{arguments:?}: {stderr}");
    }
}
