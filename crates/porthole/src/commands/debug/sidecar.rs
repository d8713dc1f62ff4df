//! Into a container through the engine alone: an agent in a container of its own beside the target enters it there. For
//! engines on other hosts, and for users who may use the engine but are not root.

use porthole_engine::{Client, Creation, RequestError, Session, SessionError, SidecarRequest, start_sidecar};
use porthole_host::{EntryPlan, SessionTerminal};
use porthole_wire::session::{Message, Plan, Terminal};

use super::kept::Order;
use super::plain;
use super::wanted::{self, Refusal, Wanted};
use super::way::Way;
use crate::collect;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::world::World;

/// Runs what is wanted in the container, or beside it where that is all that is allowed or asked for.
pub(super) fn run(
    wanted: &Wanted,
    way: Way,
    client: &Client,
    kept: Option<Order<'_>>,
    world: &World,
) -> Result<Exit, CommandError> {
    let program = collect::own_program()?;
    if let Some(order) = kept {
        return order.start_beside(&entry(wanted, &program), wanted, world);
    }
    world.serve(async {
        if way == Way::Plain {
            return plain::run(wanted, client, &program, world).await;
        }
        match enter(wanted, client, &program, world).await? {
            Ok(exit) => Ok(exit),
            Err(refusal) if way == Way::Sidecar => Err(not_allowed(refusal)),
            Err(refusal) => {
                plain::announce(wanted, &refusal, world);
                plain::run(wanted, client, &program, world).await
            }
        }
    })
}

async fn enter(
    wanted: &Wanted,
    client: &Client,
    program: &[u8],
    world: &World,
) -> Result<Result<Exit, Refusal>, CommandError> {
    let plan = entering(wanted, wanted.entry.clone(), wanted::terminal(world))?;
    let request = entry(wanted, program);
    match try_to_begin(client, &request).await? {
        Ok(session) => wanted.try_to_hold(client, session, plan).await,
        Err(error) if error.is_refusal() => Ok(Err(Refusal(error.to_string()))),
        Err(error) => Err(not_begun(&request, error)),
    }
}

fn not_allowed(refusal: Refusal) -> CommandError {
    CommandError::caused_by("cannot enter the container through the engine", refusal.0)
        .hint("the engine's host must allow a container with CAP_SYS_ADMIN and CAP_SYS_PTRACE, and without AppArmor or SELinux")
        .hint("--mode plain needs neither: it shares the container's processes and network alone")
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

/// Starts an agent beside the container, and removes what killed runs left meanwhile.
pub(crate) async fn begin<Said: Message, Heard: Message>(
    client: &Client,
    request: &SidecarRequest<'_>,
) -> Result<Session<Said, Heard>, CommandError> {
    try_to_begin(client, request).await?.map_err(|error| not_begun(request, error))
}

/// The same, where the engine may refuse it.
pub(super) async fn try_to_begin<Said: Message, Heard: Message>(
    client: &Client,
    request: &SidecarRequest<'_>,
) -> Result<Result<Session<Said, Heard>, SessionError>, CommandError> {
    let started = async {
        let tidied = collect::tidy_up(client, Creation::Session);
        let (tidied, started) = tokio::join!(tidied, start_sidecar(client, request));
        tidied.map(|()| started)
    };
    tokio::select! {
        started = started => started,
        () = interrupt::asked_to_stop() => Err(CommandError::interrupted()),
    }
}

/// What its refusal means for the user.
pub(super) fn not_begun(request: &SidecarRequest<'_>, error: SessionError) -> CommandError {
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
