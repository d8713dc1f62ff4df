//! The commands, a file each.

pub(crate) mod api;
mod ask;
mod completions;
pub(crate) mod cp;
pub(crate) mod debug;
pub(crate) mod dns;
mod doctor;
pub(crate) mod events;
mod explain;
pub(crate) mod forward;
mod gc;
mod man;
pub(crate) mod netdb;
pub(crate) mod ports;
mod snapshot;
pub(crate) mod sockets;
mod subject;
pub(crate) mod tap;
#[cfg(feature = "toolbox")]
pub(crate) mod testbox;
#[cfg(feature = "toolbox")]
pub(crate) mod toolbox;
mod topology;
pub(crate) mod traffic;

use crate::args::Command;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Runs the command that was typed.
pub(crate) fn run(command: Command, world: &World) -> Result<Exit, CommandError> {
    match command {
        Command::Doctor(args) => doctor::run(&args, world),
        Command::Explain(args) => explain::run(&args, world),
        Command::Topology(args) => topology::run(&args, world),
        Command::Sockets(args) => sockets::run(&args, world),
        Command::Ports(args) => ports::run(&args, world),
        Command::Dns(args) => dns::run(&args, world),
        Command::Tap(args) => tap::run(&args, world),
        Command::Traffic(args) => traffic::run(&args, world),
        Command::Debug(args) => debug::run(&args, world),
        Command::Cp(args) => cp::run(&args, world),
        Command::Forward(args) => forward::run(&args, world),
        #[cfg(feature = "toolbox")]
        Command::Testbox(args) => testbox::run(&args, world),
        #[cfg(feature = "toolbox")]
        Command::Toolbox(args) => toolbox::run(&args, world),
        Command::Events(args) => events::run(&args, world),
        Command::Netdb(args) => netdb::run(&args, world),
        Command::Api(args) => api::run(args, world),
        Command::Snapshot(args) => snapshot::run(&args, world),
        Command::Gc(args) => gc::run(&args, world),
        Command::Completions(args) => completions::run(&args),
        Command::Man => man::run(),
    }
}
