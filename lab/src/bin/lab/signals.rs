//! Signals that ask this program to end, as messages.

use std::sync::mpsc::{Receiver, channel};

use nix::sys::signal::{SigSet, Signal};
use porthole_lab::LabError;

/// From now on Ctrl-C, SIGTERM and SIGHUP arrive here and end nothing by themselves.
///
/// To be called before any other thread is started; programs started later have them as usual.
pub(crate) fn catch() -> Result<Receiver<Signal>, LabError> {
    let signals: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    let blocked = signals.thread_block();
    blocked.map_err(|errno| LabError::Io { attempt: "block signals".to_owned(), source: errno.into() })?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        while let Ok(signal) = signals.wait() {
            if sender.send(signal).is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}
