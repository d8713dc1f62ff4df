//! Many requests to one address, and what came of each: none may fail, whatever happens behind it.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::http;

/// How long one answer may take: longer than what is between may try again.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long a thread pauses between two requests: what is tried is coming and going, and not how much it bears.
const PAUSE: Duration = Duration::from_millis(2);

/// What came of the requests so far.
#[derive(Default)]
struct Tally {
    answers: Mutex<BTreeSet<String>>,
    good: AtomicU64,
    failed: AtomicU64,
    /// Requests that met a connection that was being closed, and were sent again on a new one.
    again: AtomicU64,
    is_over: AtomicBool,
}

/// Asks until standard input ends, with so many threads: every second one uses its connection again.
///
/// Prints `seen BODY` when a body comes for the first time, `failed WHY` for each request that fails, and at the end
/// `done GOOD FAILED AGAIN`.
pub(crate) fn load(address: &str, threads: usize) -> io::Result<()> {
    let address = address.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("no address"))?;
    let tally = Tally::default();
    std::thread::scope(|scope| {
        for number in 0..threads {
            let tally = &tally;
            scope.spawn(move || ask(address, number % 2 == 1, tally));
        }
        io::copy(&mut io::stdin(), &mut io::sink()).ok();
        tally.is_over.store(true, Ordering::Relaxed);
    });
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    say(&format!("done {} {} {}", count(&tally.good), count(&tally.failed), count(&tally.again)));
    Ok(())
}

fn ask(address: SocketAddr, keeps: bool, tally: &Tally) {
    let mut connection = None;
    while !tally.is_over.load(Ordering::Relaxed) {
        std::thread::sleep(PAUSE);
        match one(address, keeps, &mut connection, tally) {
            Ok((200, body)) => {
                tally.good.fetch_add(1, Ordering::Relaxed);
                let body = String::from_utf8_lossy(&body).trim().to_owned();
                if answers(tally).insert(body.clone()) {
                    say(&format!("seen {body}"));
                }
            }
            Ok((status, _)) => fail(tally, &format!("status {status}")),
            Err(error) => {
                connection = None;
                fail(tally, &error.to_string());
            }
        }
    }
}

/// One request. A used connection that ends before the first byte of an answer was closed while it was idle: RFC 9110,
/// section 9.2.2, has a client send the request again.
fn one(
    address: SocketAddr,
    keeps: bool,
    connection: &mut Option<BufReader<TcpStream>>,
    tally: &Tally,
) -> io::Result<(u16, Vec<u8>)> {
    if let Some(mut used) = connection.take() {
        if let Some(answer) = exchange(&mut used, keeps)? {
            return Ok(kept(answer, used, connection));
        }
        tally.again.fetch_add(1, Ordering::Relaxed);
    }
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = BufReader::new(stream);
    let answer = exchange(&mut stream, keeps)?.ok_or_else(|| io::Error::other("closed without an answer"))?;
    Ok(kept(answer, stream, connection))
}

fn kept(
    answer: http::Answer,
    stream: BufReader<TcpStream>,
    connection: &mut Option<BufReader<TcpStream>>,
) -> (u16, Vec<u8>) {
    *connection = answer.stays_open.then_some(stream);
    (answer.status, answer.body)
}

/// `None` where the connection was closed before an answer began.
fn exchange(stream: &mut BufReader<TcpStream>, keeps: bool) -> io::Result<Option<http::Answer>> {
    let wish = if keeps { "keep-alive" } else { "close" };
    let request = format!("GET / HTTP/1.1\r\nHost: load\r\nConnection: {wish}\r\n\r\n");
    let sent = stream.get_mut().write_all(request.as_bytes());
    match sent.and_then(|()| stream.fill_buf()) {
        Ok([]) => Ok(None),
        Ok(_) => http::read_answer(stream, keeps).map(Some),
        Err(error) if is_closed(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

fn fail(tally: &Tally, why: &str) {
    tally.failed.fetch_add(1, Ordering::Relaxed);
    say(&format!("failed {why}"));
}

/// Whoever does not listen any more has ended the input, too.
fn say(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

fn answers(tally: &Tally) -> MutexGuard<'_, BTreeSet<String>> {
    tally.answers.lock().unwrap_or_else(PoisonError::into_inner)
}
