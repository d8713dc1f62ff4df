//! The cache of trees, of engines and of clients: `engines/NAME/root` is complete, or of an older list and not used.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use crate::contents::Contents;
use crate::settings::Settings;
use crate::{Clients, Engine, LabError, fetch, slot};

/// Fetches what is missing of `engines`, also what could not be had before, and tells `say` what it does.
///
/// Fails when, at the end, one of `engines` is missing; of all engines, Docker 20 or both newer Dockers.
pub fn fetch_all(engines: &[Engine], say: &mut dyn FnMut(&str)) -> Result<(), LabError> {
    let settings = Settings::from_environment();
    for &engine in engines {
        match obtain_anew(&settings, &engine.contents(), say).and_then(|()| version(&settings, engine)) {
            Ok(version) => say(&format!("{engine}: version {version} is there")),
            Err(error) => say_missing(&error, say),
        }
    }
    if engines == Engine::ALL {
        match obtain_anew(&settings, &Clients::Newest.contents(), say) {
            Ok(()) => say(&format!("{}: there", Clients::Newest)),
            Err(error) => say_missing(&error, say),
        }
    }
    required(&settings, engines)
}

/// [`obtain`], also what could not be had before; a tree that was replaced is removed.
fn obtain_anew(settings: &Settings, contents: &Contents, say: &mut dyn FnMut(&str)) -> Result<(), LabError> {
    fs::remove_file(unavailable(settings, contents)).ok();
    fetch::remove(&fetch::replaced(&settings.engines().join(contents.name)))?;
    obtain(settings, contents, say).map(|_| ())
}

fn say_missing(error: &LabError, say: &mut dyn FnMut(&str)) {
    say(&format!("{0}\n  MISSING: {error}\n{0}", "*".repeat(72)));
}

/// The root of the tree; fetched first if it is not there, or lacks a package.
pub(crate) fn obtain(
    settings: &Settings,
    contents: &Contents,
    say: &mut dyn FnMut(&str),
) -> Result<PathBuf, LabError> {
    let root = root(settings, contents);
    if contents.are_in(&root) {
        return Ok(root);
    }
    let name = contents.name;
    let _lock = slot::lock(&settings.engines().join(format!("{name}.lock")))?;
    if contents.are_in(&root) {
        return Ok(root);
    }
    if let Ok(reason) = fs::read_to_string(unavailable(settings, contents)) {
        return Err(LabError::NoTree { name, reason });
    }
    fetch::fetch(contents, &settings.engines(), say).inspect_err(|error| {
        fs::write(unavailable(settings, contents), reason(error)).ok();
    })?;
    Ok(root)
}

/// Whether the tree is there, or could be fetched now; says so where not.
pub(crate) fn obtain_or_complain(settings: &Settings, contents: &Contents) -> bool {
    obtain(settings, contents, &mut complain).inspect_err(|error| complain(&error.to_string())).is_ok()
}

/// The engines that are there after fetching what is missing.
pub(crate) fn available(settings: &Settings) -> Result<Vec<Engine>, LabError> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    for engine in Engine::ALL {
        let contents = engine.contents();
        if !is_there(settings, engine) && !unavailable(settings, &contents).exists() {
            obtain(settings, &contents, &mut complain).ok();
        }
    }
    required(settings, &Engine::ALL)?;
    Ok(Engine::ALL.into_iter().filter(|engine| is_there(settings, *engine)).collect())
}

/// The version of the engine's package, without Debian's own suffixes.
pub(crate) fn version(settings: &Settings, engine: Engine) -> Result<String, LabError> {
    let root = root(settings, &engine.contents());
    let output = Command::new("dpkg-query")
        .arg(format!("--admindir={}", root.join("var/lib/dpkg").display()))
        .args(["--show", "--showformat", "${Version}", engine.package()])
        .output()
        .map_err(LabError::io("run dpkg-query"))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(LabError::NoTree { name: engine.name(), reason });
    }
    let full = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(full.split(['+', '-', '~']).next().unwrap_or_default().to_owned())
}

/// Who names engines wants them all; who takes all needs Docker 20 and a newer one.
fn required(settings: &Settings, asked: &[Engine]) -> Result<(), LabError> {
    let missing = |engine: &Engine| !is_there(settings, *engine);
    let newer = [Engine::Docker26, Engine::Docker28];
    let lacking = if asked != Engine::ALL {
        asked.iter().copied().find(missing)
    } else if missing(&Engine::Docker20) {
        Some(Engine::Docker20)
    } else {
        newer.iter().all(missing).then_some(Engine::Docker28)
    };
    let Some(engine) = lacking else { return Ok(()) };
    let reason = fs::read_to_string(unavailable(settings, &engine.contents())).unwrap_or_default();
    Err(LabError::NoTree { name: engine.name(), reason: format!("it is required; {reason}") })
}

fn reason(error: &LabError) -> String {
    match error {
        LabError::NoTree { reason, .. } => reason.clone(),
        other => other.to_string(),
    }
}

fn is_there(settings: &Settings, engine: Engine) -> bool {
    let contents = engine.contents();
    contents.are_in(&root(settings, &contents))
}

fn root(settings: &Settings, contents: &Contents) -> PathBuf {
    settings.engines().join(contents.name).join("root")
}

/// Present when the last fetch failed; holds the reason.
fn unavailable(settings: &Settings, contents: &Contents) -> PathBuf {
    settings.engines().join(format!("{}.unavailable", contents.name))
}

#[expect(clippy::print_stderr, reason = "a test that runs without an engine must say so where people look")]
fn complain(line: &str) {
    eprintln!("porthole-lab: {line}");
}
