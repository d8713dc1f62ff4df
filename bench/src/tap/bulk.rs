//! Many bytes over one connection.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::http::read_head;
use crate::error::BenchError;

const PIECE: usize = 128 * 1024;

/// How much of an answer's end is looked at.
const END: usize = 100;

/// Many bytes over one connection, which both sides close behind them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transfer {
    /// The request's head.
    pub(crate) head: String,
    pub(crate) upload: Upload,
    /// How many bytes pass, without what little goes the other way.
    pub(crate) bytes: u64,
    /// What the answer must hold at its end.
    pub(crate) ends_with: String,
}

/// What follows the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Upload {
    Nothing,
    /// As a body of a known length.
    Zeros(u64),
    /// A file, in chunks.
    Chunks(PathBuf),
    /// Once the answer's head is there; then the client closes its half.
    Stream(u64),
}

/// Gives the time it took.
pub(crate) fn run(socket: &Path, transfer: &Transfer) -> Result<Duration, BenchError> {
    let begin = Instant::now();
    let answer =
        exchange(socket, transfer).map_err(BenchError::io(format!("transfer {}", transfer.head.trim())))?;
    let elapsed = begin.elapsed();
    let is_upload = transfer.upload != Upload::Nothing;
    let is_whole = is_upload || answer.length >= transfer.bytes;
    let end = String::from_utf8_lossy(&answer.end);
    if is_whole && end.trim_end().ends_with(&transfer.ends_with) {
        return Ok(elapsed);
    }
    let problem = format!("{} bytes that end with {:?}", answer.length, end);
    Err(BenchError::Answer { command: transfer.head.trim().to_owned(), problem })
}

/// What came back.
#[derive(Default)]
struct Answer {
    length: u64,
    end: Vec<u8>,
}

fn exchange(socket: &Path, transfer: &Transfer) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    stream.write_all(transfer.head.as_bytes())?;
    if matches!(transfer.upload, Upload::Stream(_)) {
        read_head(&mut stream, &mut [0; 4096])?;
    }
    let sender = stream.try_clone()?;
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| send(sender, &transfer.upload));
        let answer = receive(&mut stream);
        sending.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?;
        answer
    })
}

fn send(mut stream: UnixStream, upload: &Upload) -> io::Result<()> {
    match upload {
        Upload::Nothing => Ok(()),
        Upload::Zeros(bytes) => zeros(&mut stream, *bytes),
        Upload::Chunks(path) => chunks(&mut stream, File::open(path)?),
        Upload::Stream(bytes) => {
            zeros(&mut stream, *bytes)?;
            stream.shutdown(Shutdown::Write)
        }
    }
}

fn zeros(stream: &mut UnixStream, mut bytes: u64) -> io::Result<()> {
    let piece = vec![0; PIECE];
    while bytes > 0 {
        let length = usize::try_from(bytes).map_or(PIECE, |left| left.min(PIECE));
        stream.write_all(&piece[..length])?;
        bytes -= length as u64;
    }
    Ok(())
}

/// Chunks of 32 KB, as Go's clients send them.
fn chunks(stream: &mut UnixStream, mut file: File) -> io::Result<()> {
    let mut piece = vec![0; 32 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        let chunk = [format!("{read:x}\r\n").as_bytes(), &piece[..read], b"\r\n"].concat();
        stream.write_all(&chunk)?;
        if read == 0 {
            return Ok(());
        }
    }
}

fn receive(stream: &mut UnixStream) -> io::Result<Answer> {
    let mut answer = Answer::default();
    let mut piece = vec![0; PIECE];
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(answer);
        }
        answer.length += read as u64;
        answer.end.extend_from_slice(&piece[read.saturating_sub(END)..read]);
        answer.end.drain(..answer.end.len().saturating_sub(END));
    }
}
