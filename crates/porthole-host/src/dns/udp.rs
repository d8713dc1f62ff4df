//! Questions to one server over UDP, all on the way at once.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use porthole_model::DnsOutcome;
use porthole_wire::dns::{self, Received};
use rustix::io::Errno;

use super::visit::Pending;
use crate::failure::unreachable_words;

/// The longest datagram.
const LONGEST: usize = 65_535;

/// Sends all, again after half of the time what was not answered by then, and takes what comes.
///
/// The socket is not connected, so that answers from another address are seen, and it reports errors (`IP_RECVERR`).
pub(super) fn ask(socket: &UdpSocket, server: SocketAddr, pending: &mut [Pending], patience: Duration) {
    let begin = Instant::now();
    let (again_at, deadline) = (begin + patience / 2, begin + patience);
    let mut buffer = vec![0; LONGEST];
    send(socket, server, pending, begin);
    let mut was_repeated = false;
    while pending.iter().any(|each| each.settled.is_none()) && Instant::now() < deadline {
        if !was_repeated && Instant::now() >= again_at {
            send(socket, server, pending, begin);
            was_repeated = true;
        }
        let until = if was_repeated { deadline } else { again_at };
        match receive(socket, &mut buffer, until) {
            Ok((length, from)) => take(&buffer[..length], from, server, pending, begin),
            Err(error) if is_patience(&error) => {}
            Err(error) => settle_all(pending, &failure(&error), begin),
        }
    }
}

fn send(socket: &UdpSocket, server: SocketAddr, pending: &mut [Pending], begin: Instant) {
    let unanswered = pending.iter().filter(|each| each.settled.is_none());
    // What is said of one datagram comes back from the sending of the next.
    let sent = unanswered.map(|each| socket.send_to(&each.bytes, server)).find_map(Result::err);
    if let Some(error) = sent {
        settle_all(pending, &failure(&error), begin);
    }
}

fn receive(socket: &UdpSocket, buffer: &mut [u8], until: Instant) -> io::Result<(usize, SocketAddr)> {
    let left = until.saturating_duration_since(Instant::now());
    socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
    socket.recv_from(buffer)
}

/// What came may be an answer, or of one who wants to be taken for the server: the wait goes on.
fn take(bytes: &[u8], from: SocketAddr, server: SocketAddr, pending: &mut [Pending], begin: Instant) {
    let is_server = (from.ip(), from.port()) == (server.ip(), server.port());
    match dns::answer(bytes) {
        _ if !is_server => note(pending, None, &DnsOutcome::Stranger(from)),
        Received::Garbage(id, words) => note(pending, id, &DnsOutcome::Garbage(words)),
        Received::Answer { id, question, answer } => {
            let fits = |each: &&mut Pending| {
                each.id == id && question.as_ref().is_none_or(|asked| is_same(asked, &each.question))
            };
            match pending.iter_mut().find(fits) {
                Some(each) => each.settle(DnsOutcome::Answered(answer), begin.elapsed()),
                None => note(
                    pending,
                    None,
                    &DnsOutcome::Garbage("an answer to a question that was not asked".to_owned()),
                ),
            }
        }
    }
}

/// Remembers what came for the question of that number, or for all.
fn note(pending: &mut [Pending], id: Option<u16>, flaw: &DnsOutcome) {
    let is_known = pending.iter().any(|each| Some(each.id) == id);
    for each in pending.iter_mut().filter(|each| !is_known || Some(each.id) == id) {
        each.flaw.get_or_insert_with(|| flaw.clone());
    }
}

pub(super) fn is_same(one: &porthole_model::DnsQuestion, other: &porthole_model::DnsQuestion) -> bool {
    let full = |name: &str| name.trim_end_matches('.').to_ascii_lowercase();
    one.kind == other.kind && (full(&one.name) == full(&other.name) || !other.name.is_ascii())
}

pub(super) fn settle_all(pending: &mut [Pending], outcome: &DnsOutcome, begin: Instant) {
    for each in pending {
        each.settle(outcome.clone(), begin.elapsed());
    }
}

pub(super) fn is_patience(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

/// What a refused call says of the way to the server.
pub(super) fn failure(error: &io::Error) -> DnsOutcome {
    match Errno::from_io_error(error) {
        Some(Errno::CONNREFUSED) => DnsOutcome::Refused,
        _ => DnsOutcome::Unreachable(unreachable_words(error)),
    }
}
