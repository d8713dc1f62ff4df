//! Beside a process whose pid and network namespaces this one was started in: no right is left to join more of them, and
//! its root can be had only where the kernel lets one look into the process (ptrace(2), "access mode checking").

use std::fs;

use porthole_model::Pid;
use porthole_wire::proc_status;
use rustix::process::{chroot, fchdir};

use super::command::Prepared;
use super::identity::Identity;
use super::line::{EntryFailure, FailureKind};
use super::namespaces::{Environment, look_at};
use super::plan::EntryPlan;
use super::toolbox::Toolbox;
use crate::file_ids::with_file_ids;

/// Prepares the command in the root of the process, or, where that is not wanted, in this process's own.
pub(super) fn enter(plan: &EntryPlan, wants_root: bool) -> Result<Prepared, EntryFailure> {
    let toolbox = Toolbox::in_own_root(&plan.tools)?;
    let inherited = if wants_root { take_root(plan.process)? } else { Vec::new() };
    let identity = Identity::find(plan.user.as_deref())?;
    Prepared::new(plan, inherited, toolbox, identity)
}

/// Changes to the root and the working directory of the process; gives its environment.
fn take_root(process: Pid) -> Result<Environment, EntryFailure> {
    let status = fs::read(format!("/proc/{process}/status")).map_err(EntryFailure::at("see whose it is"))?;
    let read = |error: porthole_wire::ProcError| {
        EntryFailure::new(FailureKind::Other, "see whose it is", error.to_string())
    };
    let (user, group) = proc_status::real_ids(&status).map_err(read)?;
    // Without CAP_SYS_PTRACE nobody but its user may look into a process; the ids for files are those that count.
    let (root, directory, environment) = with_file_ids(user, group, || look_at(process))?;
    fchdir(&root).and_then(|()| chroot(".")).map_err(EntryFailure::at("change to its root"))?;
    fchdir(&directory).map_err(EntryFailure::at("change to its working directory"))?;
    Ok(environment)
}
