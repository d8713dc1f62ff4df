//! What a program does with the terminal that porthole shares with it.

use std::os::fd::AsFd;

use rustix::termios::{LocalModes, tcgetattr};

/// Whether a program has taken the terminal for itself: it reads key by key, as an editor or a shell in a container
/// does. What is no terminal is not taken.
pub fn is_taken(terminal: impl AsFd) -> bool {
    tcgetattr(terminal).is_ok_and(|modes| !modes.local_modes.contains(LocalModes::ICANON))
}
