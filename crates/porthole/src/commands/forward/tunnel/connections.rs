//! The connections in a tunnel, by their numbers, as either end has them.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use porthole_wire::session::{Frame, Said};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};

/// All connections of one end of a tunnel.
pub(super) struct Connections {
    mouth: mpsc::Sender<Frame>,
    known: Mutex<HashMap<u32, Known>>,
}

/// What comes for a connection.
struct Known {
    heard: mpsc::UnboundedSender<Said>,
    room: Arc<Semaphore>,
}

impl Connections {
    /// None yet. What they say goes to `mouth`.
    pub(super) fn new(mouth: mpsc::Sender<Frame>) -> Arc<Self> {
        Arc::new(Self { mouth, known: Mutex::default() })
    }

    /// One more. When it is dropped it is forgotten, and the other end is told unless the connection is over there, too.
    pub(super) fn add(self: &Arc<Self>, number: u32) -> Connection {
        // As much as the other end may send in its window, and no more, ever waits in it.
        let (sender, heard) = mpsc::unbounded_channel();
        let room = Arc::new(Semaphore::new(Frame::WINDOW));
        self.known().insert(number, Known { heard: sender, room: Arc::clone(&room) });
        let is_over = AtomicBool::new(false);
        Connection { voice: Voice { number, room, connections: Arc::clone(self), is_over }, heard }
    }

    /// Passes on what the other end said; a connection that is over needs nothing more. Never waits, so that no
    /// connection holds up another.
    pub(super) fn pass(&self, frame: Frame) {
        let known = self.known();
        let Some(connection) = known.get(&frame.connection) else { return };
        if let Said::Passed(count) = frame.said {
            connection.room.add_permits(usize::try_from(count).unwrap_or(0));
        } else {
            let _over = connection.heard.send(frame.said);
        }
    }

    /// The other end is gone.
    pub(super) fn lose_all(&self) {
        self.known().clear();
    }

    fn known(&self) -> MutexGuard<'_, HashMap<u32, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection.
pub(super) struct Connection {
    voice: Voice,
    heard: mpsc::UnboundedReceiver<Said>,
}

/// What speaks for a connection.
pub(super) struct Voice {
    number: u32,
    room: Arc<Semaphore>,
    connections: Arc<Connections>,
    /// Whether the other end has said, or was told, its last word.
    is_over: AtomicBool,
}

impl Connection {
    /// Says something of it.
    pub(super) async fn say(&self, said: Said) -> io::Result<()> {
        self.voice.say(said).await
    }

    /// The next that the other end says of it. May be dropped and called again without a loss.
    pub(super) async fn hear(&mut self) -> io::Result<Said> {
        self.split().1.hear().await
    }

    /// Both directions apart.
    pub(super) fn split(&mut self) -> (&Voice, Ears<'_>) {
        (&self.voice, Ears { voice: &self.voice, heard: &mut self.heard })
    }

    /// What speaks for it.
    pub(super) fn voice(&self) -> &Voice {
        &self.voice
    }
}

impl Voice {
    pub(super) async fn say(&self, said: Said) -> io::Result<()> {
        if matches!(said, Said::Lost(_)) {
            self.is_over();
        }
        let frame = Frame { connection: self.number, said };
        self.connections.mouth.send(frame).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    /// Nothing more needs to be said.
    pub(super) fn is_over(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Sends data as soon as the other end has room for it.
    pub(super) async fn send(&self, bytes: Vec<u8>) -> io::Result<()> {
        let needed = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.room.acquire_many(needed).await.map_err(io::Error::other)?.forget();
        self.say(Said::Data(bytes)).await
    }

    /// Sends a datagram, or drops it where there is no room, as a network does.
    pub(super) async fn send_or_drop(&self, datagram: &[u8]) -> io::Result<()> {
        let needed = u32::try_from(datagram.len()).map_err(io::Error::other)?;
        match self.room.try_acquire_many(needed) {
            Ok(room) => room.forget(),
            Err(_) => return Ok(()),
        }
        self.say(Said::Data(datagram.to_vec())).await
    }

    /// So much of what came was passed on.
    pub(super) async fn passed(&self, length: usize) -> io::Result<()> {
        self.say(Said::Passed(u32::try_from(length).map_err(io::Error::other)?)).await
    }
}

/// What hears for a connection.
pub(super) struct Ears<'a> {
    pub(super) voice: &'a Voice,
    heard: &'a mut mpsc::UnboundedReceiver<Said>,
}

impl Ears<'_> {
    pub(super) async fn hear(&mut self) -> io::Result<Said> {
        let said = self.heard.recv().await.ok_or_else(|| io::Error::other("the tunnel was lost"))?;
        if matches!(said, Said::Lost(_)) {
            self.voice.is_over();
        }
        Ok(said)
    }
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.connections.known().remove(&self.number);
        let Ok(runtime) = Handle::try_current() else { return };
        if !self.is_over.load(Ordering::Relaxed) {
            let mouth = self.connections.mouth.clone();
            let said = Said::Lost("whom it was for is gone".to_owned());
            let frame = Frame { connection: self.number, said };
            runtime.spawn(async move { drop(mouth.send(frame).await) });
        }
    }
}
