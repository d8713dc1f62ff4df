//! `porthole forward`: ports of this host that lead into a container which publishes none.

mod inside;
mod listen;
mod reach;
mod route;
mod stream;
pub(crate) mod tunnel;
mod udp;
mod view;

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use self::listen::Door;
use self::reach::Reach;
use self::route::Route;
use self::udp::Datagrams;
use self::view::{Happening, View};
use super::subject;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::OutputArgs;
use crate::world::World;

/// How many ended connections may wait to be shown.
const WAITING: usize = 1024;

/// `porthole forward`.
#[derive(Debug, clap::Args)]
pub(crate) struct ForwardArgs {
    /// The container: a name, an id, a unique prefix of either, or pid:N
    #[arg(value_name = "CONTAINER")]
    container: String,
    /// [BIND:]HOST:CONTAINER[/udp]: from a port or unix socket here to one of the container
    ///
    /// Without BIND only this host's own programs can connect. Without HOST, or with 0, a free port is taken and
    /// printed. CONTAINER is a port, an address of the container with a port, the path of a unix socket as the
    /// container sees it, or @NAME for an abstract one.
    #[arg(value_name = "FORWARD", required = true)]
    forwards: Vec<Route>,
    /// Print no line for the connections that end
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Forwards until Ctrl-C.
pub(super) fn run(args: &ForwardArgs, world: &World) -> Result<Exit, CommandError> {
    let subject = subject::find(world, &args.container)?;
    porthole_host::raise_descriptor_limit();
    world.serve(async {
        let reach = Reach::find(subject, &args.container, world).await?;
        let ended = tokio::select! {
            ended = forward(args, world, &reach) => ended,
            lost = reach.lost() => Err(lost),
            () = interrupt::asked_to_stop() => Ok(Exit::Success),
        };
        let left = reach.leave().await;
        ended.and_then(|exit| left.map(|()| exit))
    })
}

async fn forward(args: &ForwardArgs, world: &World, reach: &Reach) -> Result<Exit, CommandError> {
    let mut doors = Vec::new();
    for route in &args.forwards {
        doors.push(listen::open(route, world).await?);
    }
    let ends =
        doors.iter().zip(&args.forwards).map(|(door, route)| (door.name(), route.far.of(reach.name())));
    let ends: Vec<_> = ends.collect();
    for ((from, _), route) in ends.iter().zip(&args.forwards) {
        if route.near.is_exposed() {
            world.printer.note(&porthole_render::forward::exposed(from));
        }
    }
    let view = View::new(args.output.output, world.printer, ends);
    view.listening()?;
    let (told, happenings) = channel(WAITING);
    let mut relays = JoinSet::new();
    for (number, (door, route)) in doors.into_iter().zip(&args.forwards).enumerate() {
        let (reach, far, told) = (reach.clone(), route.far.clone(), told.clone());
        match door {
            Door::Streams(listener) => relays.spawn(stream::relay(listener, reach, far, number, told)),
            Door::Datagrams(socket, _) => {
                relays.spawn(Datagrams { socket: Arc::new(socket), reach, far, route: number, told }.relay())
            }
        };
    }
    show(&view, happenings, args.quiet).await
}

async fn show(view: &View, mut happenings: Receiver<Happening>, quiet: bool) -> Result<Exit, CommandError> {
    while let Some(happening) = happenings.recv().await {
        if !quiet {
            view.passed(&happening)?;
        }
    }
    Ok(Exit::Success)
}
