//! Where people come to a kept session: a socket, and what each says first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use porthole_model::Uid;
use porthole_wire::session::FromClient;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::super::agent::line::{Ears, Mouth};
use super::place;

/// How long somebody who came has to say why.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many wait to be let in.
const QUEUE: usize = 16;

/// Somebody who came, and the first word.
pub(super) struct Arrival {
    pub(super) first: FromClient,
    /// The user at the other end of the socket.
    pub(super) user: Option<Uid>,
    pub(super) ears: Ears<OwnedReadHalf>,
    pub(super) mouth: Mouth<OwnedWriteHalf>,
}

/// The socket. Dropping it removes its file.
pub(super) struct Door {
    path: PathBuf,
    accepting: tokio::task::JoinHandle<()>,
    arrivals: mpsc::Receiver<Arrival>,
}

impl Door {
    /// Opens it, for nobody but this user.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let listener = {
            let _nobody_clears_up = place::lock(path.parent().unwrap_or(Path::new("/")))?;
            UnixListener::bind(path)?
        };
        let (sender, arrivals) = mpsc::channel(QUEUE);
        let accepting = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => drop(tokio::spawn(let_in(stream, sender.clone()))),
                    // No descriptor is free: one may be in a moment.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        });
        Ok(Self { path: path.to_owned(), accepting, arrivals })
    }

    /// The next one who came. May be dropped and called again without a loss.
    pub(super) async fn arrival(&mut self) -> Arrival {
        match self.arrivals.recv().await {
            Some(arrival) => arrival,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
        // What cannot be removed refuses connections, and is cleared away by the next who looks.
        let _left = fs::remove_file(&self.path);
    }
}

async fn let_in(stream: UnixStream, arrivals: mpsc::Sender<Arrival>) {
    let user = stream.peer_cred().ok().map(|peer| Uid(peer.uid()));
    let (reader, writer) = stream.into_split();
    let (mut ears, mouth) = (Ears::on(reader), Mouth::on(writer));
    if let Ok(Ok(Some(first))) = timeout(PATIENCE, ears.hear()).await {
        // A session that is over lets nobody in.
        let _over = arrivals.send(Arrival { first, user, ears, mouth }).await;
    }
}
