//! One run of a raw relay: bytes of any protocol between clients and one service.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use porthole_render::raw::{Dump, Totals};
use porthole_tap::{ListenAddress, ListenError, Listener, Relay, Settings, Target};
use tokio::sync::Notify;

use super::aside::Aside;
use super::parting::Parting;
use super::raw_view::RawView;
use super::session::WAITING;
use super::{TapArgs, child, listen, who};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// How long connections may go on after Ctrl-C, or after the command's end.
const DRAIN: Duration = Duration::from_millis(500);

/// What a raw relay leads to; `None` where an engine's calls are relayed.
pub(super) fn target(args: &TapArgs) -> Result<Option<Target>, CommandError> {
    match (&args.to, args.raw) {
        (None, false) => Ok(None),
        (None, true) => Err(CommandError::new("a raw relay needs a service to lead to")
            .hint("name it with --to unix:///path or --to tcp://host:port")),
        (Some(to), false) => Err(CommandError::new("--to names the service behind a raw relay")
            .hint(format!("add --raw to relay {to} without understanding what passes"))
            .hint(format!("or see the calls of an engine there with porthole -H {to} tap"))),
        (Some(to), true) => without_calls(args).map(|()| Some(to.clone())),
    }
}

/// Nothing that asks for calls goes with a raw relay.
fn without_calls(args: &TapArgs) -> Result<(), CommandError> {
    if args.record.is_some() {
        return Err(CommandError::new("a raw relay has no calls that --record could keep")
            .hint("keep its bytes with --verbose --output json > FILE"));
    }
    if args.filter.is_some() {
        return Err(CommandError::new("a raw relay has no calls that --filter could choose")
            .hint("leave --filter out, or leave --raw and --to out to see an engine's calls"));
    }
    Ok(())
}

/// Relays until Ctrl-C, or until the command ends.
pub(super) fn run(args: &TapArgs, target: Target, world: &World) -> Result<Exit, CommandError> {
    let view = RawView {
        output: args.output.output,
        dump: dump(args),
        settings: super::session::settings(args, world),
        out: if args.command.is_empty() { Box::new(io::stdout()) } else { Box::new(Aside::default()) },
        parting: Parting::default(),
    };
    let (exit, totals) = world.serve(relay(args, target, world, view))?;
    world.printer.note(&porthole_render::raw::summary(totals));
    Ok(exit)
}

async fn relay(
    args: &TapArgs,
    target: Target,
    world: &World,
    view: RawView,
) -> Result<(Exit, Totals), CommandError> {
    let address = address(args, &target, world)?;
    let listener = Listener::bind(&address).await.map_err(refused)?;
    porthole_host::raise_descriptor_limit();
    let (url, port) = (listen::url(&listener), listener.port());
    let (queue, events) = porthole_tap::queue(WAITING);
    let settings = Settings { raw: true, parts: view.dump.is_some(), drain: DRAIN, ..Settings::default() };
    let name = target.to_string();
    let relay = Relay::new(target, queue, Some(who::resolver(world.settings.secrets)), settings);
    let child = child::start_beside_raw(&args.command, &url, port)?;
    if child.is_none() {
        world.printer.note(&porthole_render::raw::listening(&url, &name));
    }
    let unread = Arc::new(Notify::new());
    let told = Arc::clone(&unread);
    let parting = view.parting.clone();
    let viewing = view.start(events, move || told.notify_one());
    let mut exit = Ok(Exit::Success);
    let end = async {
        exit = child::until_the_end(child, &unread, None).await;
        parting.begin();
    };
    relay.run(listener, end).await;
    // With the relay goes the last sender of events, and so the view ends.
    drop(relay);
    Ok((exit?, viewing.end()?))
}

fn dump(args: &TapArgs) -> Option<Dump> {
    if args.hex { Some(Dump::Hex) } else { args.verbose.then_some(Dump::Text) }
}

/// Where nothing is typed, what clients of the service can connect to: a socket for a socket, a port for a port.
fn address(args: &TapArgs, target: &Target, world: &World) -> Result<ListenAddress, CommandError> {
    match (&args.listen, target) {
        (None, Target::Tcp { .. }) => {
            Ok(ListenAddress::Tcp { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), insecure: false })
        }
        _ => listen::address(args, world),
    }
}

fn refused(error: ListenError) -> CommandError {
    let is_exposed = matches!(error, ListenError::Exposed { .. });
    let error = CommandError::caused_by("cannot listen for clients", error);
    error.hint(if is_exposed {
        "listen on 127.0.0.1, or say --insecure if every machine may reach the service"
    } else {
        "give another place with --listen"
    })
}
