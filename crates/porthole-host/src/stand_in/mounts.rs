//! Mounts of a socket's file in the mount namespaces of the host: whoever connects through one reaches that very
//! file, whatever stands at the path.
//!
//! Over a mount of the original the stand-in is mounted, and taken away again. A namespace that was made meanwhile
//! has a mount of the stand-in itself, which is replaced by one of the original in the end: nothing may be mounted on
//! a file that is to be removed, for the kernel unmounts it then.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use porthole_model::{Gap, Pid};
use porthole_wire::mount_info::{self, Mount};
use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};

use super::SocketPlace;
use super::room::FileId;
use super::visit::{MountNamespace, inside, make_private, open_within, unmount};
use crate::LinuxHost;
use crate::failure::{Right, gap, is_vanished};

/// A mount of the socket in a mount namespace, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// A process of the namespace.
    pub pid: Pid,
    /// The namespace, by the number of its inode.
    pub namespace: u64,
    /// Where it is mounted there.
    pub point: PathBuf,
    /// What was done, or why it could not be done.
    pub change: Result<MountedChange, Gap>,
}

/// What was done with a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MountedChange {
    /// The stand-in was mounted over it.
    Covered,
    /// The stand-in over it was taken away.
    Uncovered,
    /// It was one of the stand-in, and now is one of the original.
    Replaced,
}

impl LinuxHost {
    /// Mounts the stand-in over each mount of the original, in whichever namespace. Those that have it are skipped.
    pub fn cover(&self, place: &SocketPlace) -> Result<Vec<Mounted>, Gap> {
        self.change(place, &place.original(), |_| true, |spot| self.cover_one(place, spot))
    }

    /// Undoes [`LinuxHost::cover`]. To be done before the original is renamed: in porthole's own namespace the kernel
    /// renames nothing that is mounted on.
    pub fn uncover(&self, place: &SocketPlace) -> Result<Vec<Mounted>, Gap> {
        self.change(place, &place.stand_in(), |spot| spot.is_cover, |spot| self.uncover_one(spot))
    }

    /// Replaces mounts of the stand-in itself by mounts of what is at the path.
    pub fn replace(&self, place: &SocketPlace) -> Result<Vec<Mounted>, Gap> {
        self.change(place, &place.stand_in(), |spot| !spot.is_cover, |spot| self.replace_one(place, spot))
    }

    fn change(
        &self,
        place: &SocketPlace,
        file: &Path,
        is_wanted: impl Fn(&Spot) -> bool,
        change: impl Fn(&Spot) -> io::Result<MountedChange>,
    ) -> Result<Vec<Mounted>, Gap> {
        let what = format!("mounts of {}", place.path().display());
        let failed = |call: &str, error| gap(&what, call, error, Right::SystemAdministration);
        let Some(file) = FileId::at(file).map_err(|error| failed("stat", error))? else {
            return Ok(Vec::new());
        };
        let spots = self.spots(file, &place.names()).map_err(|error| failed("/proc", error))?;
        let mut changed = Vec::new();
        for spot in spots.into_iter().filter(is_wanted) {
            let done = change(&spot).map_err(|error| failed("mount", error));
            // With its namespace, a mount is gone by itself.
            if done.is_ok() || self.is_in(spot.namespace) {
                let MountNamespace { id: namespace, pid } = spot.namespace;
                changed.push(Mounted { pid, namespace, point: spot.point, change: done });
            }
        }
        Ok(changed)
    }

    fn is_in(&self, namespace: MountNamespace) -> bool {
        self.proc.mount_namespace(namespace.pid).is_ok_and(|id| id == namespace.id)
    }

    fn cover_one(&self, place: &SocketPlace, spot: &Spot) -> io::Result<MountedChange> {
        if spot.is_shared {
            return Err(io::Error::other("what is mounted there would also be mounted elsewhere"));
        }
        let tree = clone_of(&place.stand_in())?;
        inside(&self.proc, spot.namespace, || mount(&tree, &spot.file, MoveMountFlags::empty()))?;
        Ok(MountedChange::Covered)
    }

    fn uncover_one(&self, spot: &Spot) -> io::Result<MountedChange> {
        inside(&self.proc, spot.namespace, || unmount(spot.file.as_fd()))?;
        Ok(MountedChange::Uncovered)
    }

    /// Kernels before 6.5 mount nothing beneath: there the mount is missing for a moment.
    fn replace_one(&self, place: &SocketPlace, spot: &Spot) -> io::Result<MountedChange> {
        let tree = clone_of(place.path())?;
        inside(&self.proc, spot.namespace, || {
            match mount(&tree, &spot.file, MoveMountFlags::MOVE_MOUNT_BENEATH) {
                Ok(()) => unmount(spot.file.as_fd()),
                Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {
                    unmount(spot.file.as_fd())?;
                    let below = open_within(&self.proc, spot.namespace.pid, &spot.point)?;
                    mount(&tree, &below, MoveMountFlags::empty())
                }
                Err(error) => Err(error),
            }
        })?;
        Ok(MountedChange::Replaced)
    }

    /// Where the file is what a namespace has mounted uppermost at some point.
    fn spots(&self, file: FileId, names: &[OsString]) -> io::Result<Vec<Spot>> {
        let mut spots = Vec::new();
        for namespace in self.mount_namespaces()? {
            match self.spots_in(namespace, file, names) {
                Ok(found) => spots.extend(found),
                Err(_) if !self.is_in(namespace) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(spots)
    }

    /// Each by the first process that shows it. Threads of the kernel and dead processes have none.
    fn mount_namespaces(&self) -> io::Result<Vec<MountNamespace>> {
        let mut found = BTreeMap::new();
        for pid in self.proc.pids()? {
            match self.proc.mount_namespace(pid) {
                Ok(id) => drop(found.entry(id).or_insert(pid)),
                Err(error) if is_vanished(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found.into_iter().map(|(id, pid)| MountNamespace { id, pid }).collect())
    }

    fn spots_in(&self, namespace: MountNamespace, file: FileId, names: &[OsString]) -> io::Result<Vec<Spot>> {
        let text = self.proc.read(namespace.pid, "mountinfo")?;
        let mounts: Vec<_> = mount_info::mounts(&text).filter(|mount| is_named(mount, names)).collect();
        let mut spots = Vec::new();
        for mount in &mounts {
            let opened = match open_within(&self.proc, namespace.pid, &mount.point) {
                // Something else is mounted over a directory on the way to it.
                Err(error) if is_vanished(&error) => continue,
                opened => opened?,
            };
            if FileId::of(&opened.metadata()?) != file || mount_number(&opened)? != mount.id {
                continue;
            }
            let is_cover = mounts.iter().any(|below| below.id == mount.parent && below.point == mount.point);
            let (point, is_shared) = (mount.point.clone(), mount.shared);
            spots.push(Spot { namespace, point, file: opened, is_cover, is_shared });
        }
        Ok(spots)
    }
}

/// A place where the file is what is mounted uppermost.
struct Spot {
    namespace: MountNamespace,
    point: PathBuf,
    file: File,
    /// Whether it is mounted over a mount of the other socket.
    is_cover: bool,
    is_shared: bool,
}

fn is_named(mount: &Mount, names: &[OsString]) -> bool {
    mount.root.file_name().is_some_and(|root| names.iter().any(|name| name == root))
}

/// The number of the mount that an opened file was reached through.
fn mount_number(file: &File) -> io::Result<u64> {
    Ok(statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID)?.stx_mnt_id)
}

/// A mount of one file that is nowhere yet.
fn clone_of(path: &Path) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    Ok(open_tree(CWD, path, flags)?)
}

fn mount(tree: &OwnedFd, on: &File, flags: MoveMountFlags) -> io::Result<()> {
    let empty_paths = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    move_mount(tree, "", on, "", flags | empty_paths)?;
    make_private(tree.as_fd())
}
