//! A small engine of the tests: real sockets, and each of the transports that the real one has.

use std::io::{self, BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

const HTTP2_SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// Answers until the client closes, or the connection is something else than HTTP.
pub(crate) fn handle(stream: UnixStream) {
    let _client_left = answer_all(stream);
}

fn answer_all(stream: UnixStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = Request::read(&mut reader)? {
        if !answer(&request, &mut reader, &mut writer)? {
            return writer.shutdown(Shutdown::Both);
        }
    }
    Ok(())
}

struct Request {
    line: String,
    headers: String,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut headers = String::new();
        while !headers.ends_with("\r\n\r\n") && headers != "\r\n" {
            if reader.read_line(&mut headers)? == 0 {
                return Ok(None);
            }
        }
        Ok(Some(Self { line, headers }))
    }

    fn path(&self) -> &str {
        self.line.split([' ', '?']).nth(1).unwrap_or("")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Answers one request; gives whether the connection goes on.
fn answer(request: &Request, reader: &mut impl BufRead, writer: &mut UnixStream) -> io::Result<bool> {
    let (path, number) = request.path().rsplit_once('/').unwrap_or(("", ""));
    let number = number.parse().unwrap_or(0);
    match path {
        _ if request.line.starts_with("PRI ") => return http2(reader, writer),
        "/bytes" => sized(writer, &pattern(number))?,
        "/chunked" => chunked(writer, &pattern(number))?,
        "/v1.41/images" => count_body(request, reader, writer)?,
        "/v1.41/containers/x" | "/v1.41/exec/x" | "/v1.41/containers/x/attach" => {
            return hijack(request, reader, writer);
        }
        "/until-close" => {
            writer.write_all(b"HTTP/1.0 200 OK\r\n\r\n")?;
            writer.write_all(&pattern(number))?;
            return Ok(false);
        }
        "/head-first" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            std::thread::sleep(Duration::from_millis(number as u64));
            writer.write_all(b"2\r\n{}\r\n0\r\n\r\n")?;
        }
        "/refuse" => {
            sized(writer, b"too large")?;
            return Ok(false);
        }
        "/die" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")?;
            return Ok(false);
        }
        "/die-late" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 90000000\r\n\r\n")?;
            writer.write_all(&pattern(number))?;
            return Ok(false);
        }
        "/one-chunk" => {
            writer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            writer.write_all(format!("{number:06x}\r\n").as_bytes())?;
            writer.write_all(&pattern(number))?;
            writer.write_all(b"\r\n0\r\n\r\n")?;
        }
        "/head-size" => sized(writer, (request.line.len() + request.headers.len()).to_string().as_bytes())?,
        _ => sized(writer, b"OK")?,
    }
    Ok(true)
}

fn sized(writer: &mut UnixStream, body: &[u8]) -> io::Result<()> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    writer.write_all(&[head.as_bytes(), body].concat())
}

fn chunked(writer: &mut UnixStream, body: &[u8]) -> io::Result<()> {
    writer.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    for chunk in body.chunks(30_000) {
        writer.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
        writer.write_all(chunk)?;
        writer.write_all(b"\r\n")?;
    }
    writer.write_all(b"0\r\n\r\n")
}

fn count_body(request: &Request, reader: &mut impl BufRead, writer: &mut UnixStream) -> io::Result<()> {
    if request.header("Expect").is_some() {
        writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = match request.header("Content-Length") {
        Some(length) => {
            let mut body = vec![0; length.parse().unwrap_or(0)];
            reader.read_exact(&mut body)?;
            body
        }
        None => read_chunks(reader)?,
    };
    sized(writer, format!("{} {}", body.len(), checksum(&body)).as_bytes())
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk)?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// Takes the connection over, sends back what comes in capitals, and says good-bye after the client's half-close.
fn hijack(request: &Request, reader: &mut impl BufRead, writer: &mut UnixStream) -> io::Result<bool> {
    let mut body = vec![0; request.header("Content-Length").map_or(0, |length| length.parse().unwrap_or(0))];
    reader.read_exact(&mut body)?;
    let head = match request.header("Upgrade") {
        Some(protocol) => {
            format!("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n")
        }
        None => "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n".to_owned(),
    };
    writer.write_all(head.as_bytes())?;
    let mut piece = [0; 16 * 1024];
    loop {
        let length = reader.read(&mut piece)?;
        if length == 0 {
            break;
        }
        piece[..length].make_ascii_uppercase();
        writer.write_all(&piece[..length])?;
    }
    std::thread::sleep(Duration::from_millis(700));
    writer.write_all(b"bye")?;
    Ok(false)
}

fn http2(reader: &mut impl BufRead, writer: &mut UnixStream) -> io::Result<bool> {
    let mut rest = [0; 6];
    reader.read_exact(&mut rest)?;
    if rest == *b"ECHO\r\n" {
        io::copy(reader, writer)?;
        return Ok(false);
    }
    writer.write_all(HTTP2_SETTINGS)?;
    writer.write_all(&rest)?;
    Ok(false)
}

/// Bytes that show a shift or a loss.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..=250).cycle().take(length).collect()
}

/// FNV-1a.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
