//! One direction of a connection: read, hand on, show. Without memory of its own while nothing is stuck.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::BoxedStream;
use crate::splice::{Pipe, Socket};

/// The most that is read at once, and so the most that is kept for a reader that does not keep up.
const PIECE: usize = 64 * 1024;

/// Pieces of one direction before the other one gets its turn.
const TURN: usize = 8;

thread_local! {
    /// Shared by all connections of the thread: an idle connection has no buffer.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Less than so many bytes that nobody looks at are not worth a way of their own.
const WORTH: u64 = PIECE as u64;

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Pump {
    stuck: Vec<u8>,
    passed_on: usize,
    stuck_in_pipe: Option<Pipe>,
    unflushed: bool,
    source_ended: bool,
    total: u64,
}

/// How a direction ended.
#[derive(Debug)]
pub(crate) enum PumpEnd {
    /// The source's end was passed on.
    Closed,
    /// The source broke.
    ReadFailed(io::Error),
    /// The destination takes no more.
    WriteFailed(io::Error),
}

/// What a direction shows of itself.
#[derive(Debug)]
pub(crate) enum Passed<'a> {
    /// These bytes were read and, unless the reader does not keep up, handed on.
    Bytes(&'a [u8]),
    /// These were read, and the destination is gone.
    Undelivered(&'a [u8]),
    /// So many bytes passed without being read, as [`Watcher::unwatched`] allows.
    Unseen(u64),
    /// The source sends no more.
    End,
}

/// Who is shown what passes.
pub(crate) trait Watcher {
    /// Takes what passed.
    fn note(&mut self, passed: &Passed<'_>);

    /// How many of the next bytes need not be shown.
    fn unwatched(&self) -> u64;
}

impl Pump {
    /// The bytes read so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether nothing read waits to be handed on.
    pub(crate) fn is_clear(&self) -> bool {
        self.stuck.is_empty() && self.stuck_in_pipe.is_none() && !self.unflushed
    }

    /// Goes on until there is nothing to do, or the direction has ended.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        from: &mut BoxedStream,
        to: &mut BoxedStream,
        watcher: &mut impl Watcher,
    ) -> Poll<PumpEnd> {
        for _ in 0..TURN {
            if let Err(error) = ready!(self.poll_stuck(context, to)) {
                return Poll::Ready(PumpEnd::WriteFailed(error));
            }
            if self.source_ended {
                return self.poll_close(context, to);
            }
            let polled = match self.poll_unseen(context, (from, to), watcher) {
                Some(polled) => polled,
                None => with_scratch(|scratch| self.poll_piece(context, from, to, scratch, watcher)),
            };
            match polled {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(end)) => return Poll::Ready(end),
                Poll::Pending => return self.poll_flush(context, to),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hands on what a slow reader has not taken yet.
    fn poll_stuck(&mut self, context: &mut Context<'_>, to: &mut BoxedStream) -> Poll<io::Result<()>> {
        while self.passed_on < self.stuck.len() {
            let left = &self.stuck[self.passed_on..];
            match ready!(Pin::new(&mut *to).poll_write(context, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.passed_on += written,
            }
        }
        (self.stuck, self.passed_on) = (Vec::new(), 0);
        if let (Some(pipe), Some(to)) = (&mut self.stuck_in_pipe, Socket::of(to)) {
            ready!(pipe.poll_drain(context, &to))?;
        }
        if let Some(pipe) = self.stuck_in_pipe.take() {
            pipe.keep();
        }
        Poll::Ready(Ok(()))
    }

    /// Moves bytes that nobody looks at, between sockets and within the kernel; `None` where that cannot be.
    fn poll_unseen(
        &mut self,
        context: &mut Context<'_>,
        (from, to): (&BoxedStream, &BoxedStream),
        watcher: &mut impl Watcher,
    ) -> Option<Poll<Result<(), PumpEnd>>> {
        let most = watcher.unwatched();
        if most < WORTH {
            return None;
        }
        let (from, to) = (Socket::of(from)?, Socket::of(to)?);
        let mut pipe = Pipe::spare()?;
        let filled = match pipe.poll_fill(context, &from, most) {
            Poll::Ready(filled) => filled,
            Poll::Pending => {
                pipe.keep();
                return Some(Poll::Pending);
            }
        };
        Some(Poll::Ready(match filled {
            Err(error) => Err(PumpEnd::ReadFailed(error)),
            Ok(0) => {
                pipe.keep();
                self.end_of_source(watcher);
                Ok(())
            }
            Ok(count) => {
                self.total += count;
                let drained = pipe.poll_drain(context, &to);
                watcher.note(&Passed::Unseen(count));
                match drained {
                    Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(PumpEnd::WriteFailed(error)))),
                    Poll::Ready(Ok(())) => pipe.keep(),
                    Poll::Pending => self.stuck_in_pipe = Some(pipe),
                }
                Ok(())
            }
        }))
    }

    fn end_of_source(&mut self, watcher: &mut impl Watcher) {
        self.source_ended = true;
        watcher.note(&Passed::End);
    }

    /// Reads a piece, hands it on, and then shows it.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        from: &mut BoxedStream,
        to: &mut BoxedStream,
        scratch: &mut [u8],
        watcher: &mut impl Watcher,
    ) -> Poll<Result<(), PumpEnd>> {
        let mut buffer = ReadBuf::new(scratch);
        if let Err(error) = ready!(Pin::new(from).poll_read(context, &mut buffer)) {
            return Poll::Ready(Err(PumpEnd::ReadFailed(error)));
        }
        let piece = buffer.filled();
        self.total += piece.len() as u64;
        if piece.is_empty() {
            self.end_of_source(watcher);
            return Poll::Ready(Ok(()));
        }
        let written = match Pin::new(to).poll_write(context, piece) {
            Poll::Ready(Ok(written)) => written,
            Poll::Pending => 0,
            Poll::Ready(Err(error)) => {
                watcher.note(&Passed::Undelivered(piece));
                return Poll::Ready(Err(PumpEnd::WriteFailed(error)));
            }
        };
        self.unflushed = true;
        if written < piece.len() {
            self.stuck = piece[written..].to_vec();
        }
        watcher.note(&Passed::Bytes(piece));
        Poll::Ready(Ok(()))
    }

    /// Streams that gather what they are given, as TLS does, are flushed when nothing more is there to be read.
    fn poll_flush(&mut self, context: &mut Context<'_>, to: &mut BoxedStream) -> Poll<PumpEnd> {
        if self.unflushed {
            let flushed = ready!(Pin::new(to).poll_flush(context));
            self.unflushed = false;
            if let Err(error) = flushed {
                return Poll::Ready(PumpEnd::WriteFailed(error));
            }
        }
        Poll::Pending
    }

    /// A destination that is already gone needs no closing.
    fn poll_close(&mut self, context: &mut Context<'_>, to: &mut BoxedStream) -> Poll<PumpEnd> {
        let _gone = ready!(Pin::new(to).poll_shutdown(context));
        self.unflushed = false;
        Poll::Ready(PumpEnd::Closed)
    }
}

fn with_scratch<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    let mut scratch = SCRATCH.take();
    scratch.resize(PIECE, 0);
    let result = work(&mut scratch);
    SCRATCH.set(scratch);
    result
}
