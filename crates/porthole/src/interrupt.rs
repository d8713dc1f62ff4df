//! The signals that ask porthole to stop.

use tokio::signal::unix::{SignalKind, signal};

use crate::plugin;

/// Ends when Ctrl-C, SIGTERM or SIGHUP asks porthole to stop, or the docker CLI whose plugin it is; never, where these
/// cannot be watched.
pub(crate) async fn asked_to_stop() {
    tokio::select! {
        () = one(SignalKind::interrupt()) => {}
        () = one(SignalKind::terminate()) => {}
        () = one(SignalKind::hangup()) => {}
        () = plugin::dismissed() => {}
    }
}

/// Ends at Ctrl-C.
pub(crate) async fn interrupted() {
    one(SignalKind::interrupt()).await;
}

/// Ends at SIGTERM, and where `hangup_stops` when the terminal is closed.
pub(crate) async fn terminated(hangup_stops: bool) {
    tokio::select! {
        () = one(SignalKind::terminate()) => {}
        () = hung_up(), if hangup_stops => {}
    }
}

/// Ends at SIGHUP.
pub(crate) async fn hung_up() {
    one(SignalKind::hangup()).await;
}

/// From here on, Ctrl-C, SIGTERM and SIGHUP do nothing. Needs the event loop.
pub(crate) fn ignore() -> std::io::Result<()> {
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        // What was caught once is never left to the kernel again.
        drop(signal(kind)?);
    }
    Ok(())
}

async fn one(kind: SignalKind) {
    let received = match signal(kind) {
        Ok(mut stream) => stream.recv().await,
        Err(_) => None,
    };
    if received.is_none() {
        std::future::pending::<()>().await;
    }
}
