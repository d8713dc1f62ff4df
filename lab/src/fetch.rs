//! Making an engine tree of Debian packages with mmdebstrap.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::contents::Contents;
use crate::{LabError, apt};

const TRIES: usize = 3;

/// Without `Check-Valid-Until` a mirror that lags behind counts as expired.
const APT_OPTIONS: &[&str] = &[
    "Acquire::Check-Valid-Until \"false\"",
    "Acquire::Retries \"4\"",
    "Acquire::http::Timeout \"30\"",
    "Acquire::https::Timeout \"30\"",
    "APT::Install-Recommends \"false\"",
];

const LEFT_OUT: &[&str] = &["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"];

/// Makes `engines/NAME`, which appears complete or not at all. The caller holds the tree's lock.
pub(crate) fn fetch(contents: &Contents, engines: &Path, say: &mut dyn FnMut(&str)) -> Result<(), LabError> {
    let name = contents.name;
    let partial = engines.join(format!("{name}.partial"));
    let mut reason = String::new();
    for attempt in 1..=TRIES {
        remove(&partial)?;
        fs::create_dir_all(&partial).map_err(LabError::at("create", &partial))?;
        say(&format!("{name}: fetching Debian {}, attempt {attempt} of {TRIES}", contents.suite));
        let begin = Instant::now();
        let log = partial.join("log");
        let success = debootstrap(contents, &partial.join("root"), &log)?;
        let seconds = begin.elapsed().as_secs();
        if success {
            say(&format!("{name}: fetched in {seconds} s"));
            return put_in_place(&partial, &engines.join(name));
        }
        reason = complaints(&log);
        say(&format!("{name}: attempt {attempt} failed after {seconds} s: {reason}"));
    }
    remove(&partial)?;
    Err(LabError::NoTree { name, reason })
}

/// A tree of an older list of packages makes room. Labs that run keep it as it is, so it is not removed here.
fn put_in_place(partial: &Path, complete: &Path) -> Result<(), LabError> {
    if complete.exists() {
        let replaced = replaced(complete);
        remove(&replaced)?;
        fs::rename(complete, &replaced).map_err(LabError::at("put aside", complete))?;
    }
    fs::rename(partial, complete).map_err(LabError::at("create", complete))
}

/// Where the tree is that another one took the place of.
pub(crate) fn replaced(tree: &Path) -> PathBuf {
    tree.with_extension("replaced")
}

fn debootstrap(contents: &Contents, root: &Path, log: &Path) -> Result<bool, LabError> {
    let written = File::create(log).map_err(LabError::at("create", log))?;
    let copy = written.try_clone().map_err(LabError::at("open", log))?;
    let mut command = Command::new("mmdebstrap");
    command.arg("--variant=apt");
    command.args(APT_OPTIONS.iter().map(|option| format!("--aptopt={option}")));
    command.args(LEFT_OUT.iter().map(|path| format!("--dpkgopt=path-exclude={path}")));
    command.arg(format!("--include={}", contents.packages.join(",")));
    command.arg(contents.suite).arg(root);
    // Without a mirror of the machine's own, mmdebstrap has a default.
    command.args(
        apt::debian_mirror(Path::new("/etc")).map(|mirror| format!("deb {mirror} {} main", contents.suite)),
    );
    let status = command.stdin(Stdio::null()).stdout(written).stderr(copy).status();
    Ok(status.map_err(LabError::io("run mmdebstrap"))?.success())
}

pub(crate) fn remove(directory: &Path) -> Result<(), LabError> {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(LabError::at("remove", directory))?;
    }
    Ok(())
}

/// What apt and mmdebstrap call errors, or the end of the log when they name none.
fn complaints(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let errors: Vec<&str> = text.lines().filter(|line| line.starts_with("E: ")).take(3).collect();
    if errors.is_empty() { tail(log) } else { errors.join("; ") }
}

/// The last lines of a log, or why there are none.
pub(crate) fn tail(log: &Path) -> String {
    match fs::read(log) {
        Err(error) => format!("(no log: {error})"),
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(25)..].join("\n")
        }
    }
}
