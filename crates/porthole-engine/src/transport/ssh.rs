//! Streams over the user's `ssh`, as the docker CLI opens them: `ssh … docker system dial-stdio`.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use super::{Dialled, Heard, Traces};
use crate::connect_error::ConnectCause;
use crate::endpoint::SshDestination;

/// Starts ssh; whether it gets anywhere shows with the first answer.
pub(super) fn dial(destination: &SshDestination) -> Result<Dialled, ConnectCause> {
    let mut child = Command::new("ssh")
        .args(arguments(destination))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| not_started(destination, source))?;
    let pipes = (child.stdout.take(), child.stdin.take(), child.stderr.take());
    let (Some(output), Some(input), Some(errors)) = pipes else {
        return Err(not_started(destination, ErrorKind::BrokenPipe.into()));
    };
    let traces = Traces { heard: Heard::default(), ssh: Some(SshWords::listen_to(errors)) };
    let stream = SshStream { output, input: Some(input), _child: child };
    Ok(Dialled { stream: Box::new(traces.heard.listen_to(stream)), traces, peer: None })
}

/// Follows docker/cli's connhelper: `-T` for no terminal, `--` against hosts that look like options.
fn arguments(destination: &SshDestination) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Some(user) = &destination.user {
        arguments.extend(["-l".to_owned(), user.clone()]);
    }
    if let Some(port) = destination.port {
        arguments.extend(["-p".to_owned(), port.to_string()]);
    }
    arguments.extend(["-o", "ConnectTimeout=30", "-T", "--", &destination.host, "docker"].map(str::to_owned));
    if let Some(socket) = &destination.socket {
        // ssh hands the words to the remote shell as one line.
        arguments.extend(["--host".to_owned(), format!("'unix://{}'", socket.replace('\'', r"'\''"))]);
    }
    arguments.extend(["system", "dial-stdio"].map(str::to_owned));
    arguments
}

fn not_started(destination: &SshDestination, source: io::Error) -> ConnectCause {
    match source.kind() {
        ErrorKind::NotFound => ConnectCause::SshNotInstalled { destination: destination.to_string() },
        _ => ConnectCause::Failed { attempt: "running ssh".to_owned(), source },
    }
}

/// What ssh writes to its standard error.
#[derive(Clone)]
pub(crate) struct SshWords {
    said: Arc<Mutex<Vec<u8>>>,
    ended: watch::Receiver<bool>,
}

/// More than any message of ssh.
const KEPT: usize = 4096;

impl SshWords {
    fn listen_to(mut errors: ChildStderr) -> Self {
        let said = Arc::new(Mutex::new(Vec::new()));
        let (end, ended) = watch::channel(false);
        let kept = Arc::clone(&said);
        tokio::spawn(async move {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = errors.read(&mut buffer).await {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = KEPT - kept.len().min(KEPT);
                kept.extend(buffer[..length].iter().take(room));
            }
            end.send_replace(true);
        });
        Self { said, ended }
    }

    /// What ssh said, once it has ended, or for as long as a dying process may need.
    pub(crate) async fn last_words(&mut self) -> String {
        let end = self.ended.wait_for(|ended| *ended);
        drop(tokio::time::timeout(Duration::from_secs(2), end).await);
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = String::from_utf8_lossy(&said);
        lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// ssh's standard output and input as one stream; ssh ends with it.
struct SshStream {
    output: ChildStdout,
    /// Given up with the shutdown: a pipe has no other way to tell that no more comes.
    input: Option<ChildStdin>,
    _child: Child,
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(context, buffer)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_write(context, bytes),
            None => Poll::Ready(Err(ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.input {
            Some(input) => Pin::new(input).poll_flush(context),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(self.as_mut().poll_flush(context));
        self.input = None;
        Poll::Ready(flushed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_the_docker_cli_s() {
        let mut destination =
            SshDestination { user: Some("me".into()), host: "h".into(), port: Some(23), socket: None };
        let line = arguments(&destination).join(" ");
        assert_eq!(line, "-l me -p 23 -o ConnectTimeout=30 -T -- h docker system dial-stdio");
        destination = SshDestination { user: None, port: None, socket: Some("/a'b".into()), ..destination };
        let line = arguments(&destination).join(" ");
        assert_eq!(line, r"-o ConnectTimeout=30 -T -- h docker --host 'unix:///a'\''b' system dial-stdio");
    }
}
