//! Small things that a shell's user expects.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use rustix::fs::{Access, access};

use crate::arguments;
use crate::trouble::{Trouble, exit};

/// Clear the screen and what scrolled off it
#[derive(Debug, Parser)]
#[command(name = "clear")]
struct ClearArguments {}

/// Print where commands lie
#[derive(Debug, Parser)]
#[command(name = "which")]
struct WhichArguments {
    /// Print every place, not the first alone
    #[arg(short)]
    all: bool,
    /// The commands
    #[arg(required = true, value_name = "COMMAND")]
    commands: Vec<PathBuf>,
}

/// `clear`.
pub(super) fn clear(words: Vec<OsString>) -> i32 {
    arguments::with(words, |_: &ClearArguments| {
        // ECMA-48: the cursor to its home, the screen erased; 3 is xterm's word for what scrolled off.
        exit("clear", print(b"\x1b[H\x1b[2J\x1b[3J"), 1)
    })
}

fn print(bytes: &[u8]) -> Result<i32, Trouble> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(0)
}

/// `which`.
pub(super) fn which(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &WhichArguments| exit("which", places(arguments), 2))
}

fn places(arguments: &WhichArguments) -> Result<i32, Trouble> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut out = io::stdout().lock();
    let mut missing = false;
    for command in &arguments.commands {
        let wanted = if arguments.all { usize::MAX } else { 1 };
        let found: Vec<_> = candidates(command, &path).filter(|place| can_run(place)).take(wanted).collect();
        missing |= found.is_empty();
        for place in found {
            writeln!(out, "{}", place.display())?;
        }
    }
    Ok(i32::from(missing))
}

/// A name with a slash is the place itself.
fn candidates<'a>(command: &'a Path, path: &'a OsString) -> Box<dyn Iterator<Item = PathBuf> + 'a> {
    if command.components().count() > 1 || command.is_absolute() {
        return Box::new(std::iter::once(command.to_owned()));
    }
    Box::new(std::env::split_paths(path).map(move |directory| directory.join(command)))
}

fn can_run(place: &Path) -> bool {
    place.is_file() && access(place, Access::EXEC_OK).is_ok()
}
