//! The user's terminal as a session elsewhere needs it: its size, and its keys one by one.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
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
