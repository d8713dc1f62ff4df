//! `porthole tap`: a relay before the engine's socket that shows and records every call.

mod aside;
mod audit;
mod batches;
mod child;
mod door;
mod gather;
mod listen;
mod live;
mod parting;
mod printed;
mod raw_session;
mod raw_view;
mod session;
mod take_over;
mod tls;
mod view;
mod who;

use std::path::PathBuf;

use porthole_tap::Target;
use porthole_tap::audit::AuditTarget;
pub(crate) use take_over::{guard, guarded_socket, recover};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::OutputArgs;
use crate::world::World;

/// `porthole tap`.
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "the text is the help of the command line")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
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
    #[command(flatten)]
    tls: tls::ListenTlsArgs,
    /// Take the place of the engine's own socket, so that every client passes through as it is
    ///
    /// No client is configured anew: the engine's socket is exchanged with the tap's in one step, and mounted over
    /// in the containers that hold its file. When porthole ends, however it ends, the engine's socket is back at its
    /// place, the very same file: a second process watches over that, and after both were killed the next
    /// porthole tap or porthole gc gives it back. For root, on the engine's host.
    #[arg(long, conflicts_with_all = ["listen", "mode", "group", "insecure", "through_engine", "raw", "to", "tlsdir", "tlscacert", "tlscert", "tlskey"])]
    take_over: bool,
    /// Show and record only the calls that match, such as: status >= 400 and operation ~ "^Container"
    #[arg(short, long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// Record the calls, with their heads and bodies, in this new file
    #[arg(short, long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Write a line for each call that changes something: to a file, syslog, or otlp://host[:port][/path]
    ///
    /// Give it several times for several places. The lines of a file form a chain that porthole traffic verify
    /// checks. With SIGHUP files are opened anew, as after a rotation of logs.
    #[arg(long, value_name = "PLACE", conflicts_with = "raw")]
    audit: Vec<AuditTarget>,
    /// Refuse a call that changes something, unless its line stands in every --audit before
    #[arg(long, requires = "audit")]
    audit_required: bool,
    /// Show the heads and bodies of each call while they pass
    ///
    /// Bodies are taken apart: JSON indented, streams of JSON line by line, the output of containers by stream,
    /// archives as listings. Credentials in heads and in JSON are masked. A filter holds for them, too: what it
    /// cannot judge before the answer or the end of a call, such as its status, waits until then. What passes
    /// faster than it can be shown is left out, and that is said.
    #[arg(short, long)]
    verbose: bool,
    /// Show them as hex
    #[arg(short = 'x', long)]
    hex: bool,
    /// Show and record what clients type into containers, too, which may be passwords
    #[arg(long)]
    show_input: bool,
    /// Relay a service of any kind, which --to names, without understanding what passes; no engine is asked
    ///
    /// What passes is shown with --verbose or --hex as it is, credentials included. Without --listen, clients
    /// connect at a private unix socket, or at a free port of 127.0.0.1 where --to is a TCP port.
    #[arg(long)]
    raw: bool,
    /// The service behind a raw relay: unix:///path or tcp://host:port
    #[arg(long, value_name = "URL")]
    to: Option<Target>,
    #[command(flatten)]
    output: OutputArgs,
    /// A command to run with DOCKER_HOST set to the tap; porthole ends with it, with its exit code
    ///
    /// Beside a raw relay it finds the relay's URL in PORTHOLE_TAP instead, and of a TCP port the address and the
    /// number in PORTHOLE_TAP_HOST and PORTHOLE_TAP_PORT.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Relays until Ctrl-C, or until the command ends.
pub(super) fn run(args: &TapArgs, world: &World) -> Result<Exit, CommandError> {
    match raw_session::target(args)? {
        Some(target) => raw_session::run(args, target, world),
        None => session::run(args, world),
    }
}
