//! As many calls to an engine as a client of this kind needs, and no more time than they take.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::error::BenchError;

const SOCKET: &str = "/var/run/docker.sock";

/// The oldest version that the engines of the labs all speak.
const VERSION: &str = "/v1.41";

/// One call; gives what the engine answered, `null` where that is nothing.
pub(super) fn call(method: &str, path: &str, body: Option<&Value>) -> Result<Value, BenchError> {
    // An answer to HTTP/1.0 comes in one piece and ends the connection.
    let mut stream = send(method, path, "HTTP/1.0", body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(BenchError::io(format!("read the answer to {path}")))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if !status(head).starts_with('2') {
        return Err(refused(path, &answer));
    }
    if body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(body)?) }
}

/// A call that turns the connection into the streams of a command.
pub(super) fn streams(path: &str, body: &Value) -> Result<UnixStream, BenchError> {
    let mut stream = send("POST", path, "HTTP/1.1", Some(body))?;
    let mut head = Vec::new();
    // Byte by byte: what comes behind the head is the command's.
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).map_err(BenchError::io(format!("attach by {path}")))?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head);
    if status(&head) == "101" { Ok(stream) } else { Err(refused(path, &head)) }
}

fn send(method: &str, path: &str, version: &str, body: Option<&Value>) -> Result<UnixStream, BenchError> {
    let body = body.map(ToString::to_string).unwrap_or_default();
    let upgrade = if version == "HTTP/1.1" { "Connection: Upgrade\r\nUpgrade: tcp\r\n" } else { "" };
    let head = format!(
        "{method} {VERSION}{path} {version}\r\nHost: docker\r\n{upgrade}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let sent = UnixStream::connect(SOCKET).and_then(|mut stream| {
        stream.write_all((head + &body).as_bytes())?;
        Ok(stream)
    });
    sent.map_err(BenchError::io(format!("ask the engine for {path}")))
}

fn status(head: &str) -> &str {
    head.split(' ').nth(1).unwrap_or_default()
}

fn refused(path: &str, answer: &str) -> BenchError {
    BenchError::Refused { path: path.to_owned(), answer: answer.to_owned() }
}
