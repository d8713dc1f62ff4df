//! The client's side of a session: the keeper that it started, and the line to it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::io::FdFlags;

use super::line::{self, Request};
use super::plan::EntryPlan;

/// The name that a keeper is started under, by which porthole knows that it is to be one.
pub(super) const KEEPER: &str = "porthole-keeper";

/// A session that was started. It ends when this is dropped, and with the process that holds it.
#[derive(Debug)]
pub struct Session {
    keeper: Child,
    line: UnixStream,
}

impl Session {
    /// Starts a keeper with these as the command's input and output. What becomes of it is told on the line.
    pub fn start(plan: &EntryPlan, input: Stdio, output: Stdio, errors: Stdio) -> io::Result<Self> {
        let (mut line, theirs) = UnixStream::pair()?;
        let mut command = Command::new("/proc/self/exe");
        command.arg0(KEEPER).arg(theirs.as_raw_fd().to_string()).env_clear();
        command.stdin(input).stdout(output).stderr(errors);
        let keeper = spawn_with(command, theirs.into())?;
        line::say(&mut line, plan)?;
        Ok(Self { keeper, line })
    }

    /// The command's output and errors, where they were started as pipes.
    pub fn outputs(&mut self) -> (Option<std::process::ChildStdout>, Option<std::process::ChildStderr>) {
        (self.keeper.stdout.take(), self.keeper.stderr.take())
    }

    /// The command's input, where it was started as a pipe.
    pub fn input(&mut self) -> Option<std::process::ChildStdin> {
        self.keeper.stdin.take()
    }

    /// A second handle of the line, on which a [`Report`](super::Report) comes as a line of JSON each, until nothing of the
    /// session is left.
    pub fn reports(&self) -> io::Result<UnixStream> {
        self.line.try_clone()
    }

    /// Asks for something; a session that is over needs not be asked.
    pub fn ask(&self, request: Request) {
        let _over = line::say(&mut &self.line, &request);
    }

    /// Ends the session if it goes on, waits for its end, and gives its exit code.
    pub fn end(mut self) -> io::Result<u8> {
        self.finish()
    }

    fn finish(&mut self) -> io::Result<u8> {
        self.line.shutdown(std::net::Shutdown::Both).or_else(|error| match error.kind() {
            io::ErrorKind::NotConnected => Ok(()),
            _ => Err(error),
        })?;
        let status = self.keeper.wait()?;
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Ok(u8::try_from(code).unwrap_or(u8::MAX))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _has_ended = self.finish();
    }
}

/// Held while a descriptor is open that a keeper is to inherit, so that no other keeper does.
static STARTING: Mutex<()> = Mutex::new(());

/// Starts the command, which has `inherited` under the same number.
fn spawn_with(mut command: Command, inherited: OwnedFd) -> io::Result<Child> {
    let _one_by_one = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let inherited = inherited;
    rustix::io::fcntl_setfd(&inherited, FdFlags::empty())?;
    command.spawn()
}
