//! A command's output, passed on as it is. A thread of its own writes it, so that a reader that has stopped reading keeps
//! porthole from nothing else.

use std::io::{self, Write};

use tokio::sync::{mpsc, oneshot};

use crate::error::CommandError;

/// What a program that was cut off may have left: another screen, a hidden cursor, mouse reports, bracketed paste,
/// keypad and cursor keys of another mode, colours (xterm, "Control Sequences").
const RESET: &[u8] =
    b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[0m\r\n";

/// Writes to standard output and standard error.
pub(crate) struct Screen {
    pieces: mpsc::Sender<Piece>,
    failure: oneshot::Receiver<io::Error>,
}

enum Piece {
    Output(Vec<u8>),
    Error(Vec<u8>),
    Done(oneshot::Sender<()>),
}

impl Screen {
    /// One that is ready.
    pub(crate) fn new() -> Self {
        let (pieces, received) = mpsc::channel(4);
        let (tell, failure) = oneshot::channel();
        std::thread::spawn(move || {
            if let Err(error) = write(received) {
                // Nobody asks any more.
                let _unheard = tell.send(error);
            }
        });
        Self { pieces, failure }
    }

    /// Passes output on.
    pub(crate) async fn show(&mut self, bytes: Vec<u8>) -> Result<(), CommandError> {
        self.pass(Piece::Output(bytes)).await
    }

    /// Passes errors on.
    pub(crate) async fn show_error(&mut self, bytes: Vec<u8>) -> Result<(), CommandError> {
        self.pass(Piece::Error(bytes)).await
    }

    /// Brings the terminal into the state of a shell.
    pub(crate) async fn reset(&mut self) {
        // Where nothing can be written any more, nothing needs a reset.
        let _unwritable = self.show(RESET.to_vec()).await;
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(&mut self) -> Result<(), CommandError> {
        let (sender, done) = oneshot::channel();
        self.pass(Piece::Done(sender)).await?;
        match done.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failed()),
        }
    }

    async fn pass(&mut self, piece: Piece) -> Result<(), CommandError> {
        match self.pieces.send(piece).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failed()),
        }
    }

    fn failed(&mut self) -> CommandError {
        let error = self.failure.try_recv().unwrap_or_else(|_| io::ErrorKind::BrokenPipe.into());
        CommandError::unwritten("cannot write the command's output", error)
    }
}

fn write(mut pieces: mpsc::Receiver<Piece>) -> io::Result<()> {
    // Not through the buffer of lines that standard output has: a prompt ends in none.
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::Output(bytes) => {
                let mut out = io::stdout().lock();
                out.write_all(&bytes)?;
                out.flush()?;
            }
            Piece::Error(bytes) => io::stderr().lock().write_all(&bytes)?,
            Piece::Done(sender) => {
                let _unheard = sender.send(());
            }
        }
    }
    Ok(())
}
