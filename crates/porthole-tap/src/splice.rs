//! The way of bytes that nobody looks at: from socket to pipe to socket, within the kernel (splice(2)).

use std::any::Any;
use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll, ready};

use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice};
use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};

use crate::BoxedStream;

/// What a pipe holds, and so the most that waits for a reader that does not keep up. Where the kernel gives less,
/// less is moved at a time.
const ROOM: usize = 256 * 1024;

thread_local! {
    /// Shared by all connections of the thread: only one whose reader does not keep up has a pipe of its own.
    static SPARE: Cell<Option<Pipe>> = const { Cell::new(None) };
}

/// A stream that is a socket itself, without anything around it that changes its bytes.
pub(crate) enum Socket<'a> {
    Unix(&'a UnixStream),
    Tcp(&'a TcpStream),
}

impl<'a> Socket<'a> {
    pub(crate) fn of(stream: &'a BoxedStream) -> Option<Self> {
        let stream: &dyn Any = stream.as_ref();
        let tcp = || stream.downcast_ref().map(Self::Tcp);
        stream.downcast_ref().map(Self::Unix).or_else(tcp)
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(socket) => socket.as_fd(),
            Self::Tcp(socket) => socket.as_fd(),
        }
    }

    fn poll_ready(&self, context: &mut Context<'_>, interest: Interest) -> Poll<io::Result<()>> {
        match self {
            Self::Unix(socket) if interest.is_readable() => socket.poll_read_ready(context),
            Self::Unix(socket) => socket.poll_write_ready(context),
            Self::Tcp(socket) if interest.is_readable() => socket.poll_read_ready(context),
            Self::Tcp(socket) => socket.poll_write_ready(context),
        }
    }

    fn try_io<T>(&self, interest: Interest, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self {
            Self::Unix(socket) => socket.try_io(interest, work),
            Self::Tcp(socket) => socket.try_io(interest, work),
        }
    }

    /// Does `work` as soon as the socket is ready for it.
    fn poll_io<T>(
        &self,
        context: &mut Context<'_>,
        interest: Interest,
        mut work: impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            ready!(self.poll_ready(context, interest))?;
            match self.try_io(interest, &mut work) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

/// A pipe between two sockets.
#[derive(Debug)]
pub(crate) struct Pipe {
    inlet: OwnedFd,
    outlet: OwnedFd,
    held: usize,
}

impl Pipe {
    /// An empty one; `None` when there are no more to be had.
    pub(crate) fn spare() -> Option<Self> {
        SPARE.take().or_else(Self::new)
    }

    fn new() -> Option<Self> {
        let (outlet, inlet) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).ok()?;
        // A user who has many pipes gets small ones, which do as well.
        let _smaller = fcntl_setpipe_size(&inlet, ROOM);
        Some(Self { inlet, outlet, held: 0 })
    }

    /// Keeps an empty one for later.
    pub(crate) fn keep(self) {
        if self.held == 0 {
            SPARE.set(Some(self));
        }
    }

    /// Takes up to `most` bytes from a socket; gives 0 at its end. The pipe must be empty: a full one could not be
    /// told from a socket without bytes.
    pub(crate) fn poll_fill(
        &mut self,
        context: &mut Context<'_>,
        from: &Socket<'_>,
        most: u64,
    ) -> Poll<io::Result<u64>> {
        let most = usize::try_from(most).map_or(ROOM, |most| most.min(ROOM));
        let work = || move_bytes(from.descriptor(), self.inlet.as_fd(), most);
        self.held = ready!(from.poll_io(context, Interest::READABLE, work))?;
        Poll::Ready(Ok(self.held as u64))
    }

    /// Gives all that is in it to a socket.
    pub(crate) fn poll_drain(&mut self, context: &mut Context<'_>, to: &Socket<'_>) -> Poll<io::Result<()>> {
        while self.held > 0 {
            let work = || move_bytes(self.outlet.as_fd(), to.descriptor(), self.held);
            match ready!(to.poll_io(context, Interest::WRITABLE, work))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                moved => self.held -= moved,
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn move_bytes(from: BorrowedFd<'_>, to: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
    let flags = SpliceFlags::NONBLOCK | SpliceFlags::MOVE;
    Ok(splice(from, None, to, None, most, flags)?)
}
