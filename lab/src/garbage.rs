//! What dead owners left behind, and the end of a lab: processes, control groups and files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::host::Attached;
use crate::process::{ProcessId, wait_until};
use crate::settings::Settings;
use crate::{Engine, LabError, cgroup, slot};

const DEATH: Duration = Duration::from_secs(30);

/// One line of the list of labs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The lab's name.
    pub name: String,
    /// Its engine, when the lab came up.
    pub engine: Option<Engine>,
    /// The process that ends the lab; `None` when that is gone.
    pub owner: Option<i32>,
    /// Whether its first process lives.
    pub is_up: bool,
}

/// All labs that have a directory, whether they run or not.
pub fn list() -> Vec<Kept> {
    let settings = Settings::from_environment();
    names(&settings).into_iter().map(|name| kept(&settings, name)).collect()
}

/// Removes what labs without a living owner left; gives their names.
pub fn collect_garbage() -> Result<Vec<String>, LabError> {
    collect(&Settings::from_environment())
}

pub(crate) fn collect(settings: &Settings) -> Result<Vec<String>, LabError> {
    let _lock = slot::lock(&settings.lock())?;
    let dead = names(settings).into_iter().filter(|name| owner(settings, name).is_none());
    dead.map(|name| end(settings, &name).map(|()| name)).collect()
}

/// Makes the lab's directory, owned by this process from the first moment on.
pub(crate) fn claim(settings: &Settings, name: &str) -> Result<(), LabError> {
    let _lock = slot::lock(&settings.lock())?;
    let directory = settings.lab(name);
    if directory.exists() {
        return Err(LabError::Name { name: name.to_owned(), problem: "is in use".to_owned() });
    }
    fs::create_dir_all(&directory).map_err(LabError::at("create", &directory))?;
    let own = serde_json::to_vec(&ProcessId::own()).unwrap_or_default();
    let file = directory.join("owner");
    fs::write(&file, own).map_err(LabError::at("write", &file))
}

/// Ends the lab, whatever state it is in, and removes all of it.
pub(crate) fn end(settings: &Settings, name: &str) -> Result<(), LabError> {
    let directory = settings.lab(name);
    if let Some(host) = recorded(&directory) {
        host.outside.signal(Signal::SIGKILL);
        host.init.signal(Signal::SIGKILL);
        let gone = wait_until(DEATH, || {
            cgroup::thaw(name);
            !host.init.is_alive() && !host.outside.is_alive()
        });
        if !gone {
            return Err(LabError::Host {
                name: name.to_owned(),
                reason: "its first process does not die".to_owned(),
            });
        }
    }
    if !cgroup::remove(name) {
        let reason = "its control groups cannot be removed".to_owned();
        return Err(LabError::Host { name: name.to_owned(), reason });
    }
    remove_files(&directory)
}

/// A container's last writes may still land while the first attempt runs.
fn remove_files(directory: &Path) -> Result<(), LabError> {
    let mut outcome = Ok(());
    wait_until(Duration::from_secs(10), || {
        outcome = fs::remove_dir_all(directory);
        !directory.exists()
    });
    if directory.exists() { outcome.map_err(LabError::at("remove", directory)) } else { Ok(()) }
}

fn kept(settings: &Settings, name: String) -> Kept {
    let host = recorded(&settings.lab(&name));
    Kept {
        engine: host.as_ref().map(Attached::engine),
        owner: owner(settings, &name).map(|owner| owner.pid),
        is_up: host.is_some_and(|host| host.init.is_alive()),
        name,
    }
}

fn names(settings: &Settings) -> Vec<String> {
    let entries = fs::read_dir(settings.labs()).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// The living owner, if there is one.
fn owner(settings: &Settings, name: &str) -> Option<ProcessId> {
    let text = fs::read(settings.lab(name).join("owner")).ok()?;
    serde_json::from_slice(&text).ok().filter(|owner: &ProcessId| owner.is_alive())
}

fn recorded(directory: &Path) -> Option<Attached> {
    serde_json::from_slice(&fs::read(directory.join("lab.json")).ok()?).ok()
}
