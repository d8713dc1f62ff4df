//! Into a container through the engine alone: an agent in a container of its own beside the target enters it there. For
//! engines on other hosts, and for users who may use the engine but are not root.

use porthole_engine::{Client, Creation, RequestError, Session, SessionError, SidecarRequest, start_sidecar};
use porthole_host::{EntryPlan, SessionTerminal};
use porthole_wire::session::{Message, Plan, Terminal};

use super::wanted::{self, Wanted};
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::world::World;

/// Runs what is wanted in the container.
pub(super) fn run(wanted: &Wanted, client: &Client, world: &World) -> Result<Exit, CommandError> {
    let program = collect::own_program()?;
    let plan = entering(wanted, wanted.entry.clone(), wanted::terminal(world))?;
    world.serve(async {
        let session = begin(client, &entry(wanted, &program)).await?;
        wanted.hold(client, session, plan).await
    })
}

/// A sidecar that may enter.
pub(super) fn entry<'a>(wanted: &'a Wanted, program: &'a [u8]) -> SidecarRequest<'a> {
    SidecarRequest {
        place: wanted.place(),
        role: Vec::new(),
        program,
        image: None,
        may_enter: true,
        capabilities: &wanted.capabilities,
        mounts: &wanted.mounts,
    }
}

/// Starts an agent beside the container, after what killed runs left is removed.
pub(crate) async fn begin<Said: Message, Heard: Message>(
    client: &Client,
    request: &SidecarRequest<'_>,
) -> Result<Session<Said, Heard>, CommandError> {
    let started = async {
        collect::tidy_up(client, Creation::Session).await?;
        start_sidecar(client, request).await.map_err(|error| refused(request, error))
    };
    tokio::select! {
        started = started => started,
        () = interrupt::asked_to_stop() => Err(CommandError::interrupted()),
    }
}

fn refused(request: &SidecarRequest<'_>, error: SessionError) -> CommandError {
    let is_engine_s_word = matches!(&error, SessionError::Engine { source: RequestError::Status { .. }, .. });
    let is_volume = matches!(error, SessionError::NoVolume(_));
    let refused = wanted::failed("enter the container through the engine", error);
    if is_volume {
        refused.hint("docker volume ls lists them; the source of -v with a slash in it is a path")
    } else if is_engine_s_word && !request.mounts.is_empty() {
        refused.hint("the source of -v is a path on the host that the engine runs on")
    } else {
        refused
    }
}

/// The plan of an agent that enters the container.
pub(super) fn entering(
    wanted: &Wanted,
    mut entry: EntryPlan,
    terminal: Option<Terminal>,
) -> Result<Plan, CommandError> {
    if terminal.is_some() {
        entry.terminal = SessionTerminal::Own;
    }
    let entry = serde_json::to_value(&entry)
        .map_err(|error| CommandError::caused_by("cannot say how to enter the container", error))?;
    Ok(Plan { entry: Some(entry), container: Some(wanted.container.clone()), terminal, ..Plan::default() })
}
