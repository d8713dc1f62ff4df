//! Standard error beside a command: while the command has the terminal for itself, lines wait.

use std::io::{self, Write};

/// How many bytes wait before they are written all the same.
const MOST: usize = 4 << 20;

/// Standard error, for lines that must not disturb a shell or an editor on the same terminal.
#[derive(Debug, Default)]
pub(super) struct Aside {
    waiting: Vec<u8>,
}

impl Aside {
    fn write_waiting(&mut self) -> io::Result<()> {
        io::stderr().lock().write_all(&std::mem::take(&mut self.waiting))
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let must_wait = porthole_host::is_taken(io::stderr()) && self.waiting.len() < MOST;
        if must_wait { Ok(()) } else { self.write_waiting() }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _untold = self.write_waiting();
    }
}
