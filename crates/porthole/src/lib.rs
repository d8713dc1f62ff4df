//! The command line of porthole: arguments, then settings, then work, then an exit code.

mod args;
mod collect;
mod commands;
mod error;
mod exit;
mod interrupt;
mod output;
mod printer;
mod settings;
mod world;

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{CommandFactory, Parser};

use crate::args::Args;
use crate::commands::{debug, tap};
use crate::error::CommandError;
pub use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::world::World;

/// The command line as clap knows it, for help, completions, the man page and the reference.
pub fn cli() -> clap::Command {
    Args::command()
}

/// Runs what was typed.
pub fn run() -> Exit {
    #[cfg(feature = "toolbox")]
    if let Some(applet) = std::env::args_os().next().as_deref().and_then(porthole_toolbox::called_as) {
        return Exit::Passed(applet.run(std::env::args_os().collect()));
    }
    if let Some(line) = porthole_host::kept_line(std::env::args_os()) {
        return Exit::Passed(porthole_host::keep(line));
    }
    if debug::graft::is_graft(std::env::args_os()) {
        return debug::graft::run();
    }
    if debug::agent::is_agent(std::env::args_os()) {
        return debug::agent::run();
    }
    if let Some(socket) = tap::guarded_socket(std::env::args_os()) {
        return tap::guard(&socket);
    }
    if let Some(container) = debug::thawed(std::env::args_os()) {
        return debug::thaw(&container);
    }
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return error::usage(&error),
    };
    let environment = environment();
    let printer = Printer::new(args.global.color, &environment);
    let settings = Settings::new(&args.global, environment);
    let outcome = World::new(settings, printer).and_then(|world| commands::run(args.command, &world));
    outcome.unwrap_or_else(|error| finish(printer, &error))
}

/// The environment; no variable that porthole reads is other than UTF-8.
fn environment() -> BTreeMap<String, String> {
    let text = |word: OsString| word.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

fn finish(printer: Printer, error: &CommandError) -> Exit {
    if error.is_broken_pipe() {
        return Exit::Success;
    }
    if error.exit() == Exit::Interrupted {
        printer.progress_done();
    } else {
        printer.error(error);
    }
    error.exit()
}
