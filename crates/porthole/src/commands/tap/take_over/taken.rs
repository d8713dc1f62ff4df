//! The place that was taken, for threads: nothing is mounted any more once it was given back.

use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use porthole_host::{HeldSocket, LinuxHost, Mounted, SocketPlace};

use super::{refusal, restore};
use crate::error::CommandError;

/// The place that was taken.
pub(super) struct Taken {
    host: LinuxHost,
    place: SocketPlace,
    /// The engine's own socket, once the place was taken.
    engine: OnceLock<Arc<HeldSocket>>,
    /// Held by whoever changes something; true once the place was given back.
    is_over: Mutex<bool>,
}

impl Taken {
    pub(super) fn new(host: LinuxHost, place: SocketPlace) -> Self {
        Self { host, place, engine: OnceLock::new(), is_over: Mutex::new(false) }
    }

    pub(super) fn place(&self) -> &SocketPlace {
        &self.place
    }

    /// Puts the stand-in at the path, in the likeness of what is there.
    pub(super) fn take(&self) -> Result<(), CommandError> {
        let taken = self.place.liken().and_then(|()| self.place.take()).and_then(|()| self.hold());
        taken.map_err(|error| refusal::cannot(&self.place, error))
    }

    /// The engine's own socket, past the stand-in; `None` before the place was taken.
    pub(super) fn engine(&self) -> Option<Arc<HeldSocket>> {
        self.engine.get().cloned()
    }

    /// Holds on to the engine's socket: on the way back it changes its name while clients are let in.
    fn hold(&self) -> io::Result<()> {
        let original = self.place.original();
        if let Some(held) = self.engine.get() {
            return held.replace(&original);
        }
        let held = Arc::new(HeldSocket::at(&original)?);
        self.engine.get_or_init(|| held);
        Ok(())
    }

    /// The same after the engine made its socket anew.
    pub(super) fn take_again(&self) -> Result<(), CommandError> {
        // Whoever held the old socket keeps a dead one, as without porthole; what is mounted over it must not hinder.
        let _told_in_the_end = self.host.uncover(&self.place)?;
        self.take()
    }

    /// Whether the engine made a socket of its own anew at the path, and listens.
    pub(super) fn is_anew(&self) -> Result<bool, CommandError> {
        let is_anew = self.place.is_taken().and_then(|taken| Ok(!taken && self.place.is_live()?));
        is_anew.map_err(|error| refusal::cannot(&self.place, error))
    }

    /// Switches over whoever holds the file of the engine's socket.
    pub(super) fn cover(&self) -> Result<Vec<Mounted>, CommandError> {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_over { Ok(Vec::new()) } else { Ok(self.host.cover(&self.place)?) }
    }

    /// Gives the place back.
    pub(super) fn restore(&self) -> Result<Vec<Mounted>, CommandError> {
        let mut is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        *is_over = true;
        restore::restore(&self.host, &self.place)
    }
}
