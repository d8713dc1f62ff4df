//! The place that was taken, for threads: nothing is mounted any more once it was given back.

use std::sync::{Mutex, PoisonError};

use porthole_host::{LinuxHost, Mounted, SocketPlace};

use super::{refusal, restore};
use crate::error::CommandError;

/// The place that was taken.
pub(super) struct Taken {
    host: LinuxHost,
    place: SocketPlace,
    /// Held by whoever changes something; true once the place was given back.
    is_over: Mutex<bool>,
}

impl Taken {
    pub(super) fn new(host: LinuxHost, place: SocketPlace) -> Self {
        Self { host, place, is_over: Mutex::new(false) }
    }

    pub(super) fn place(&self) -> &SocketPlace {
        &self.place
    }

    /// Puts the stand-in at the path, in the likeness of what is there.
    pub(super) fn take(&self) -> Result<(), CommandError> {
        let taken = self.place.liken().and_then(|()| self.place.take());
        taken.map_err(|error| refusal::cannot(&self.place, error))
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
