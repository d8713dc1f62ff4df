//! A second process that gives the place back when the tap is gone without a word, `kill -9` included.
//!
//! It is porthole itself, under another name. Its standard input is one end of a socket pair, whose other end only the tap has; its
//! standard output is the journal, whose lock it shares in that way.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use porthole_host::{LinuxHost, Roots};
use tokio::time::timeout;

use super::journal::{self, Journal};
use super::restore::restore;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;

/// How long it may take to start on a busy host.
const START: Duration = Duration::from_secs(30);

/// The only byte that either says: "I watch", and "it is given back".
const WORD: [u8; 1] = [b'.'];

/// The name it is started under, by which porthole knows that it is to be one, and the name of its process.
const NAME: &str = "porthole-guard";

/// A guardian that watches.
#[derive(Debug)]
pub(super) struct Guardian {
    process: Child,
    line: tokio::net::UnixStream,
}

impl Guardian {
    /// Starts one; it watches when this returns.
    pub(super) async fn start(journal: &Journal) -> Result<Self, CommandError> {
        let failed = |error| {
            CommandError::caused_by(
                "cannot start the guardian that gives the socket back if porthole is killed",
                error,
            )
        };
        let guardian = Self::spawn(journal).map_err(failed)?;
        let watches = timeout(START, guardian.hear()).await;
        match watches {
            Ok(true) => Ok(guardian),
            Ok(false) => Err(failed(std::io::Error::other("it ended at once"))),
            Err(late) => Err(failed(late.into())),
        }
    }

    /// Ends when the guardian is gone; never, where there is none.
    pub(super) async fn lost(guardian: Option<&Self>) {
        match guardian {
            Some(guardian) => while guardian.hear().await {},
            None => std::future::pending().await,
        }
    }

    /// Tells it that the place is given back, and waits for its end.
    pub(super) fn dismiss(mut self) {
        // One that is gone already needs no word.
        let _gone = self.line.try_write(&WORD);
        drop(self.line);
        let _reaped = self.process.wait();
    }

    fn spawn(journal: &Journal) -> std::io::Result<Self> {
        let (line, theirs) = UnixStream::pair()?;
        line.set_nonblocking(true)?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0(NAME).arg(journal.socket()).env_clear();
        command.stdin(OwnedFd::from(theirs)).stdout(journal.shared_lock()?).stderr(Stdio::null());
        let process = command.spawn()?;
        Ok(Self { process, line: tokio::net::UnixStream::from_std(line)? })
    }

    /// Waits for a byte; false when none can come any more.
    async fn hear(&self) -> bool {
        loop {
            if self.line.readable().await.is_err() {
                return false;
            }
            match self.line.try_read(&mut [0]) {
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                heard => return heard.is_ok_and(|bytes| bytes > 0),
            }
        }
    }
}

/// The socket to watch over, where this process was started as a guardian.
pub(crate) fn guarded_socket(mut arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let name = arguments.next()?;
    if name == NAME { arguments.next().map(PathBuf::from) } else { None }
}

/// The guardian itself: waits until the tap is gone, and gives the place back unless the tap said that it has.
pub(crate) fn guard(socket: &Path) -> Exit {
    // There is nobody to tell: the journal stays for the next run.
    let guarded = watch().is_ok_and(|given_back| given_back || give_back(socket).is_ok());
    if guarded { Exit::Success } else { Exit::Failure }
}

fn give_back(socket: &Path) -> Result<(), CommandError> {
    restore(&LinuxHost::new(Roots::default()), &journal::place(socket)?)?;
    journal::remove(socket);
    Ok(())
}

fn watch() -> std::io::Result<bool> {
    let mut line = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let signals = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    signals.block_on(async { interrupt::ignore() })?;
    porthole_host::stand_alone(NAME)?;
    line.write_all(&WORD)?;
    let mut heard = Vec::new();
    // A tap that is killed may reset the line, which is its end as well.
    let _ended = line.read_to_end(&mut heard);
    Ok(heard == WORD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_name_makes_a_guardian() {
        let socket = |words: [&str; 2]| guarded_socket(words.map(OsString::from).into_iter());
        assert_eq!(socket([NAME, "/run/docker.sock"]), Some("/run/docker.sock".into()));
        assert_eq!(socket(["porthole", "/run/docker.sock"]), None);
    }
}
