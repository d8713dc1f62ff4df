//! The holder itself: porthole under another name, the first process of the namespaces that it was started in.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, StdinLock, Write};

use rustix::mount::MountFlags;
use serde::{Deserialize, Serialize};

use super::mounts;
use super::plan::RootPlan;

/// The name it is started under.
pub(super) const NAME: &str = "porthole-hold";

/// What the holder says, once.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The root stands.
    Holds {
        /// What could not be mounted into it.
        not_mounted: Vec<String>,
    },
    /// It does not.
    Failed(String),
}

/// Whether a process with this name is to be a holder.
pub fn is_holder(name: &OsStr) -> bool {
    name == NAME
}

/// Puts the root together that is described on standard input, and holds it until that is at its end.
pub fn hold_root() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin().lock());
    let answer = match read(&mut input).and_then(|plan| mounts::change_root(&plan)) {
        Ok(not_mounted) => Answer::Holds { not_mounted },
        Err(error) => Answer::Failed(error.to_string()),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    io::stdout().write_all(&line)?;
    input.read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Lives until standard input is at its end, in a container whose root is made read-only before, if asked for.
pub fn hold_container(is_read_only: bool) -> io::Result<()> {
    if is_read_only {
        rustix::mount::mount_remount("/", MountFlags::BIND | MountFlags::RDONLY, "")?;
    }
    io::stdin().lock().read_to_end(&mut Vec::new()).map(drop)
}

fn read(input: &mut BufReader<StdinLock<'_>>) -> io::Result<RootPlan> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    Ok(serde_json::from_slice(&line)?)
}
