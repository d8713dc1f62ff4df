//! Standard input, read in a thread of its own: a read of it cannot be given up.

use std::io::{self, Read};

use tokio::sync::mpsc;

/// What is typed, or comes from a pipe.
pub(crate) struct Keyboard {
    pieces: mpsc::Receiver<Vec<u8>>,
    put_back: Option<Vec<u8>>,
}

impl Keyboard {
    /// Begins to read. The thread stays until standard input ends or porthole does.
    pub(crate) fn listen() -> Self {
        let (sender, pieces) = mpsc::channel(1);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 32 * 1024];
            loop {
                match io::stdin().lock().read(&mut buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(length @ 1..) if sender.blocking_send(buffer[..length].to_vec()).is_ok() => {}
                    _ => return,
                }
            }
        });
        Self { pieces, put_back: None }
    }

    /// The next piece; `None` at the end. May be dropped and called again without a loss.
    pub(crate) async fn next(&mut self) -> Option<Vec<u8>> {
        match self.put_back.take() {
            Some(piece) => Some(piece),
            None => self.pieces.recv().await,
        }
    }

    /// Has this come first.
    pub(crate) fn put_back(&mut self, piece: Vec<u8>) {
        self.put_back = Some(piece);
    }
}
