//! A snapshot of this host and of the engine the docker CLI would use.

use std::thread;

use porthole_engine::Client;
use porthole_model::{Engine, Gap, GapKind, Host, Observed, Pid, Scope, Snapshot, Topic};

use super::Request;
use crate::error::CommandError;
use crate::world::World;

/// The first process of a host.
const SYSTEMD: Pid = Pid(1);

/// Reads kernel and engine at the same time.
pub(super) fn read(world: &World, request: Request<'_>) -> Result<Snapshot, CommandError> {
    let observed_at = World::now();
    let (host, engine) = thread::scope(|threads| {
        let host = threads.spawn(|| world.host.collect(request.scope));
        let engine = if request.engine {
            engine(world, request.scope)
        } else {
            Ok(Observed::Missing(Gap::not_asked("engine")))
        };
        (host.join(), engine)
    });
    let host = host.map_err(|_panic| CommandError::new("reading the host ended in a defect of porthole"))?;
    let mut engine = engine?;
    let host = belonging(host, &mut engine);
    let porthole_version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Snapshot { porthole_version, observed_at, host, engine })
}

/// The engine's answers, or why there are none.
pub(super) fn engine(world: &World, scope: &Scope) -> Result<Observed<Engine>, CommandError> {
    let client = match world.connect()? {
        Ok(client) => client,
        Err(error) => return Ok(Observed::Missing(error.into())),
    };
    let (secrets, limit) = (world.settings.secrets, world.settings.timeout);
    // Whose process is not on this host tells by its information alone where it runs.
    let collected = if scope.has(Topic::EngineInfo) || client.endpoint().socket_path().is_none() {
        world.block_on(porthole_engine::collect(&client, secrets, limit))?
    } else {
        world.block_on(porthole_engine::collect_without_info(&client, secrets, limit))?
    };
    let mut engine = match collected {
        Ok(engine) => engine,
        Err(error) => return Ok(Observed::Missing(error.into())),
    };
    engine.daemon = daemon(world, &client).into();
    Ok(Observed::Known(engine))
}

/// The process that serves a local engine's socket.
///
/// The kernel names the one that called listen(2). Where that is systemd, which hands its sockets on, whoever holds
/// the socket is looked for.
pub(crate) fn daemon(world: &World, client: &Client) -> Result<Pid, Gap> {
    let socket = client.endpoint().socket_path();
    let socket = socket.ok_or_else(|| {
        let cause = format!("{} is not a unix socket of this host", client.endpoint().url());
        Gap::new(GapKind::Elsewhere, "engine's process", cause)
    })?;
    match client.peer().and_then(|peer| peer.pid) {
        Some(pid) if pid != SYSTEMD => Ok(pid),
        peer => world.host.listener_of(socket).or_else(|gap| peer.ok_or(gap)),
    }
}

/// The host's facts, unless they are of another machine than the engine's.
fn belonging(host: Host, engine: &mut Observed<Engine>) -> Observed<Host> {
    let Observed::Known(engine) = engine else { return Observed::Known(host) };
    match porthole_analysis::locality(&host, engine) {
        Ok(()) => Observed::Known(host),
        Err(gap) => Observed::Missing(gap),
    }
}
