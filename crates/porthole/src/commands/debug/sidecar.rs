//! Into a container through the engine alone: an agent in a container of its own beside the target enters it there. For
//! engines on other hosts, and for users who may use the engine but are not root.

use porthole_engine::{Client, Creation, Session, SidecarRequest, start_sidecar};
use porthole_host::{EntryPlan, SessionTerminal};
use porthole_wire::session::{Plan, Terminal};

use super::kept::Order;
use super::wanted::{self, Wanted};
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::world::World;

/// Runs what is wanted in the container.
pub(super) fn run(
    wanted: &Wanted,
    client: &Client,
    kept: Option<Order<'_>>,
    world: &World,
) -> Result<Exit, CommandError> {
    let program = collect::own_program()?;
    if let Some(order) = kept {
        return order.start_beside(&entry(wanted, &program), wanted.entry.clone(), world);
    }
    let plan = entering(wanted, wanted.entry.clone(), wanted::terminal(world))?;
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
        collect::tidy_up(client, Creation::Session).await?;
        start_sidecar(client, request)
            .await
            .map_err(|error| wanted::failed("enter the container through the engine", error))
    };
    tokio::select! {
        started = started => started,
        () = interrupt::asked_to_stop() => Err(CommandError::interrupted()),
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
