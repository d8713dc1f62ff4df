//! `watch`: runs a command again and again.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use clap::Parser;

use crate::trouble::{Trouble, exit};
use crate::{ITSELF, arguments};

/// Run a command again and again until Ctrl-C
#[derive(Debug, Parser)]
#[command(name = "watch")]
struct WatchArguments {
    /// Seconds between two runs
    #[arg(short = 'n', default_value = "2", value_name = "SECONDS")]
    interval: f64,
    /// Stop when the command fails
    #[arg(short = 'e')]
    stop_on_failure: bool,
    /// Print no title
    #[arg(short = 't')]
    no_title: bool,
    /// The command, which a shell runs
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

/// `watch`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &WatchArguments| exit("watch", watch(arguments), 1))
}

fn watch(arguments: &WatchArguments) -> Result<i32, Trouble> {
    let interval = Duration::try_from_secs_f64(arguments.interval).map_err(Trouble::new)?;
    let command = arguments.command.join(" ");
    loop {
        let output = Command::new(ITSELF).arg0("sh").args(["-c", &command]).output()?;
        let mut out = io::stdout().lock();
        if out.is_terminal() {
            out.write_all(b"\x1b[H\x1b[2J")?;
        }
        if !arguments.no_title {
            writeln!(out, "every {} s: {command}\n", arguments.interval)?;
        }
        out.write_all(&output.stdout)?;
        out.write_all(&output.stderr)?;
        out.flush()?;
        if arguments.stop_on_failure && !output.status.success() {
            return Ok(output.status.code().unwrap_or(1));
        }
        drop(out);
        thread::sleep(interval);
    }
}
