//! What the engine was told, by its settings file and its command line.

use porthole_host::LinuxHost;
use porthole_model::{Engine, EngineKind, EngineSettings, Gap, GapKind, MaskedText, Pid};
use porthole_wire::engine_settings;

/// The settings of an engine whose process is on this host.
pub(super) fn of(host: &LinuxHost, engine: &Engine) -> Result<EngineSettings, Gap> {
    if engine.version.kind == EngineKind::Podman {
        return Err(Gap::new(GapKind::Unsupported, "the engine's settings", "Podman has other ones"));
    }
    engine_settings(host, Some(*engine.daemon.known()?))
}

/// The settings of the engine of that process; without one, those that an engine would begin with here.
pub(super) fn engine_settings(host: &LinuxHost, daemon: Option<Pid>) -> Result<EngineSettings, Gap> {
    let arguments = daemon.map(|daemon| host.arguments_of(daemon).known().cloned()).transpose()?;
    let arguments: Vec<_> = arguments.iter().flatten().map(MaskedText::as_str).collect();
    let path = engine_settings::settings_file(&arguments);
    let file = host.settings_file_of(daemon.unwrap_or(Pid(std::process::id())), path);
    let text = file.known()?.as_ref().map(|file| file.content.as_slice()).unwrap_or_default();
    engine_settings::engine_settings(text, &arguments)
        .map_err(|error| Gap::new(GapKind::Failed, path, error.to_string()))
}
