//! `porthole tap`: a relay before the engine's socket that shows and records every call.

mod aside;
mod child;
mod door;
mod listen;
mod session;
mod take_over;
mod view;
mod who;

use std::path::PathBuf;

pub(crate) use take_over::{guard, guarded_socket, recover};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::OutputArgs;
use crate::world::World;

/// `porthole tap`.
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "the text is the help of the command line")]
pub(crate) struct TapArgs {
    /// Where clients connect: unix:///path or tcp://address:port
    ///
    /// Without it, a private unix socket, which is named as soon as it is there.
    #[arg(long, value_name = "URL")]
    listen: Option<String>,
    /// The permissions of the unix socket, in octal
    #[arg(long, value_name = "MODE", default_value = "600", value_parser = listen::mode)]
    mode: u32,
    /// The group of the unix socket, by its number
    #[arg(long, value_name = "GROUP")]
    group: Option<u32>,
    /// Listen on an address that other machines reach, where everybody who reaches it controls the engine
    #[arg(long)]
    insecure: bool,
    /// Take the place of the engine's own socket, so that every client passes through as it is
    ///
    /// No client is configured anew: the engine's socket is exchanged with the tap's in one step, and mounted over
    /// in the containers that hold its file. When porthole ends, however it ends, the engine's socket is back at its
    /// place, the very same file: a second process watches over that, and after both were killed the next
    /// porthole tap or porthole gc gives it back. For root, on the engine's host.
    #[arg(long, conflicts_with_all = ["listen", "mode", "group", "insecure", "through_engine"])]
    take_over: bool,
    /// Show and record only the calls that match, such as: status >= 400 and operation ~ "^Container"
    #[arg(short, long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Record the calls, with their heads and bodies, in this new file
    #[arg(short, long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Show the heads and bodies of each call, too
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    output: OutputArgs,
    /// A command to run with DOCKER_HOST set to the tap; porthole ends with it, with its exit code
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Relays until Ctrl-C, or until the command ends.
pub(super) fn run(args: &TapArgs, world: &World) -> Result<Exit, CommandError> {
    session::run(args, world)
}
