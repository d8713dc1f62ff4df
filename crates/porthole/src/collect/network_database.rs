//! What the engine keeps of its networks on disk, read while the engine runs, without its lock.

use std::path::{Path, PathBuf};

use porthole_host::SettledFile;
use porthole_model::{Engine, EngineKind, Gap, GapKind, NetworkDatabase, Observed, Pid, Secrets};
use porthole_wire::{bolt, network_database};

use super::engine_settings::engine_settings;
use crate::world::World;

/// Where Docker keeps its data, unless it is told otherwise.
const DATA_ROOT: &str = "/var/lib/docker";
/// Below that.
const DATABASE: &str = "network/files/local-kv.db";

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DatabasePlace {
    /// Whose files they are; porthole's own without a process.
    pub(crate) process: Option<Pid>,
    /// The path among them.
    pub(crate) path: PathBuf,
}

impl DatabasePlace {
    /// A file that the user named.
    pub(crate) fn named(path: &Path) -> Self {
        Self { process: None, path: path.to_owned() }
    }

    /// The database of an engine, among the files that its process sees; without an engine, where one would have it.
    pub(crate) fn of(world: &World, engine: &Observed<Engine>) -> Result<Self, Gap> {
        let Observed::Known(engine) = engine else {
            return Ok(Self::configured(None, world));
        };
        if engine.version.kind == EngineKind::Podman {
            let cause = "Podman keeps its networks in files of another kind";
            return Err(Gap::new(GapKind::Unsupported, "network database", cause));
        }
        let process = *engine.daemon.known()?;
        match engine.info.value().map(|info| info.data_root.as_str()).filter(|root| !root.is_empty()) {
            Some(root) => Ok(Self { process: Some(process), path: Path::new(root).join(DATABASE) }),
            // An engine that waits for the database's lock does not answer.
            None => Ok(Self::configured(Some(process), world)),
        }
    }

    /// Where the settings among these files say that it is.
    fn configured(process: Option<Pid>, world: &World) -> Self {
        let settings = engine_settings(&world.host, process).ok();
        let root = settings.and_then(|settings| settings.data_root).unwrap_or_else(|| DATA_ROOT.to_owned());
        Self { process, path: Path::new(&root).join(DATABASE) }
    }

    /// The bytes, as they were at one moment.
    pub(crate) fn bytes(&self, world: &World) -> Result<SettledFile, Gap> {
        let files = world.host.files_of(self.process)?;
        files.read_settled(&self.path, bolt::HEAD, &|content, beginning| {
            bolt::chosen_meta(content) == bolt::chosen_meta(beginning)
        })
    }

    /// What they hold, and who holds the file's lock.
    pub(crate) fn decode(&self, world: &World, file: &SettledFile, secrets: Secrets) -> NetworkDatabase {
        let path = self.path.display().to_string();
        let mut database = network_database::read(&path, &file.content, secrets);
        database.lock_holders = world.host.lock_holders(file.device, file.inode);
        database
    }

    /// The database.
    pub(crate) fn read(&self, world: &World) -> Result<NetworkDatabase, Gap> {
        let file = self.bytes(world)?;
        Ok(self.decode(world, &file, world.settings.secrets))
    }
}
