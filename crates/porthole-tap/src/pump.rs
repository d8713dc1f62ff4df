//! One direction of a connection: read, hand on, show. Without memory of its own while nothing is stuck.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::BoxedStream;

/// The most that is read at once, and so the most that is kept for a reader that does not keep up.
const PIECE: usize = 64 * 1024;

/// Pieces of one direction before the other one gets its turn.
const TURN: usize = 8;

thread_local! {
    /// Shared by all connections of the thread: an idle connection has no buffer.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// One direction.
#[derive(Debug, Default)]
pub(crate) struct Pump {
    stuck: Vec<u8>,
    passed_on: usize,
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
    /// The source sends no more.
    End,
}

impl Pump {
    /// The bytes read so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Whether nothing read waits to be handed on.
    pub(crate) fn is_clear(&self) -> bool {
        self.stuck.is_empty() && !self.unflushed
    }

    /// Goes on until there is nothing to do, or the direction has ended.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        from: &mut BoxedStream,
        to: &mut BoxedStream,
        mut show: impl FnMut(Passed<'_>),
    ) -> Poll<PumpEnd> {
        for _ in 0..TURN {
            if let Err(error) = ready!(self.poll_stuck(context, to)) {
                return Poll::Ready(PumpEnd::WriteFailed(error));
            }
            if self.source_ended {
                return self.poll_close(context, to);
            }
            match with_scratch(|scratch| self.poll_piece(context, from, to, scratch, &mut show)) {
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
        Poll::Ready(Ok(()))
    }

    /// Reads a piece, hands it on, and then shows it.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        from: &mut BoxedStream,
        to: &mut BoxedStream,
        scratch: &mut [u8],
        show: &mut impl FnMut(Passed<'_>),
    ) -> Poll<Result<(), PumpEnd>> {
        let mut buffer = ReadBuf::new(scratch);
        if let Err(error) = ready!(Pin::new(from).poll_read(context, &mut buffer)) {
            return Poll::Ready(Err(PumpEnd::ReadFailed(error)));
        }
        let piece = buffer.filled();
        self.total += piece.len() as u64;
        if piece.is_empty() {
            self.source_ended = true;
            show(Passed::End);
            return Poll::Ready(Ok(()));
        }
        let written = match Pin::new(to).poll_write(context, piece) {
            Poll::Ready(Ok(written)) => written,
            Poll::Pending => 0,
            Poll::Ready(Err(error)) => {
                show(Passed::Undelivered(piece));
                return Poll::Ready(Err(PumpEnd::WriteFailed(error)));
            }
        };
        self.unflushed = true;
        if written < piece.len() {
            self.stuck = piece[written..].to_vec();
        }
        show(Passed::Bytes(piece));
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
