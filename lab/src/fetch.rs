//! Making an engine tree of Debian packages with mmdebstrap.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{Engine, LabError, apt};

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

/// Makes `engines/NAME`, which appears complete or not at all. The caller holds the engine's lock.
pub(crate) fn fetch(engine: Engine, engines: &Path, say: &mut dyn FnMut(&str)) -> Result<(), LabError> {
    let partial = engines.join(format!("{engine}.partial"));
    let mut reason = String::new();
    for attempt in 1..=TRIES {
        remove(&partial)?;
        fs::create_dir_all(&partial).map_err(LabError::at("create", &partial))?;
        say(&format!("{engine}: fetching Debian {}, attempt {attempt} of {TRIES}", engine.suite()));
        let begin = Instant::now();
        let log = partial.join("log");
        let success = debootstrap(engine, &partial.join("root"), &log)?;
        let seconds = begin.elapsed().as_secs();
        if success {
            say(&format!("{engine}: fetched in {seconds} s"));
            let complete = engines.join(engine.name());
            return fs::rename(&partial, &complete).map_err(LabError::at("create", &complete));
        }
        reason = complaints(&log);
        say(&format!("{engine}: attempt {attempt} failed after {seconds} s: {reason}"));
    }
    remove(&partial)?;
    Err(LabError::NoEngine { engine, reason })
}

fn debootstrap(engine: Engine, root: &Path, log: &Path) -> Result<bool, LabError> {
    let written = File::create(log).map_err(LabError::at("create", log))?;
    let copy = written.try_clone().map_err(LabError::at("open", log))?;
    let mut command = Command::new("mmdebstrap");
    command.arg("--variant=apt");
    command.args(APT_OPTIONS.iter().map(|option| format!("--aptopt={option}")));
    command.args(LEFT_OUT.iter().map(|path| format!("--dpkgopt=path-exclude={path}")));
    command.arg(format!("--include={}", engine.packages().join(",")));
    command.arg(engine.suite()).arg(root);
    // Without a mirror of the machine's own, mmdebstrap has a default.
    command.args(
        apt::debian_mirror(Path::new("/etc")).map(|mirror| format!("deb {mirror} {} main", engine.suite())),
    );
    let status = command.stdin(Stdio::null()).stdout(written).stderr(copy).status();
    Ok(status.map_err(LabError::io("run mmdebstrap"))?.success())
}

fn remove(directory: &PathBuf) -> Result<(), LabError> {
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
