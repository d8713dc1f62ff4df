//! Questions to one server over TCP, one connection for all of them, one after the other.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use porthole_model::{DnsOutcome, Gap};
use porthole_wire::dns::{self, Received};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::udp::{failure, is_patience, is_same, settle_all};
use super::visit::Pending;
use crate::ProcessDoor;

/// Connects and asks. Whoever is not answered in time finds nothing settled.
pub(super) fn ask(
    door: &ProcessDoor,
    server: SocketAddr,
    pending: &mut [Pending],
    patience: Duration,
) -> Result<(), Gap> {
    let begin = Instant::now();
    let deadline = begin + patience;
    let mut stream = door.tcp_socket(server)?;
    let asked = connect(&stream, server, deadline).and_then(|()| {
        pending.iter_mut().filter(|each| each.settled.is_none()).try_for_each(|each| {
            let outcome = converse(&mut stream, each, deadline)?;
            each.settle(outcome, begin.elapsed());
            Ok(())
        })
    });
    if let Err(error) = asked
        && !is_patience(&error)
    {
        let outcome = if error.kind() == io::ErrorKind::UnexpectedEof {
            DnsOutcome::Garbage("the server closed the connection without an answer".to_owned())
        } else {
            failure(&error)
        };
        settle_all(pending, &outcome, begin);
    }
    Ok(())
}

fn connect(stream: &TcpStream, server: SocketAddr, deadline: Instant) -> io::Result<()> {
    match rustix::net::connect(stream, &server) {
        Ok(()) => {}
        Err(Errno::INPROGRESS) => {
            let left = Timespec::try_from(left(deadline)?).map_err(io::Error::other)?;
            if poll(&mut [PollFd::new(stream, PollFlags::OUT)], Some(&left))? == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            stream.take_error()?.map_or(Ok(()), Err)?;
        }
        Err(error) => return Err(error.into()),
    }
    stream.set_nonblocking(false)
}

/// RFC 1035, section 4.2.2: a length of two bytes goes before each message.
fn converse(stream: &mut TcpStream, asked: &Pending, deadline: Instant) -> io::Result<DnsOutcome> {
    let length = u16::try_from(asked.bytes.len()).map_err(io::Error::other)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    stream.write_all(&[&length.to_be_bytes()[..], &asked.bytes].concat())?;
    let mut length = [0; 2];
    read_whole(stream, &mut length, deadline)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    read_whole(stream, &mut bytes, deadline)?;
    Ok(match dns::answer(&bytes) {
        Received::Garbage(_, words) => DnsOutcome::Garbage(words),
        Received::Answer { id, question, answer } => {
            if id == asked.id && question.is_none_or(|question| is_same(&question, &asked.question)) {
                DnsOutcome::Answered(answer)
            } else {
                DnsOutcome::Garbage("an answer to a question that was not asked".to_owned())
            }
        }
    })
}

/// Fills the buffer by the deadline, however small the pieces come.
fn read_whole(stream: &mut TcpStream, buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
