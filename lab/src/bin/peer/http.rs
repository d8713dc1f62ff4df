//! The least of HTTP/1.1 that a web service and its client need.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// An answer that was read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Whether another request may be sent.
    pub(crate) stays_open: bool,
}

/// Serves until the end of the process, a thread per connection.
pub(crate) fn serve(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(with_port(address))?;
    println!("listening on {}", listener.local_addr()?);
    for stream in listener.incoming() {
        // A client that goes away is no concern of the next one.
        stream.map(|stream| std::thread::spawn(move || answer_all(&stream))).ok();
    }
    Ok(())
}

/// Prints the body; 0 for status 200, 1 for another status or a server that hangs up, 2 for a time-out.
pub(crate) fn get(url: &str) -> io::Result<ExitCode> {
    match fetch(url) {
        Ok((200, body)) => {
            io::stdout().write_all(&body)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok((status, _)) => Ok(fail(&format!("status {status}"), 1)),
        Err(error) if is_timeout(&error) => Ok(fail("timeout", 2)),
        Err(error) => Ok(fail(&error.to_string(), 1)),
    }
}

fn with_port(address: &str) -> String {
    if address.contains(':') { address.to_owned() } else { format!("0.0.0.0:{address}") }
}

fn answer_all(stream: &TcpStream) -> io::Result<()> {
    let client = stream.peer_addr()?.ip().to_canonical();
    let mut reader = BufReader::new(stream);
    loop {
        let Some(request) = read_head(&mut reader)? else { return Ok(()) };
        let path = request.split(' ').nth(1).unwrap_or("/");
        let body = match path.strip_prefix("/bytes/").and_then(|count| count.parse().ok()) {
            Some(count) => vec![b'x'; count],
            None if path == "/client" => format!("{client}\n").into_bytes(),
            None => format!("{}\n", hostname()).into_bytes(),
        };
        let head = format!(
            "HTTP/1.1 200 OK\r\nServer: peer\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        // In one piece: a peer that is ended has given all of an answer, or nothing.
        let mut writer = stream;
        writer.write_all(&[head.into_bytes(), body].concat())?;
        if request.contains("HTTP/1.0") {
            return Ok(());
        }
    }
}

/// The first line, after the rest of the head (and a body of known length) was read over.
fn read_head(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let length = read_fields(reader)?.unwrap_or(0);
    io::copy(&mut reader.take(length), &mut io::sink())?;
    Ok(Some(first))
}

/// Reads to the empty line; gives the content length if one was said.
fn read_fields(reader: &mut impl BufRead) -> io::Result<Option<u64>> {
    read_fields_and_end(reader).map(|(length, _)| length)
}

/// The same, and whether the connection is closed after it.
fn read_fields_and_end(reader: &mut impl BufRead) -> io::Result<(Option<u64>, bool)> {
    let (mut length, mut is_last) = (None, false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok((length, is_last));
        }
        match line.to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().ok(),
            Some(("connection", value)) => is_last = value.trim() == "close",
            _ => {}
        }
    }
}

/// An answer with a body of known length, or one that the end of the connection ends.
pub(crate) fn read_answer(reader: &mut impl BufRead, keeps: bool) -> io::Result<Answer> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no HTTP answer: {first:?}")))?;
    let (length, is_last) = read_fields_and_end(reader)?;
    let mut body = Vec::new();
    let read = reader.take(length.unwrap_or(u64::MAX)).read_to_end(&mut body)?;
    if length.is_some_and(|length| length != read as u64) {
        return Err(io::Error::other(format!("cut off after {read} bytes")));
    }
    Ok(Answer { status, body, stays_open: keeps && !is_last && length.is_some() })
}

fn fetch(url: &str) -> io::Result<(u16, Vec<u8>)> {
    let rest = url.strip_prefix("http://").ok_or_else(|| io::Error::other("only http:// URLs"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port { host.to_owned() } else { format!("{host}:80") };
    let mut stream = connect(&address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").as_bytes())?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no HTTP answer: {first:?}")))?;
    let length = read_fields(&mut reader)?.unwrap_or(u64::MAX);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok((status, body))
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::other("the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

fn fail(why: &str, code: u8) -> ExitCode {
    eprintln!("peer: {why}");
    ExitCode::from(code)
}

fn hostname() -> String {
    nix::unistd::gethostname()
        .map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}
