//! Terminals that porthole makes for commands that it starts.

use std::ffi::c_int;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::OFlags;
use rustix::ioctl::{Getter, Setter, ioctl, opcode};
use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::Cells;

/// The end of a pseudo-terminal that a terminal emulator has: what is written there was typed, what is read there is
/// to be shown.
#[derive(Debug)]
pub struct PseudoTerminal(File);

impl PseudoTerminal {
    /// A new one of this size, and its other end, for a command's streams. Reading and writing this end does not wait.
    pub fn open(size: Cells) -> io::Result<(Self, File)> {
        let terminal = Self(open("/dev/ptmx", OFlags::NONBLOCK)?);
        let other_end = terminal.unlock()?;
        terminal.resize(size)?;
        Ok((terminal, open(&other_end, OFlags::empty())?))
    }

    /// Gives it another size, of which the programs at its other end are told.
    pub fn resize(&self, size: Cells) -> io::Result<()> {
        let size = Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&self.0, size)?)
    }

    /// What bytes are read from and written to.
    pub fn file(&self) -> &File {
        &self.0
    }

    /// Lets the other end be opened, and gives its path (`ioctl_tty(2)`).
    #[expect(
        unsafe_code,
        reason = "rustix has safe wrappers of these behind a feature that nothing else needs"
    )]
    fn unlock(&self) -> io::Result<String> {
        const LOCK: u32 = opcode::write::<c_int>(b'T', 0x31);
        const NUMBER: u32 = opcode::read::<u32>(b'T', 0x30);
        // SAFETY: TIOCSPTLCK reads an int, which is 0 for "not locked".
        unsafe { ioctl(&self.0, Setter::<LOCK, c_int>::new(0)) }?;
        // SAFETY: TIOCGPTN writes an unsigned int.
        let number = unsafe { ioctl(&self.0, Getter::<NUMBER, u32>::new()) }?;
        Ok(format!("/dev/pts/{number}"))
    }
}

impl AsFd for PseudoTerminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for PseudoTerminal {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

fn open(path: &str, flags: OFlags) -> io::Result<File> {
    let flags = (flags | OFlags::NOCTTY).bits().cast_signed();
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)
}

/// Lets `command`, whose standard input is a terminal of its own, begin a session with that terminal.
#[expect(unsafe_code, reason = "what a child does between fork and exec is unsafe to give")]
pub fn begin_with_terminal(command: &mut Command) {
    let take_control = || {
        setsid()?;
        ioctl_tiocsctty(rustix::stdio::stdin())?;
        Ok(())
    };
    // SAFETY: both are system calls and no more; nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(take_control) };
}
