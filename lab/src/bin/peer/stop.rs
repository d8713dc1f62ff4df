//! Ending at once on SIGTERM and SIGINT, which the first process of a container ignores by default.

use std::io;
use std::process::ExitCode;

use nix::sys::signal::{SigSet, Signal};

/// Runs `work`, whose threads all leave the signals to one that ends the program.
pub(crate) fn on_signal(work: impl FnOnce() -> io::Result<()>) -> io::Result<ExitCode> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    signals.thread_block()?;
    std::thread::spawn(move || {
        let code = i32::from(signals.wait().is_err());
        std::process::exit(code);
    });
    work().map(|()| ExitCode::SUCCESS)
}
