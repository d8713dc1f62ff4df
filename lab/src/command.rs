//! Running one command under a time limit, which ends the command and all that it started.

use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::LabError;
use crate::process::wait_until;

/// How long a command's pipes are read on after it ended: something it left running may hold them.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// What a command left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The command as typed.
    pub command: String,
    /// Its exit code; 128 + N after signal N, 124 after the time limit, 127 when it could not be run.
    pub code: i32,
    /// What it wrote to its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// What it wrote to its standard error.
    pub stderr: String,
    /// The time limit that ended it, if one did.
    pub ended_after: Option<Duration>,
}

impl Output {
    /// The trimmed standard output of a command that succeeded.
    pub fn ok(self) -> Result<String, LabError> {
        if self.code == 0 {
            return Ok(self.stdout.trim().to_owned());
        }
        Err(LabError::Command { command: self.command.clone(), output: Box::new(self) })
    }

    #[track_caller]
    pub(crate) fn expect_ok(self) -> String {
        assert!(self.code == 0, "`{}` failed with {self}", self.command);
        self.stdout.trim().to_owned()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ended_after {
            Some(limit) => write!(f, "no end within {} s, so it was killed", limit.as_secs_f32())?,
            None => write!(f, "code {}", self.code)?,
        }
        write!(f, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout.trim_end(), self.stderr.trim_end())
    }
}

/// Runs `command`, called `typed` in messages, for at most `limit`.
pub(crate) fn run(mut command: Command, typed: &str, limit: Duration) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    match command.spawn() {
        Ok(child) => watch(child, typed, limit),
        Err(error) => Output {
            command: typed.to_owned(),
            code: 127,
            stdout: String::new(),
            stderr: format!("failed to run {}: {error}", command.get_program().display()),
            ended_after: None,
        },
    }
}

/// The command as a person would type it.
pub(crate) fn typed(words: &[&str]) -> String {
    words.join(" ")
}

fn watch(mut child: Child, typed: &str, limit: Duration) -> Output {
    let stdout = child.stdout.take().map(gather);
    let stderr = child.stderr.take().map(gather);
    let (status, ended_after) = wait(&mut child, limit);
    let deadline = Instant::now() + AFTERWARDS;
    Output {
        command: typed.to_owned(),
        code: if ended_after.is_some() { 124 } else { exit_code(&status) },
        stdout: text(stdout.as_ref(), deadline),
        stderr: text(stderr.as_ref(), deadline),
        ended_after,
    }
}

fn wait(child: &mut Child, limit: Duration) -> (io::Result<ExitStatus>, Option<Duration>) {
    let mut ended = None;
    wait_until(limit, || {
        ended = child.try_wait().transpose();
        ended.is_some()
    });
    if let Some(status) = ended {
        return (status, None);
    }
    kill_group(child);
    (child.wait(), Some(limit))
}

/// The wrapper's group reaches into the lab's process namespace.
fn kill_group(child: &Child) {
    if let Ok(pid) = i32::try_from(child.id()) {
        killpg(Pid::from_raw(pid), Signal::SIGKILL).ok();
    }
}

fn exit_code(status: &io::Result<ExitStatus>) -> i32 {
    match status {
        Ok(status) => status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
        Err(_) => 127,
    }
}

/// Sends on what the pipe gives, piece by piece, until its end.
fn gather(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

fn text(pieces: Option<&Receiver<Vec<u8>>>, deadline: Instant) -> String {
    let mut bytes = Vec::new();
    while let Some(pieces) = pieces {
        match pieces.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(piece) => bytes.extend(piece),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Output {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, script, limit)
    }

    #[test]
    fn the_limit_ends_the_command_and_its_children() {
        let output = shell("echo begun; sleep 3210 | cat", Duration::from_millis(300));
        assert_eq!((output.code, output.stdout.as_str()), (124, "begun\n"));
        assert!(output.to_string().contains("so it was killed"));
    }

    #[test]
    fn a_child_left_behind_does_not_hold_the_caller() {
        let output = shell("sleep 30 & echo $!", Duration::from_secs(20));
        assert_eq!(output.code, 0);
        shell(&format!("kill {}", output.stdout.trim()), Duration::from_secs(20));
    }

    #[test]
    fn codes_and_signals() {
        assert_eq!(shell("exit 3", Duration::from_secs(20)).code, 3);
        assert_eq!(shell("kill -9 $$", Duration::from_secs(20)).code, 137);
    }
}
