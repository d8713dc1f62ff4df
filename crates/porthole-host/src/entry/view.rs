//! What the session alone sees: a mount namespace of its own, and files from outside in it.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::CWD;
use rustix::mount::{
    MountPropagationFlags, MoveMountFlags, OpenTreeFlags, mount_change, move_mount, open_tree,
};
use rustix::thread::UnshareFlags;

use super::line::EntryFailure;
use super::mount_calls::make_read_only;
use super::plan::SessionMount;

/// A mount that is attached nowhere yet.
#[derive(Debug)]
pub(super) struct Opened {
    tree: OwnedFd,
    destination: PathBuf,
}

/// Takes what is to be mounted, while it can still be seen.
pub(super) fn open(mounts: &[SessionMount]) -> Result<Vec<Opened>, EntryFailure> {
    mounts.iter().map(open_one).collect()
}

fn open_one(mount: &SessionMount) -> Result<Opened, EntryFailure> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    let tree = open_tree(CWD, &mount.source, flags)
        .map_err(EntryFailure::at(format!("take {}", mount.source.display())))?;
    if mount.read_only {
        let failed = EntryFailure::at(format!("make {} read-only", mount.source.display()));
        make_read_only(&tree).map_err(failed)?;
    }
    Ok(Opened { tree, destination: mount.destination.clone() })
}

/// From here on, nobody else sees what is mounted; what others mount is seen.
#[expect(unsafe_code, reason = "rustix marks unshare as unsafe, for what else it can unshare")]
pub(super) fn make_private() -> Result<(), EntryFailure> {
    // SAFETY: only the mounts are no longer shared; no memory or descriptor is.
    let unshared = unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) };
    unshared.map_err(EntryFailure::at("make a mount namespace"))?;
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)
        .map_err(EntryFailure::at("keep mounts to the session"))
}

/// Mounts them, after [`make_private`].
pub(super) fn attach(mounts: Vec<Opened>) -> Result<(), EntryFailure> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
    mounts.into_iter().try_for_each(|mount| {
        let failed = EntryFailure::at(format!("mount on {}", mount.destination.display()));
        move_mount(&mount.tree, "", CWD, &mount.destination, flags).map_err(failed)
    })
}
