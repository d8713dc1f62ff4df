//! Into a container through the engine alone: an agent in a container of its own beside the target enters it there. For
//! engines on other hosts, and for users who may use the engine but are not root.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use porthole_engine::{Client, Session, SidecarRequest, start_sidecar};
use porthole_host::{EntryPlan, SessionTerminal};
use porthole_model::Pid;
use porthole_wire::session::{Plan, Terminal};

use super::wanted::{self, Wanted};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::world::World;

/// Runs what is wanted in the container.
pub(crate) fn run(wanted: &Wanted, client: &Client, world: &World) -> Result<Exit, CommandError> {
    let program = wanted::own_program()?;
    let beside = wanted.plan(world);
    let plan = entering(wanted, tools(), beside.terminal.as_ref())?;
    let plan = Plan { terminal: beside.terminal, ..plan };
    world.serve(async {
        let session = begin(client, &entry(wanted, &program)).await?;
        wanted.hold(client, session, plan).await
    })
}

/// A sidecar that may enter.
pub(super) fn entry<'a>(wanted: &'a Wanted, program: &'a [u8]) -> SidecarRequest<'a> {
    SidecarRequest {
        target: &wanted.container,
        program,
        image: None,
        may_enter: true,
        capabilities: &wanted.capabilities,
    }
}

/// Starts an agent beside the container, after what killed runs left is removed.
pub(super) async fn begin(client: &Client, request: &SidecarRequest<'_>) -> Result<Session, CommandError> {
    let started = async {
        wanted::tidy_up(client).await?;
        start_sidecar(client, request)
            .await
            .map_err(|error| wanted::failed("enter the container through the engine", error))
    };
    tokio::select! {
        started = started => started,
        () = interrupt::asked_to_stop() => Err(CommandError::interrupted()),
    }
}

/// The plan of an agent that enters the container, with porthole under these names.
pub(super) fn entering(
    wanted: &Wanted,
    tools: Vec<String>,
    terminal: Option<&Terminal>,
) -> Result<Plan, CommandError> {
    // The number is the agent's to find: it is another one in each pid namespace.
    let mut entry = EntryPlan::new(Pid(1), tools);
    entry.command.clone_from(&wanted.command);
    entry.user.clone_from(&wanted.user);
    entry.directory.clone_from(&wanted.directory);
    if let Some(terminal) = terminal {
        entry.terminal = SessionTerminal::Own;
        entry.environment.push(("TERM".into(), OsString::from_vec(terminal.kind.clone())));
    }
    entry.environment.extend(wanted.environment.iter().cloned());
    let entry = serde_json::to_value(&entry)
        .map_err(|error| CommandError::caused_by("cannot say how to enter the container", error))?;
    Ok(Plan { entry: Some(entry), container: Some(wanted.container.clone()), ..Plan::default() })
}

/// The names that porthole goes by inside.
pub(super) fn tools() -> Vec<String> {
    #[cfg(feature = "toolbox")]
    let names = porthole_toolbox::applets().map(|applet| applet.name.to_owned()).collect();
    #[cfg(not(feature = "toolbox"))]
    let names = Vec::new();
    names
}
