//! The terminal that porthole shares with the commands it runs.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::process::{Pid, Signal, kill_current_process_group};
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
    is_given: Cell<bool>,
}

impl Foreground {
    /// The terminal of standard input, where it is one whose foreground this process is in and standard output is the
    /// same; a pipeline keeps its terminal.
    pub fn of_this_process() -> Option<Self> {
        let (input, output) = (io::stdin(), io::stdout());
        let group = own_group()?;
        if !isatty(&output) || tcgetpgrp(&input) != Ok(group) {
            return None;
        }
        let terminal = input.as_fd().try_clone_to_owned().ok()?;
        let settings = tcgetattr(&terminal).ok()?;
        Some(Self { terminal, group, settings, is_given: Cell::new(false) })
    }

    /// Notes that somebody else takes the foreground now; false where it is not this process's to give.
    pub fn give(&self) -> bool {
        let is_ours = tcgetpgrp(&self.terminal) == Ok(self.group);
        self.is_given.set(self.is_given.get() || is_ours);
        is_ours
    }

    /// Takes back what was given, with the settings that it had. A terminal that is gone needs neither.
    pub fn take_back(&self) {
        if !self.is_given.replace(false) {
            return;
        }
        let _gone = without_terminal_stop(|| {
            tcsetpgrp(&self.terminal, self.group)?;
            tcsetattr(&self.terminal, OptionalActions::Drain, &self.settings)
        });
    }
}

/// Whether this process is in the foreground of a terminal that one of its standard streams is.
pub fn is_in_foreground() -> bool {
    let (input, output, errors) = (io::stdin(), io::stdout(), io::stderr());
    let mut streams = [input.as_fd(), output.as_fd(), errors.as_fd()].into_iter();
    own_group().is_some_and(|group| streams.any(|stream| tcgetpgrp(stream) == Ok(group)))
}

/// The process group of this process; `None` where it is of a pid namespace that is not seen from here, for which rustix has
/// no answer.
#[expect(unsafe_code, reason = "rustix takes for granted that there is one")]
pub(crate) fn own_group() -> Option<Pid> {
    // SAFETY: getpgrp(2) only answers.
    Pid::from_raw(unsafe { libc::getpgrp() })
}

/// Stops this process and those it was started with, as ^Z does; returns when it goes on.
pub fn stop_as_terminal_does() {
    // Where nobody could let it go on, the kernel does not stop it.
    let _not_stopped = kill_current_process_group(Signal::TSTP);
}

impl Drop for Foreground {
    fn drop(&mut self) {
        self.take_back();
    }
}
