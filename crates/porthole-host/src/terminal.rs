//! The terminal that porthole shares with the commands it runs.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::process::{Pid, getpgrp};
use rustix::termios::{
    LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcsetattr, tcsetpgrp,
};

use crate::entry::without_terminal_stop;

/// Whether a program has taken the terminal for itself: it reads key by key, as an editor or a shell in a container
/// does. What is no terminal is not taken.
pub fn is_taken(terminal: impl AsFd) -> bool {
    tcgetattr(terminal).is_ok_and(|modes| !modes.local_modes.contains(LocalModes::ICANON))
}

/// A terminal whose foreground this process gives away, and takes back with the settings that it had.
#[derive(Debug)]
pub struct Foreground {
    terminal: OwnedFd,
    group: Pid,
    settings: Termios,
}

impl Foreground {
    /// The terminal of standard input, where it is one whose foreground this process is in and standard output is the
    /// same; a pipeline keeps its terminal.
    pub fn of_this_process() -> Option<Self> {
        let (input, output) = (io::stdin(), io::stdout());
        let group = getpgrp();
        if !isatty(&output) || tcgetpgrp(&input) != Ok(group) {
            return None;
        }
        let terminal = input.as_fd().try_clone_to_owned().ok()?;
        let settings = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, group, settings })
    }

    /// Whether this process is in the foreground.
    pub fn is_ours(&self) -> bool {
        tcgetpgrp(&self.terminal) == Ok(self.group)
    }

    /// Takes the foreground and the settings back. A terminal that is gone needs neither.
    pub fn take_back(&self) {
        let _gone = without_terminal_stop(|| {
            tcsetpgrp(&self.terminal, self.group)?;
            tcsetattr(&self.terminal, OptionalActions::Drain, &self.settings)
        });
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        self.take_back();
    }
}
