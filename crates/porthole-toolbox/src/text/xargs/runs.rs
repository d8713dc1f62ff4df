//! The commands of `xargs` as they run, some of them at the same time.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use rustix::process::{WaitOptions, WaitStatus, wait};

use super::XargsArguments;
use crate::trouble::{Trouble, reason, say};

/// A command failed.
const FAILED: i32 = 123;
/// A command asked to end it all, by its code 255.
const ENDED: i32 = 124;
/// A command was killed.
const KILLED: i32 = 125;
/// A command could not be run.
const NOT_RUN: i32 = 126;
/// There is no such command.
const NOT_FOUND: i32 = 127;

/// Commands that run.
pub(super) struct Runs<'a> {
    arguments: &'a XargsArguments,
    running: usize,
    code: i32,
}

impl<'a> Runs<'a> {
    pub(super) fn new(arguments: &'a XargsArguments) -> Self {
        Self { arguments, running: 0, code: 0 }
    }

    /// Runs a command, as soon as there is room for it; false where no other one is to be run.
    pub(super) fn begin(&mut self, words: &[OsString]) -> Result<bool, Trouble> {
        while self.arguments.max_procs > 0 && self.running >= self.arguments.max_procs {
            self.await_one()?;
        }
        if self.code >= ENDED {
            return Ok(false);
        }
        if self.arguments.verbose {
            let shown = words.join(" ".as_ref());
            writeln!(io::stderr(), "{}", shown.display())?;
        }
        match Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).spawn() {
            Ok(_child) => self.running += 1,
            Err(error) => {
                say("xargs", format!("{}: {}", words[0].display(), reason(&error)));
                self.code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_RUN };
            }
        }
        // A command that runs alone tells before the next one begins whether there is to be one.
        if self.arguments.max_procs == 1 && self.running > 0 {
            self.await_one()?;
        }
        Ok(self.code < ENDED)
    }

    /// Waits for all that run, and gives the exit code.
    pub(super) fn end(mut self) -> Result<i32, Trouble> {
        while self.running > 0 {
            self.await_one()?;
        }
        Ok(self.code)
    }

    fn await_one(&mut self) -> Result<(), Trouble> {
        if let Some((_, status)) = wait(WaitOptions::empty()).map_err(io::Error::from)? {
            self.running -= 1;
            self.code = self.code.max(code(status));
        }
        Ok(())
    }
}

fn code(status: WaitStatus) -> i32 {
    match status.exit_status() {
        Some(0) => 0,
        Some(255) => ENDED,
        Some(_) => FAILED,
        None => KILLED,
    }
}
