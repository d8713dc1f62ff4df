//! A server that costs next to nothing, so that what the relays cost shows.

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::http::{length, read_head};
use crate::error::BenchError;

/// As large as an engine's chunks.
const CHUNK: usize = 32 * 1024;

/// Serves in threads until this process ends.
pub(crate) fn serve(path: &Path) -> Result<(), BenchError> {
    let listener = UnixListener::bind(path).map_err(BenchError::at("listen on", path))?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_all(stream));
        }
    });
    Ok(())
}

fn answer_all(mut stream: UnixStream) -> io::Result<()> {
    let mut buffer = vec![0; 2 * CHUNK];
    while let Some((head, body)) = read_head(&mut stream, &mut buffer)? {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (kind, number) = path.rsplit_once('/').unwrap_or_default();
        let number = number.parse().unwrap_or(0);
        match kind {
            "/down" => return down(&mut stream, number),
            "/chunks" => return chunks(&mut stream, number),
            "/up" => {
                take(&mut stream, length(&head).saturating_sub(body), &mut buffer)?;
                return stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
            }
            _ if path.ends_with("/start") => return hijacked(&mut stream, path, &mut buffer),
            _ => say(&mut stream, of_path(path))?,
        }
    }
    Ok(())
}

/// What porthole asks for when it starts, and what the load generator asks for.
fn of_path(path: &str) -> &'static str {
    if path.ends_with("/version") {
        r#"{"Version":"28.0.0","ApiVersion":"1.48","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64","Components":[]}"#
    } else if path.contains("/containers/json") {
        "[]"
    } else {
        "OK"
    }
}

fn say(stream: &mut UnixStream, body: &str) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.48\r\nContent-Type: application/json\r\nOstype: linux";
    stream.write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
}

fn down(stream: &mut UnixStream, bytes: u64) -> io::Result<()> {
    stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n").as_bytes())?;
    give(stream, bytes)
}

fn chunks(stream: &mut UnixStream, bytes: u64) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let chunk = [format!("{CHUNK:x}\r\n").as_bytes(), &vec![b'x'; CHUNK], b"\r\n"].concat();
    for _ in 0..bytes.div_ceil(CHUNK as u64) {
        stream.write_all(&chunk)?;
    }
    stream.write_all(b"0\r\n\r\n")
}

/// `/exec/give-N/start` gives N bytes, another one takes what comes until the client's half-close.
fn hijacked(stream: &mut UnixStream, path: &str, buffer: &mut [u8]) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")?;
    let give_bytes = path.split("give-").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok());
    if let Some(bytes) = give_bytes {
        return give(stream, bytes);
    }
    let mut taken = 0;
    loop {
        match stream.read(buffer)? {
            0 => return stream.write_all(taken.to_string().as_bytes()),
            read => taken += read,
        }
    }
}

fn give(stream: &mut UnixStream, mut bytes: u64) -> io::Result<()> {
    let piece = vec![b'x'; 4 * CHUNK];
    while bytes > 0 {
        let length = usize::try_from(bytes).map_or(piece.len(), |left| left.min(piece.len()));
        stream.write_all(&piece[..length])?;
        bytes -= length as u64;
    }
    Ok(())
}

fn take(stream: &mut UnixStream, mut bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
    while bytes > 0 {
        match stream.read(buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => bytes = bytes.saturating_sub(read as u64),
        }
    }
    Ok(())
}
