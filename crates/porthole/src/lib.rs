//! The command line of porthole: arguments, then settings, then work, then an exit code.

mod args;
mod collect;
mod commands;
mod error;
mod exit;
mod interrupt;
mod output;
mod plugin;
mod printer;
mod role;
mod settings;
mod world;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use crate::args::{Args, ColorChoice};
use crate::error::CommandError;
pub use crate::exit::Exit;
use crate::plugin::PluginCall;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::world::World;

/// The command line as clap knows it, for help, completions, the man page and the reference.
pub fn cli() -> clap::Command {
    Args::command()
}

/// Runs what was typed.
pub fn run() -> Exit {
    let words: Vec<OsString> = std::env::args_os().collect();
    if let Some(exit) = role::play(&words) {
        return exit;
    }
    let (words, changes) = match plugin::call(words.iter().cloned()) {
        None => (words, BTreeMap::new()),
        Some(Ok(PluginCall::Run(words, changes))) => {
            ([OsString::from("docker porthole")].into_iter().chain(words).collect(), changes)
        }
        Some(asked) => return answer(asked.and_then(|call| plugin::answer(&call))),
    };
    run_words(words, changes)
}

/// Runs a command line, the first word of which is the program's name, with changes to the environment.
fn run_words(words: Vec<OsString>, changes: BTreeMap<String, String>) -> Exit {
    let args = match Args::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => return error::usage(&error),
    };
    let environment = environment().into_iter().chain(changes).collect();
    let printer = Printer::new(args.global.color, &environment);
    let settings = Settings::new(&args.global, environment);
    let outcome = World::new(settings, printer).and_then(|world| commands::run(args.command, &world));
    outcome.unwrap_or_else(|error| finish(printer, &error))
}

/// How a question of the docker CLI ends, which no settings have a say in.
fn answer(answered: Result<Exit, CommandError>) -> Exit {
    answered.unwrap_or_else(|error| finish(Printer::new(ColorChoice::Auto, &environment()), &error))
}

/// The environment; no variable that porthole reads is other than UTF-8.
fn environment() -> BTreeMap<String, String> {
    let text = |word: OsString| word.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

fn finish(printer: Printer, error: &CommandError) -> Exit {
    match error.exit() {
        Exit::Success => {}
        Exit::Interrupted => printer.progress_done(),
        _ => printer.error(error),
    }
    error.exit()
}
