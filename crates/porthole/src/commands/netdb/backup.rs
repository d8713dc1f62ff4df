//! `porthole netdb backup`: the file, and everything that it takes to make the networks again.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use porthole_engine::Client;
use porthole_model::{
    AddressPool, Engine, NetworkBackup, NetworkDatabase, NetworksNow, Observed, SavedNetwork, Scope, Secrets,
    StoredNetwork, Topic,
};
use porthole_render::{json, netdb};
use porthole_wire::network_backup;

use crate::collect::{self, DatabasePlace};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// `porthole netdb backup`.
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// The file to write, or the directory to write it in; it must not be there yet
    #[arg(short = 'o', long = "output-file", value_name = "FILE", default_value = ".")]
    pub(super) target: PathBuf,
    /// The format of what is said
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

/// What a backup is made of.
pub(super) struct Gathered {
    pub(super) backup: NetworkBackup,
    /// The database's bytes.
    database: Option<Vec<u8>>,
}

pub(super) fn run(args: &BackupArgs, world: &World) -> Result<Exit, CommandError> {
    let engine = collect::engine(world, &Scope::of(&[Topic::EngineInfo]))?;
    let place = DatabasePlace::of(world, &engine)?;
    let gathered = gather(&engine, &place, world)?;
    let path = target(&args.target, &gathered.backup);
    write(&gathered, &path)?;
    let backup = &gathered.backup;
    let shown = path.display().to_string();
    match args.output {
        Output::Text => world.printer.doc(&netdb::backup_written(
            &shown,
            backup.networks.len(),
            backup.memberships.len(),
            backup.database_sha256.as_deref(),
        ))?,
        Output::Json => {
            let mut document = json::NetworkStepsDocument::done(&[], &[]);
            document.backup = Some(shown);
            Printer::text(&document.text())?;
        }
    }
    Ok(Exit::Success)
}

/// Reads the engine's answers and its file; without an engine, the file alone.
pub(super) fn gather(
    engine: &Observed<Engine>,
    place: &DatabasePlace,
    world: &World,
) -> Result<Gathered, CommandError> {
    let file = place.bytes(world);
    // Nothing is masked: a network without its labels is another network. Only root can read the file.
    let database = file.as_ref().ok().map(|file| place.decode(world, file, Secrets::Show));
    let now = match (engine, &database) {
        (Observed::Known(_), _) => told(world)?,
        (Observed::Missing(_), Some(database)) => {
            NetworksNow { networks: stored(database), ..NetworksNow::default() }
        }
        (Observed::Missing(gap), None) => {
            let unread = file.err().unwrap_or_else(|| gap.clone());
            return Err(CommandError::from(unread).hint("start the engine, or name the file with --file"));
        }
    };
    let info = engine.value().and_then(|engine| engine.info.value());
    let bytes = file.ok().map(|file| file.content);
    let backup = NetworkBackup {
        made_at: World::now(),
        porthole_version: env!("CARGO_PKG_VERSION").to_owned(),
        engine_id: info.map(|info| info.id.clone()).unwrap_or_default(),
        host_name: info.map(|info| info.name.clone()).unwrap_or_default(),
        engine_version: engine.value().map(|engine| engine.version.version.clone()).unwrap_or_default(),
        database_path: place.path.display().to_string(),
        database_sha256: bytes.as_deref().map(network_backup::digest),
        transaction: database.and_then(|database| database.transaction),
        networks: now.networks,
        memberships: now.memberships,
    };
    Ok(Gathered { backup, database: bytes })
}

/// What the engine says now.
pub(super) fn told(world: &World) -> Result<NetworksNow, CommandError> {
    let client = world.engine()?;
    now(&client, world)
}

/// The networks, and the containers' places on them.
pub(super) fn now(client: &Client, world: &World) -> Result<NetworksNow, CommandError> {
    let asked = world.block_on(porthole_engine::networks_now(client))?;
    asked.map_err(|error| CommandError::caused_by("cannot ask the engine for its networks", error))
}

/// Networks as the database alone tells them; who was on them, the engine tells when it runs again.
fn stored(database: &NetworkDatabase) -> Vec<SavedNetwork> {
    database.networks().filter(|network| !network.in_delete).map(of_stored).collect()
}

fn of_stored(network: &StoredNetwork) -> SavedNetwork {
    let texts = |map: &std::collections::BTreeMap<String, porthole_model::MaskedText>| {
        map.iter().map(|(name, value)| (name.clone(), value.as_str().to_owned())).collect()
    };
    let address = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
    let pool = |subnet: &porthole_model::StoredSubnet| AddressPool {
        subnet: subnet.pool.clone(),
        gateway: address(&subnet.gateway),
        ..AddressPool::default()
    };
    SavedNetwork {
        id: network.id.clone(),
        name: network.name.clone(),
        driver: network.driver.clone(),
        scope: network.scope.clone(),
        internal: network.internal,
        attachable: network.attachable,
        ingress: network.ingress,
        ipv6: network.ipv6,
        ipam_driver: network.ipam_driver.clone(),
        pools: network.subnets.iter().map(pool).collect(),
        options: texts(&network.options),
        labels: texts(&network.labels),
        ..SavedNetwork::default()
    }
}

/// The file that is meant: a new name in a directory, or the name itself.
pub(super) fn target(wish: &Path, backup: &NetworkBackup) -> PathBuf {
    if !wish.is_dir() {
        return wish.to_owned();
    }
    let host = if backup.host_name.is_empty() { "host" } else { &backup.host_name };
    wish.join(format!("porthole-netdb-{host}-{}.tar.zst", stamp(backup.made_at)))
}

/// A moment as part of a file's name.
pub(super) fn stamp(moment: porthole_model::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(moment.0)
        .map_or_else(|_| moment.0.to_string(), |moment| moment.strftime("%Y%m%dT%H%M%SZ").to_string())
}

/// Writes the file whole, for its owner alone; never over another.
pub(super) fn write(gathered: &Gathered, path: &Path) -> Result<(), CommandError> {
    let failed = || format!("cannot write the backup {}", path.display());
    let bytes = network_backup::write(&gathered.backup, gathered.database.as_deref())
        .map_err(|error| CommandError::caused_by(failed(), error))?;
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| {
        let failed = CommandError::caused_by(failed(), error);
        failed.hint("name another file with -o; a file that is there already is not written over")
    })
}
