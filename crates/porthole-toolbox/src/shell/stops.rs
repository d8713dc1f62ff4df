//! The stops of commands, of which brush learns too late, or by mistake.
//!
//! brush begins to look out for a stop when it has begun the command. One that comes sooner, by a ^Z in the first
//! instant, is told to nobody, and the shell would wait for ever. And a ^Z before the command has the terminal is for the
//! shell, where brush takes it for a stop of all that it waits for, background jobs too.

use std::io;
use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};

/// How long brush has to notice a stop by itself.
const GRACE: Duration = Duration::from_millis(20);

/// From now on brush is told of every stop until it has noticed, and of no ^Z that was not for a command.
pub(super) fn watch() -> io::Result<()> {
    // tokio sets its handler once, when it is first asked; brush will ask later.
    drop(signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?);
    porthole_host::disregard_stop_key()?;
    let mut changes = signal(SignalKind::child())?;
    tokio::spawn(async move {
        while changes.recv().await.is_some() {
            tokio::time::sleep(GRACE).await;
            // What is said here to brush is heard here, too, so that it is said again.
            if porthole_host::has_untold_stop() && kill_process(getpid(), Signal::CHILD).is_err() {
                return;
            }
        }
    });
    Ok(())
}
