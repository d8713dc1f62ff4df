//! At a kept session: its output is shown, and what is typed goes there, until either end leaves.

use porthole_engine::Session;
use porthole_render::error::note;
use porthole_wire::session::{FromClient, Joining};

use super::super::conversation::{self, DetachKeys, Ending};
use super::super::wanted;
use super::args::AttachArgs;
use super::found::Found;
use super::unknown;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// `porthole debug attach`.
pub(super) fn run(args: &AttachArgs, world: &World) -> Result<Exit, CommandError> {
    let found = Found::named(&args.name, world)?.ok_or_else(|| unknown(&args.name))?;
    let first = FromClient::Join(joining(args.take_over, world));
    world.serve(async {
        let session = found.join().await?.ok_or_else(|| unknown(&args.name))?;
        converse(session, first, &found, &args.detach_keys, world).await
    })
}

/// This user, at this terminal.
pub(super) fn joining(takes_over: bool, world: &World) -> Joining {
    Joining { user: porthole_host::own_user(), terminal: wanted::terminal(world), takes_over }
}

/// Stays there.
pub(super) async fn converse(
    mut session: Session,
    first: FromClient,
    found: &Found,
    keys: &DetachKeys,
    world: &World,
) -> Result<Exit, CommandError> {
    let name = found.name();
    let ending = conversation::hold(&mut session, first, keys).await;
    // The session waits until this end has heard its last word.
    drop(session);
    match ending? {
        Ending::Exited(code) => {
            found.clear().await.map_err(|error| wanted::failed("end the session", error))?;
            Ok(Exit::Passed(code))
        }
        Ending::Detached => {
            world.printer.note(&note(&format!("{name} goes on: porthole debug attach {name}")));
            Ok(Exit::Success)
        }
        Ending::Refused(reason) => Err(CommandError::caused_by("cannot get inside", reason)),
        Ending::Dismissed(reason) => Err(CommandError::caused_by(format!("not attached to {name}"), reason)
            .hint(format!("porthole debug attach --take-over {name} takes the place of whoever is attached"))
            .hint("porthole debug ls lists the sessions that are kept")),
    }
}
