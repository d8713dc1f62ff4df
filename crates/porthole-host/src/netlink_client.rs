//! A blocking netlink socket. It stays in the network namespace that its thread was in when it was opened.

use std::io;
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;

use porthole_wire::netlink::NetlinkError;
use porthole_wire::netlink::message::{Body, Messages, Request};
use porthole_wire::netlink::trace_table::Batch;
use rustix::io::Errno;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

/// The kernel fills at most 32 KiB for one answer of a dump (`netlink_dump`).
const BUFFER: usize = 64 << 10;

/// How often a dump is repeated that the kernel says was interrupted by a change.
const TRIES: usize = 5;

/// What a reader of a dump does with one message.
type Visit<'a> = &'a mut dyn FnMut(&[u8]) -> Result<ControlFlow<()>, NetlinkError>;

pub(crate) struct NetlinkClient {
    socket: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
}

impl NetlinkClient {
    /// For links, addresses, routes and neighbours (rtnetlink(7)).
    pub(crate) fn routes() -> io::Result<Self> {
        Self::open(None)
    }

    /// For sockets (`sock_diag(7)`).
    pub(crate) fn sockets() -> io::Result<Self> {
        Self::open(Some(netlink::SOCK_DIAG))
    }

    /// For nftables, ipsets and what else is netfilter's.
    pub(crate) fn netfilter() -> io::Result<Self> {
        Self::open(Some(netlink::NETFILTER))
    }

    /// `NETLINK_ROUTE` is protocol 0.
    fn open(protocol: Option<Protocol>) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, protocol)?;
        Ok(Self { socket, buffer: vec![0; BUFFER], sequence: 0 })
    }

    /// Everything that a dump gives, decoded; repeated while it was interrupted.
    pub(crate) fn dump_all<T>(
        &mut self,
        request: &Request,
        decode: impl Fn(&[u8]) -> Result<Option<T>, NetlinkError>,
    ) -> io::Result<Vec<T>> {
        let mut tries = 1;
        loop {
            let mut found = Vec::new();
            let result = self.dump(request, &mut |payload| {
                found.extend(decode(payload)?);
                Ok(())
            });
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted && tries < TRIES => tries += 1,
                result => return result.map(|()| found),
            }
        }
    }

    /// Each message of a dump.
    pub(crate) fn dump(
        &mut self,
        request: &Request,
        each: &mut dyn FnMut(&[u8]) -> Result<(), NetlinkError>,
    ) -> io::Result<()> {
        self.stream(request, &mut |payload| each(payload).map(ControlFlow::Continue)).map(|_| ())
    }

    /// Each message of a dump, until `visit` breaks it off; then the socket is of no more use.
    ///
    /// An interrupted dump is an error at its end, of kind `Interrupted`.
    pub(crate) fn stream(&mut self, request: &Request, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
        self.send(request)?;
        let mut interrupted = false;
        loop {
            match self.datagram(visit, &mut interrupted)? {
                Step::More => {}
                Step::Left => return Ok(ControlFlow::Break(())),
                Step::End if interrupted => return Err(changed()),
                Step::End => return Ok(ControlFlow::Continue(())),
            }
        }
    }

    /// The one answer to a request.
    pub(crate) fn get<T>(
        &mut self,
        request: &Request,
        decode: impl Fn(&[u8]) -> Result<T, NetlinkError>,
    ) -> io::Result<T> {
        let mut answer = None;
        let _left = self.stream(request, &mut |payload| {
            answer = Some(decode(payload)?);
            Ok(ControlFlow::Break(()))
        })?;
        answer.ok_or_else(|| malformed("the kernel gave no answer"))
    }

    /// Makes all the changes of a batch, or none.
    pub(crate) fn apply(&mut self, batch: Batch) -> io::Result<()> {
        let first = self.sequence.wrapping_add(1);
        let mut awaited = batch.len();
        self.sequence = self.sequence.wrapping_add(u32::try_from(awaited).map_err(malformed)?);
        rustix::net::send(&self.socket, &batch.finish(first), SendFlags::empty())?;
        while awaited > 0 {
            let length = self.receive()?;
            for message in Messages::of(&self.buffer[..length]) {
                let message = message.map_err(malformed)?;
                // The frame of the batch, which has the number 0, is answered only when it is refused.
                let is_ours = message.sequence == 0 || (first..=self.sequence).contains(&message.sequence);
                match message.body {
                    Body::Error(0) if is_ours => awaited = awaited.saturating_sub(1),
                    Body::Error(code) if is_ours => return Err(io::Error::from_raw_os_error(code)),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, request: &Request) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = request.clone().finish(self.sequence);
        rustix::net::send(&self.socket, &bytes, SendFlags::empty())?;
        Ok(())
    }

    fn datagram(&mut self, visit: Visit<'_>, interrupted: &mut bool) -> io::Result<Step> {
        let length = self.receive()?;
        for message in Messages::of(&self.buffer[..length]) {
            let message = message.map_err(malformed)?;
            if message.sequence != self.sequence {
                continue;
            }
            *interrupted |= message.interrupted;
            match message.body {
                Body::Data { payload, .. } => {
                    if visit(payload).map_err(malformed)?.is_break() {
                        return Ok(Step::Left);
                    }
                }
                Body::Done(0) | Body::Error(0) => return Ok(Step::End),
                Body::Done(code) | Body::Error(code) => return Err(io::Error::from_raw_os_error(code)),
                Body::Noop => {}
            }
        }
        Ok(Step::More)
    }

    /// With `TRUNC` the kernel tells the length that the datagram had, even where the buffer is too small.
    fn receive(&mut self) -> io::Result<usize> {
        loop {
            match rustix::net::recv(&self.socket, self.buffer.as_mut_slice(), RecvFlags::TRUNC) {
                Ok((_, length)) if length <= BUFFER => return Ok(length),
                Ok(_) => return Err(malformed("the kernel's answer does not fit the buffer")),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

enum Step {
    More,
    Left,
    End,
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "it changed while it was read, several times over")
}

fn malformed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
