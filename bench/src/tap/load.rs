//! Many short requests: how many a second, and how long each takes.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::http::{length, read_head};
use crate::error::BenchError;

const PING: &[u8] = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nUser-Agent: porthole-bench\r\n\r\n";

/// Who asks, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) clients: usize,
    /// Whether each request has a connection of its own.
    pub(crate) is_fresh: bool,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Requests {
    pub(crate) count: usize,
    pub(crate) elapsed: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Asks for as long as told.
pub(crate) fn run(socket: &Path, load: Load, duration: Duration) -> Result<Requests, BenchError> {
    let begin = Instant::now();
    let latencies: io::Result<Vec<Vec<Duration>>> = std::thread::scope(|scope| {
        let ask = || ask_until(socket, load.is_fresh, begin + duration);
        let clients: Vec<_> = (0..load.clients).map(|_| scope.spawn(ask)).collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
            .collect()
    });
    let elapsed = begin.elapsed();
    let mut latencies = latencies.map_err(BenchError::io("send a request"))?.concat();
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or_default();
    Ok(Requests { count: latencies.len(), elapsed, p50: at(50), p99: at(99) })
}

fn ask_until(socket: &Path, is_fresh: bool, deadline: Instant) -> io::Result<Vec<Duration>> {
    let mut latencies = Vec::with_capacity(1 << 16);
    let mut buffer = [0; 4096];
    let mut kept = None;
    let mut now = Instant::now();
    while now < deadline {
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => UnixStream::connect(socket)?,
        };
        ask(&mut stream, &mut buffer)?;
        kept = Some(stream).filter(|_| !is_fresh);
        let then = std::mem::replace(&mut now, Instant::now());
        latencies.push(now - then);
    }
    Ok(latencies)
}

fn ask(stream: &mut UnixStream, buffer: &mut [u8]) -> io::Result<()> {
    stream.write_all(PING)?;
    let Some((head, behind)) = read_head(stream, buffer)? else {
        return Err(io::ErrorKind::UnexpectedEof.into());
    };
    let left = usize::try_from(length(&head).saturating_sub(behind)).unwrap_or(buffer.len());
    stream.read_exact(&mut buffer[..left])
}
