//! A command of the user with everything that it starts.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use porthole_model::Pid;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// The numbers of SIGTERM and SIGKILL.
const TERMINATE: u8 = 15;
const KILL: u8 = 9;

/// How long a command that was asked to end may take to do so.
const PARTING: Duration = Duration::from_secs(2);

/// A command with everything that it starts. Dropped before it has ended, all of it is killed.
pub(super) struct Running {
    pub(super) child: Child,
}

/// `sh -c command`.
pub(super) fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    shell
}

impl Running {
    /// Starts it in a process group of its own.
    pub(super) fn start(mut command: Command) -> io::Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()? })
    }

    /// Gives it its input and waits for its end, but no longer than `limit`, and not when porthole stops; how it failed, in
    /// words.
    pub(super) async fn ended(
        &mut self,
        input: &str,
        limit: Duration,
        stop: impl Future<Output = ()>,
    ) -> Result<(), String> {
        let heard_and_ended = async {
            self.hear(input).await;
            self.child.wait().await
        };
        let ended = tokio::select! {
            ended = tokio::time::timeout(limit, heard_and_ended) => ended,
            () = stop => {
                self.end().await;
                return Err("was ended, as porthole was asked to stop".to_owned());
            }
        };
        match ended {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(failure(status)),
            Ok(Err(error)) => Err(format!("cannot be waited for: {error}")),
            Err(_) => {
                self.end().await;
                Err(format!("did not end within {} s, and was ended", limit.as_secs_f32()))
            }
        }
    }

    /// One that does not read its input is no failure.
    async fn hear(&mut self, input: &str) {
        if let Some(mut pipe) = self.child.stdin.take() {
            let _unread = pipe.write_all(input.as_bytes()).await;
        }
    }

    /// Asks it to end, and does not ask twice.
    async fn end(&mut self) {
        self.signal(TERMINATE);
        let _late = tokio::time::timeout(PARTING, self.child.wait()).await;
    }

    /// To the whole group, as long as its leader was not waited for: its number may be another's after that.
    fn signal(&self, number: u8) {
        if let Some(leader) = self.child.id() {
            porthole_host::signal_group(Pid(leader), number);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.signal(KILL);
    }
}

/// Ends when porthole is to stop.
pub(super) async fn stopping(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }
}

fn failure(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("failed with exit code {code}"),
        None => format!("was ended: {status}"),
    }
}
