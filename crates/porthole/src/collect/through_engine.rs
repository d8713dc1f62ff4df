//! A snapshot of the engine's own host, read there by porthole itself in a short-lived container.

use porthole_engine::{Client, Creation, HelperOutput};
use porthole_host::OwnProgram;
use porthole_model::{Engine, Gap, GapKind, Host, Observed, Pid, Snapshot, Timestamp};
use porthole_wire::snapshot_file;

use super::{Request, live};
use crate::error::CommandError;
use crate::world::World;

/// How long a helper that still runs may be at work for another porthole, in milliseconds.
pub(crate) const AT_WORK: i64 = 60_000;

/// What the helper is asked to do.
const HELPER_ARGUMENTS: [&str; 4] = ["snapshot", "--no-engine", "-o", "-"];

/// Lets the engine run porthole beside it, and joins what it read with the engine's answers.
pub(super) fn read(world: &World, request: Request<'_>) -> Result<Snapshot, CommandError> {
    let client = world.engine()?;
    let program = own_program()?;
    let mut arguments = HELPER_ARGUMENTS.to_vec();
    if world.settings.secrets == porthole_model::Secrets::Show {
        arguments.push("--show-secrets");
    }
    world.block_on(tidy_up(&client, Creation::Helper))??;
    let output = world
        .block_on(porthole_engine::run_helper(&client, &program, &arguments))?
        .map_err(|error| CommandError::caused_by("cannot run the helper on the engine", error))?;
    if let Some(leftover) = &output.leftover {
        world.printer.note(&porthole_render::error::warning(&leftover.to_string()));
    }
    let mut snapshot = snapshot(&output)?;
    let mut engine = live::engine(world, request.scope)?;
    let cause = "the helper does not see the files of the engine's host";
    if let Observed::Known(engine) = &mut engine {
        engine.daemon = snapshot.host.known().and_then(|host| daemon(host, engine)).into();
        engine.settings = Observed::Missing(Gap::new(GapKind::Elsewhere, "the engine's settings", cause));
    }
    snapshot.engine = engine;
    snapshot.network_database = Observed::Missing(Gap::new(GapKind::Elsewhere, "network database", cause));
    Ok(snapshot)
}

/// Removes what killed runs left on the engine of that kind.
pub(crate) async fn tidy_up(client: &Client, kind: Creation) -> Result<(), CommandError> {
    let made_before = Timestamp(World::now().0 - AT_WORK);
    let removed = porthole_engine::remove_left(client, kind, made_before).await;
    removed.map(drop).map_err(|error| {
        CommandError::caused_by("cannot remove what an earlier run left on the engine", error)
    })
}

/// The bytes of the running program: it is static, so it runs in an empty image.
pub(crate) fn own_program() -> Result<OwnProgram, CommandError> {
    OwnProgram::open().map_err(|error| CommandError::caused_by("cannot read porthole's own program", error))
}

fn snapshot(output: &HelperOutput) -> Result<Snapshot, CommandError> {
    if output.code != 0 {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(CommandError::caused_by(
            format!("the helper on the engine ended with {}", output.code),
            said,
        ));
    }
    snapshot_file::read(&output.stdout)
        .map_err(|error| CommandError::caused_by("cannot read what the helper on the engine sent", error))
}

/// The engine's process on its own host, by its name: its socket is in another mount namespace than the helper's.
fn daemon(host: &Host, engine: &Engine) -> Result<Pid, Gap> {
    let name = match engine.version.kind {
        porthole_model::EngineKind::Docker => "dockerd",
        porthole_model::EngineKind::Podman => "podman",
    };
    let mut named = host.processes.known()?.iter().filter(|process| process.name == name);
    match (named.next(), named.next()) {
        (Some(daemon), None) => Ok(daemon.pid),
        (None, _) => Err(unclear(format!("no process on the engine's host is named {name}"))),
        (Some(_), Some(_)) => {
            Err(unclear(format!("several processes on the engine's host are named {name}")))
        }
    }
}

fn unclear(cause: String) -> Gap {
    Gap::new(GapKind::Failed, "engine's process", cause)
}
