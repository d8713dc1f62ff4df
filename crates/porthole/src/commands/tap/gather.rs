//! Lines that belong together go out together: what one event says is one write.

use std::io::{self, Write};

/// More than this does not wait for the end of an event.
const MOST: usize = 256 * 1024;

/// Gathers what is written until it is released. A flush is left to the release.
pub(super) struct Gather {
    out: Box<dyn Write + Send>,
    waiting: Vec<u8>,
}

impl Gather {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, waiting: Vec::new() }
    }

    /// Writes what was gathered.
    pub(super) fn release(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let written = self.out.write_all(&self.waiting);
        self.waiting.clear();
        written.and_then(|()| self.out.flush())
    }
}

impl Write for Gather {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() > MOST {
            self.release()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
