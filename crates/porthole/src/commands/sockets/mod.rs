//! `porthole sockets`: the sockets of a container, of every container, or of this host.

mod filter;
mod listing;
mod live;
mod recorded;
pub(crate) mod target;

use std::ops::ControlFlow;
use std::time::Duration;

use clap::ValueEnum;
use porthole_model::{Gap, Socket};

use self::listing::Listing;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{OutputArgs, SourceArgs};
use crate::printer::Printer;
use crate::world::World;

/// `porthole sockets`.
#[derive(Debug, clap::Args)]
pub(crate) struct SocketsArgs {
    /// The container: a name, an id, a unique prefix of either, or pid:N; without it, this host
    #[arg(value_name = "CONTAINER")]
    container: Option<String>,
    /// Show the sockets of every running container
    #[arg(short, long, conflicts_with = "container")]
    all: bool,
    /// Show only those that wait for connections or datagrams
    #[arg(short, long, conflicts_with = "states")]
    listening: bool,
    /// Show only those in these states
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',')]
    states: Vec<State>,
    /// Show only those with this port, here or at the peer
    #[arg(short, long, value_name = "PORT")]
    port: Option<u16>,
    /// Show only those of these protocols
    #[arg(long = "protocol", value_name = "PROTOCOL", value_delimiter = ',')]
    protocols: Vec<Protocol>,
    /// Show them again and again, every 2 seconds or as often as it says
    #[arg(short, long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2",
          value_parser = crate::args::seconds, conflicts_with = "from")]
    watch: Option<Duration>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The states a socket can be in, as ss(8) names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    Established,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    TimeWait,
    Unconnected,
    CloseWait,
    LastAck,
    Listening,
    Closing,
}

/// The protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    Tcp,
    Udp,
    Unix,
}

/// What becomes of each socket that was found: where it is, and itself.
type Sink<'a> = &'a mut dyn FnMut(Option<&str>, Socket) -> ControlFlow<()>;

/// Lists once, or again and again.
pub(super) fn run(args: &SocketsArgs, world: &World) -> Result<Exit, CommandError> {
    let Some(pause) = args.watch else {
        list(args, world)?;
        return Ok(Exit::Success);
    };
    loop {
        Printer::start_over()?;
        list(args, world)?;
        world.block_on(async { tokio::time::sleep(pause).await })?;
    }
}

/// Reads and prints at the same time, so that memory stays flat.
fn list(args: &SocketsArgs, world: &World) -> Result<(), CommandError> {
    let mut listing = Listing::new(world.printer, args.output.output, args.all);
    let gaps = each(args, world, &mut |place, socket| listing.row(place, socket))?;
    listing.finish(&gaps)
}

/// Hands over each socket that is asked for; what could not be read comes back.
fn each(args: &SocketsArgs, world: &World, sink: Sink<'_>) -> Result<Vec<Gap>, CommandError> {
    if args.source.from.is_some() || world.settings.through_engine {
        recorded::each(args, world, sink)
    } else {
        live::each(args, world, sink)
    }
}
