//! Where the program `peer` is: beside the running program in cargo's target directory, built when need be.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::LabError;

/// Gives a lab its own name for the program, so that the next build does not take it away.
pub(crate) fn place(to: &Path) -> Result<(), LabError> {
    let from = peer()?;
    if fs::hard_link(&from, to).is_ok() {
        return Ok(());
    }
    // Written by this program, the file could still be open in a child of another thread, and not be run yet.
    let status = Command::new("cp").arg(&from).arg(to).status().map_err(LabError::io("run cp"))?;
    if status.success() { Ok(()) } else { Err(LabError::NoPeer(format!("cp {} failed", from.display()))) }
}

/// The path of an up-to-date `peer`.
fn peer() -> Result<PathBuf, LabError> {
    static PEER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    PEER.get_or_init(find_or_build).clone().map_err(LabError::NoPeer)
}

fn find_or_build() -> Result<PathBuf, String> {
    let running = env::current_exe().map_err(|error| error.to_string())?;
    let profile = profile_directory(&running).ok_or("the running program lies in no directory")?;
    let peer = profile.join("peer");
    if is_up_to_date(&peer) {
        return Ok(peer);
    }
    build(profile)?;
    if peer.is_file() { Ok(peer) } else { Err(format!("cargo did not make {}", peer.display())) }
}

/// Programs lie in the profile's directory, tests in `deps` and examples in `examples` below it.
fn profile_directory(program: &Path) -> Option<&Path> {
    let directory = program.parent()?;
    let name = directory.file_name()?;
    if name == "deps" || name == "examples" { directory.parent() } else { Some(directory) }
}

/// A `peer` whose source is not at hand counts as up to date.
fn is_up_to_date(peer: &Path) -> bool {
    let source = newest(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/peer"));
    fs::metadata(peer).and_then(|metadata| metadata.modified()).is_ok_and(|built| Some(built) >= source)
}

fn newest(directory: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(directory).ok()?.flatten();
    entries.filter_map(|entry| entry.metadata().ok()?.modified().ok()).max()
}

fn build(profile: &Path) -> Result<(), String> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let name = profile.file_name().unwrap_or_default();
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "porthole-lab", "--bin", "peer", "--profile"])
        .arg(if name == "debug" { "dev".as_ref() } else { name })
        .args(
            target_directory(profile)
                .map(|directory| [OsString::from("--target-dir"), directory.into()])
                .into_iter()
                .flatten(),
        )
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| format!("failed to run cargo: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// `target` of `target/PROFILE` or `target/TRIPLE/PROFILE`: cargo marks it with a file.
fn target_directory(profile: &Path) -> Option<PathBuf> {
    profile
        .ancestors()
        .skip(1)
        .take(2)
        .find(|path| path.join(".rustc_info.json").exists())
        .map(Path::to_owned)
}
