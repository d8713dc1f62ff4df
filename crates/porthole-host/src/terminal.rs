//! The terminal that porthole shares with other programs: its size, and who reads its keys.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
}

/// Whether a program has taken the terminal for itself: it reads key by key, as an editor or a shell in a container
/// does. What is no terminal is not taken.
pub fn is_taken(terminal: impl AsFd) -> bool {
    tcgetattr(terminal).is_ok_and(|modes| !modes.local_modes.contains(LocalModes::ICANON))
}

/// The size of a terminal; `None` of what is none.
pub fn cells(terminal: impl AsFd) -> Option<Cells> {
    let size = tcgetwinsize(terminal).ok()?;
    Some(Cells { rows: size.ws_row, columns: size.ws_col })
}

/// A terminal whose keys come one by one, unread and unechoed by the kernel: `^C` is a byte. Dropping it gives the
/// terminal back as it was found.
#[derive(Debug)]
pub struct RawTerminal {
    terminal: OwnedFd,
    found: Termios,
}

impl RawTerminal {
    /// Takes the terminal. `Interrupted` or `Other` where the terminal belongs to another job or is gone.
    pub fn take(terminal: impl AsFd) -> io::Result<Self> {
        let terminal = terminal.as_fd().try_clone_to_owned()?;
        let found = tcgetattr(&terminal)?;
        let mut raw = found.clone();
        raw.make_raw();
        tcsetattr(&terminal, OptionalActions::Now, &raw)?;
        Ok(Self { terminal, found })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that was closed needs nothing back.
        let _closed = tcsetattr(&self.terminal, OptionalActions::Now, &self.found);
    }
}
