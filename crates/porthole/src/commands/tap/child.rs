//! The command that is run beside the tap, and how porthole ends with it.

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use porthole_model::Pid;
use porthole_tap::audit::Audit;
use tokio::process::{Child, Command};
use tokio::sync::Notify;

use super::audit;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;

/// What would lead the command past the tap.
const OTHER_WAYS: [&str; 4] = ["DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"];

/// Starts the command with `DOCKER_HOST` set to `url`; `None` where there is no command.
pub(super) fn start(words: &[String], url: &str) -> Result<Option<Child>, CommandError> {
    start_with(words, |command| {
        command.env("DOCKER_HOST", url);
        for variable in OTHER_WAYS {
            command.env_remove(variable);
        }
    })
}

/// Starts the command with what tells it of a raw relay; `None` where there is no command.
pub(super) fn start_beside_raw(
    words: &[String],
    url: &str,
    port: Option<SocketAddr>,
) -> Result<Option<Child>, CommandError> {
    start_with(words, |command| {
        command.env("PORTHOLE_TAP", url);
        if let Some(address) = port {
            command.env("PORTHOLE_TAP_HOST", address.ip().to_string());
            command.env("PORTHOLE_TAP_PORT", address.port().to_string());
        }
    })
}

fn start_with(words: &[String], prepare: impl FnOnce(&mut Command)) -> Result<Option<Child>, CommandError> {
    let Some((program, arguments)) = words.split_first() else { return Ok(None) };
    let mut command = Command::new(program);
    command.args(arguments);
    prepare(&mut command);
    let child = command.spawn();
    Ok(Some(child.map_err(|error| CommandError::caused_by(format!("cannot run {program}"), error))?))
}

/// Waits for the command, or without one for a signal or for the reader of our output to go away.
pub(super) async fn until_the_end(
    child: Option<Child>,
    unread: &Notify,
    audit: Option<&Audit>,
) -> Result<Exit, CommandError> {
    let Some(audit) = audit else { return until_stopped(child, unread, true).await };
    // With an audit, SIGHUP is the sign of a rotation, and ends nothing.
    tokio::select! {
        exit = until_stopped(child, unread, false) => exit,
        () = audit::follow_rotation(audit) => Ok(Exit::Success),
    }
}

async fn until_stopped(
    child: Option<Child>,
    unread: &Notify,
    hangup_stops: bool,
) -> Result<Exit, CommandError> {
    let Some(mut child) = child else {
        tokio::select! {
            () = interrupt::interrupted() => {}
            () = interrupt::terminated(hangup_stops) => {}
            () = unread.notified() => {}
        }
        return Ok(Exit::Success);
    };
    let pid = child.id().map(Pid);
    loop {
        tokio::select! {
            ended = child.wait() => {
                let ended = ended.map_err(|error| CommandError::caused_by("cannot wait for the command", error))?;
                return Ok(Exit::Passed(code(ended)));
            }
            // The terminal sends Ctrl-C to the command as well, which decides what becomes of it.
            () = interrupt::interrupted() => {}
            () = interrupt::terminated(hangup_stops) => {
                if let Some(pid) = pid {
                    porthole_host::ask_to_end(pid);
                }
            }
        }
    }
}

/// As a shell gives it: 128 and the signal's number for a command that a signal ended.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    u8::try_from(code).unwrap_or(u8::MAX)
}
