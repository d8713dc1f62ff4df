//! The duties of a container's first process: to end when told, and to take in the orphans that ended.

use std::future::Future;
use std::io;

use rustix::process::{WaitOptions, wait};
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};

/// Ends on SIGTERM, SIGINT or SIGHUP, and with `until_eof` when standard input does.
pub(super) fn told_to_end(until_eof: bool) -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
            () = end_of_input(), if until_eof => {}
        }
        // The thread that reads standard input cannot be called back, and must not be waited for.
        std::process::exit(0);
    })
}

async fn end_of_input() {
    let mut buffer = [0; 256];
    let mut input = tokio::io::stdin();
    while input.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
}

/// Takes in every child that ends, for as long as the event loop turns.
pub(super) fn reap_orphans() -> io::Result<()> {
    let mut child_ended = signal(SignalKind::child())?;
    tokio::spawn(async move {
        while child_ended.recv().await.is_some() {
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
        }
    });
    Ok(())
}
