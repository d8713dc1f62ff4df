//! The cache of engine trees: `engines/NAME/root` is complete or not there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use crate::settings::Settings;
use crate::{Engine, LabError, fetch, slot};

/// Fetches what is missing of `engines`, also what could not be had before, and tells `say` what it does.
///
/// Fails when, at the end, one of `engines` is missing; of all engines, Docker 20 or both newer Dockers.
pub fn fetch_all(engines: &[Engine], say: &mut dyn FnMut(&str)) -> Result<(), LabError> {
    let settings = Settings::from_environment();
    for &engine in engines {
        fs::remove_file(unavailable(&settings, engine)).ok();
        match obtain(&settings, engine, say).and_then(|_| version(&settings, engine)) {
            Ok(version) => say(&format!("{engine}: version {version} is there")),
            Err(error) => say(&format!("{0}\n  MISSING: {error}\n{0}", "*".repeat(72))),
        }
    }
    required(&settings, engines)
}

/// The root of the engine's tree; fetched first if it is not there.
pub(crate) fn obtain(
    settings: &Settings,
    engine: Engine,
    say: &mut dyn FnMut(&str),
) -> Result<PathBuf, LabError> {
    let root = root(settings, engine);
    if root.exists() {
        return Ok(root);
    }
    let _lock = slot::lock(&settings.engines().join(format!("{engine}.lock")))?;
    if root.exists() {
        return Ok(root);
    }
    if let Ok(reason) = fs::read_to_string(unavailable(settings, engine)) {
        return Err(LabError::NoEngine { engine, reason });
    }
    fetch::fetch(engine, &settings.engines(), say).inspect_err(|error| {
        fs::write(unavailable(settings, engine), reason(error)).ok();
    })?;
    Ok(root)
}

/// The engines that are there after fetching what is missing.
pub(crate) fn available(settings: &Settings) -> Result<Vec<Engine>, LabError> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    for engine in Engine::ALL {
        if !root(settings, engine).exists() && !unavailable(settings, engine).exists() {
            obtain(settings, engine, &mut complain).ok();
        }
    }
    required(settings, &Engine::ALL)?;
    Ok(Engine::ALL.into_iter().filter(|engine| root(settings, *engine).exists()).collect())
}

/// The version of the engine's package, without Debian's own suffixes.
pub(crate) fn version(settings: &Settings, engine: Engine) -> Result<String, LabError> {
    let root = root(settings, engine);
    let output = Command::new("dpkg-query")
        .arg(format!("--admindir={}", root.join("var/lib/dpkg").display()))
        .args(["--show", "--showformat", "${Version}", engine.package()])
        .output()
        .map_err(LabError::io("run dpkg-query"))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(LabError::NoEngine { engine, reason });
    }
    let full = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(full.split(['+', '-', '~']).next().unwrap_or_default().to_owned())
}

/// Who names engines wants them all; who takes all needs Docker 20 and a newer one.
fn required(settings: &Settings, asked: &[Engine]) -> Result<(), LabError> {
    let missing = |engine: &Engine| !root(settings, *engine).exists();
    let newer = [Engine::Docker26, Engine::Docker28];
    let lacking = if asked != Engine::ALL {
        asked.iter().copied().find(missing)
    } else if missing(&Engine::Docker20) {
        Some(Engine::Docker20)
    } else {
        newer.iter().all(missing).then_some(Engine::Docker28)
    };
    let Some(engine) = lacking else { return Ok(()) };
    let reason = fs::read_to_string(unavailable(settings, engine)).unwrap_or_default();
    Err(LabError::NoEngine { engine, reason: format!("it is required; {reason}") })
}

fn reason(error: &LabError) -> String {
    match error {
        LabError::NoEngine { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

fn root(settings: &Settings, engine: Engine) -> PathBuf {
    settings.engines().join(engine.name()).join("root")
}

/// Present when the last fetch failed; holds the reason.
fn unavailable(settings: &Settings, engine: Engine) -> PathBuf {
    settings.engines().join(format!("{engine}.unavailable"))
}

#[expect(clippy::print_stderr, reason = "a test that runs without an engine must say so where people look")]
fn complain(line: &str) {
    eprintln!("porthole-lab: {line}");
}
