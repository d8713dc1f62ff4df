//! A snapshot of this host and of the engine the docker CLI would use.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use porthole_engine::Client;
use porthole_model::{
    Container, Engine, EngineSettings, Gap, GapKind, Host, MountKind, NameFiles, NetworkDatabase, Observed,
    Pid, Scope, Snapshot, Storage, Topic,
};

use super::{DatabasePlace, Request, engine_settings, names};
use crate::error::CommandError;
use crate::world::World;

/// The first process of a host.
const SYSTEMD: Pid = Pid(1);

/// How long the file systems of what the engine names may take to answer, all together.
const FILE_SYSTEM_LIMIT: Duration = Duration::from_secs(2);

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
    let storage = storage(world, request.scope, &host, &engine).into();
    let porthole_version = env!("CARGO_PKG_VERSION").to_owned();
    let network_database = network_database(world, request, &engine);
    let names = names(world, request.scope, &host, &engine).into();
    Ok(Snapshot {
        porthole_version,
        observed_at,
        settings_of_silent_engine: settings_of_silent_engine(world, request, &engine)?,
        host,
        engine,
        storage,
        network_database,
        names,
        probes: Snapshot::untried(),
    })
}

/// What the engine of this host would begin with, if that is who does not answer.
fn settings_of_silent_engine(
    world: &World,
    request: Request<'_>,
    engine: &Observed<Engine>,
) -> Result<Observed<EngineSettings>, CommandError> {
    let is_local = || Ok::<_, CommandError>(world.settings.endpoint()?.socket_path().is_some());
    if !request.engine || engine.value().is_some() || !is_local()? {
        return Ok(Snapshot::answered());
    }
    Ok(engine_settings::engine_settings(&world.host, None).into())
}

/// The files by which names are found, where this host is the engine's.
fn names(
    world: &World,
    scope: &Scope,
    host: &Observed<Host>,
    engine: &Observed<Engine>,
) -> Result<NameFiles, Gap> {
    if !scope.has(Topic::Names) {
        return Err(Gap::not_asked("files by which names are found"));
    }
    let daemon = engine.value().and_then(|engine| engine.daemon.value().copied());
    names::read(&world.host, host.known()?, daemon)
}

/// The files that the engine names, if they are files of this host.
fn storage(
    world: &World,
    scope: &Scope,
    host: &Observed<Host>,
    engine: &Observed<Engine>,
) -> Result<Storage, Gap> {
    if !scope.has(Topic::Storage) {
        return Err(Gap::not_asked("files that the engine names"));
    }
    host.known()?;
    let engine = engine.known()?;
    let data_root = &engine.info.known()?.data_root;
    let paths = named_paths(engine.containers.known()?);
    Ok(world.host.storage(engine.daemon.value().copied(), data_root, &paths, FILE_SYSTEM_LIMIT))
}

/// The sources of bind mounts, and the logs.
fn named_paths(containers: &[Container]) -> Vec<String> {
    let binds = containers.iter().flat_map(|container| &container.mounts);
    let binds = binds.filter(|mount| mount.kind == MountKind::Bind).map(|mount| &mount.source);
    let logs = containers.iter().filter_map(|container| container.log.path.as_ref());
    let paths: BTreeSet<_> = binds.chain(logs).cloned().collect();
    paths.into_iter().collect()
}

/// Without an engine there is none to compare it with, unless that was expected.
fn network_database(
    world: &World,
    request: Request<'_>,
    engine: &Observed<Engine>,
) -> Observed<NetworkDatabase> {
    if !request.engine || !request.scope.has(Topic::NetworkDatabase) {
        return Observed::Missing(Gap::not_asked("network database"));
    }
    DatabasePlace::of(world, engine).and_then(|place| place.read(world)).into()
}

/// The engine's answers, or why there are none.
pub(crate) fn engine(world: &World, scope: &Scope) -> Result<Observed<Engine>, CommandError> {
    let client = match world.connect()? {
        Ok(client) => client,
        Err(error) => return Ok(Observed::Missing(error.into())),
    };
    let (secrets, limit) = (world.settings.secrets, world.settings.timeout);
    let collected = world.block_on(porthole_engine::collect(&client, scope, secrets, limit))?;
    let mut engine = match collected {
        Ok(engine) => engine,
        Err(error) => return Ok(Observed::Missing(error.into())),
    };
    engine.daemon = daemon(world, &client).into();
    engine.settings = engine_settings::of(&world.host, &engine).into();
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
