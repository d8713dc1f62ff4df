//! How the engine was told to work: the arguments of its process, and the settings file that they name.

use std::io;
use std::path::Path;

use porthole_model::{Engine, EngineKind, EngineSettings, Gap, GapKind, MaskedText};
use porthole_wire::engine_settings;

use crate::world::World;

/// The settings of an engine whose process is on this host.
pub(super) fn read(world: &World, engine: &Engine) -> Result<EngineSettings, Gap> {
    let failed = |kind, cause: String| Gap::new(kind, "the engine's settings", cause);
    if engine.version.kind == EngineKind::Podman {
        return Err(failed(GapKind::Unsupported, "Podman has other ones".to_owned()));
    }
    let daemon = *engine.daemon.known()?;
    let arguments = world.host.arguments_of(daemon);
    let arguments: Vec<_> = arguments.known()?.iter().map(MaskedText::as_str).collect();
    let file = world.host.files_of(Some(daemon))?.read(Path::new(engine_settings::file(&arguments)));
    let file = match file {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(GapKind::Failed, error.to_string())),
    };
    engine_settings::parse(&arguments, file.as_deref())
        .map_err(|error| failed(GapKind::Failed, error.to_string()))
}
