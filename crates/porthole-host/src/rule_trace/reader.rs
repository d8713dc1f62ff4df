//! The socket that hears of traced packets.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use porthole_model::RuleTraceEvent;
use porthole_wire::netlink::message::{Body, Messages};
use porthole_wire::netlink::rule_trace;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, sockopt};

/// What the kernel may hold for us: some ten thousand events.
const KERNEL_BUFFER: usize = 8 << 20;

/// An event has some hundred bytes, and a datagram one event.
const BUFFER: usize = 8 << 10;

#[derive(Debug)]
pub(super) struct Reader {
    socket: OwnedFd,
}

/// What a reader heard.
pub(super) enum Received {
    /// These events.
    Events(Vec<RuleTraceEvent>),
    /// That there were more than it could hold.
    Lost,
    /// Nothing in time.
    Nothing,
}

impl Reader {
    /// Hears of what is traced in the calling thread's namespace from now on.
    pub(super) fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let kind = SocketType::RAW;
        let socket = rustix::net::socket_with(AddressFamily::NETLINK, kind, flags, Some(netlink::NETFILTER))?;
        if sockopt::set_socket_recv_buffer_size_force(&socket, KERNEL_BUFFER).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, KERNEL_BUFFER)?;
        }
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, 1 << (rule_trace::GROUP - 1)))?;
        Ok(Self { socket })
    }

    /// Waits for the first event, and takes what is there with it.
    pub(super) fn receive(&mut self, deadline: Instant) -> io::Result<Received> {
        self.wait(deadline)?;
        let mut events = Vec::new();
        let mut buffer = [0; BUFFER];
        loop {
            match rustix::net::recv(&self.socket, buffer.as_mut_slice(), RecvFlags::empty()) {
                Ok((_, length)) => decode(&buffer[..length], &mut events)?,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if events.is_empty() => return Ok(Received::Nothing),
                Err(Errno::AGAIN) => return Ok(Received::Events(events)),
                Err(Errno::NOBUFS) if events.is_empty() => return Ok(Received::Lost),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn wait(&self, deadline: Instant) -> io::Result<()> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&left)) {
                Err(Errno::INTR) => {}
                result => return result.map(|_| ()).map_err(io::Error::from),
            }
        }
    }
}

impl AsFd for Reader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn decode(datagram: &[u8], events: &mut Vec<RuleTraceEvent>) -> io::Result<()> {
    let malformed = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    for message in Messages::of(datagram) {
        if let Body::Data { message_type: rule_trace::MESSAGE, payload } = message.map_err(malformed)?.body {
            events.push(rule_trace::decode(payload).map_err(malformed)?);
        }
    }
    Ok(())
}
