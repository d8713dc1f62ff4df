//! The editor: kibi, which needs no terminal database.

use std::ffi::OsString;
use std::io::{IsTerminal, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::process::Command;

use clap::Parser;

use crate::trouble::{Trouble, exit};
use crate::{ITSELF, arguments};

/// A path below which nothing can be: kibi finds no settings and no colours there.
const NOWHERE: &str = "/proc/self/exe";

/// The variables that say where kibi's settings and colours are.
const PLACES: [&str; 4] = ["XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS"];

/// Edit a file
///
/// Ctrl-S saves, Ctrl-Q quits, Ctrl-F finds, Ctrl-G goes to a line; the last line of the screen says the rest.
#[derive(Debug, Parser)]
#[command(name = "edit")]
struct EditArguments {
    /// The file; one that does not exist is made when it is saved
    file: Option<String>,
}

/// `edit`, `vi`, `nano`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    let own = words.clone();
    arguments::with(words, |arguments: &EditArguments| exit("edit", edit(arguments, &own), 1))
}

fn edit(arguments: &EditArguments, words: &[OsString]) -> Result<i32, Trouble> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Trouble::new("needs a terminal; sed changes files without one"));
    }
    if !is_away_from_settings() {
        return Err(away_from_settings(words));
    }
    let mut input = kibi::stdin()?;
    kibi::run(arguments.file.as_deref(), &mut input).map_err(failed)?;
    Ok(0)
}

fn failed(error: kibi::Error) -> Trouble {
    match error {
        kibi::Error::Io(error) => error.into(),
        other => Trouble::new(format!("{other:?}")),
    }
}

fn is_away_from_settings() -> bool {
    PLACES.iter().all(|place| std::env::var_os(place).is_some_and(|value| value == NOWHERE))
}

/// Begins again in an environment that leads to no settings: those of the container are not ours.
fn away_from_settings(words: &[OsString]) -> Trouble {
    let mut again = Command::new(ITSELF);
    again.arg0(&words[0]).args(&words[1..]).envs(PLACES.map(|place| (place, NOWHERE)));
    again.exec().into()
}
