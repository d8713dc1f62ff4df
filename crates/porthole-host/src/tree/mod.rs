//! Trees of files as their processes see them, packed into tar streams and unpacked from them.
//!
//! *Invariant:* below a process's root no link leads out of it; what a stream holds is written below the directory that
//! was named, whatever its names and links say.

mod owners;
mod pack;
mod rename;
mod unpack;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use porthole_model::{Gap, Pid};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2};

use crate::LinuxHost;
use crate::failure::{Right, gap};
use owners::IdMap;

pub use owners::Owners;
pub use pack::Packing;
pub use rename::{Renaming, renamed};

/// A tree of files.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
    /// How paths are followed.
    resolve: ResolveFlags,
    users: IdMap,
    groups: IdMap,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A link, and where it leads.
    Link(PathBuf),
    /// Anything else.
    File,
}

/// Why a tree could not be packed or unpacked: at which path, and what the system said.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub struct TreeError {
    /// The path within the stream, or of the tree.
    pub path: PathBuf,
    /// What went wrong.
    pub source: io::Error,
}

impl TreeError {
    fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self { path: path.to_owned(), source }
    }
}

impl LinuxHost {
    /// The files that a process sees, mounts included, with owners as it sees them.
    pub fn tree_of(&self, pid: Pid) -> Result<Tree, Gap> {
        let path = |name: &str| self.proc.process_path(pid, name);
        let failed = |name: &'static str| {
            move |error| {
                gap(format!("files of process {pid}"), &format!("/proc/{pid}/{name}"), error, Right::Tracing)
            }
        };
        Ok(Tree {
            root: File::open(path("root")).map_err(failed("root"))?.into(),
            resolve: ResolveFlags::IN_ROOT,
            users: IdMap::read(&path("uid_map")).map_err(failed("uid_map"))?,
            groups: IdMap::read(&path("gid_map")).map_err(failed("gid_map"))?,
        })
    }

    /// The files that porthole itself sees; paths are absolute.
    pub fn own_tree(&self) -> Result<Tree, Gap> {
        let root = File::open("/").map_err(|error| gap("files of this host", "/", error, Right::Root))?;
        let (users, groups) = (IdMap::default(), IdMap::default());
        Ok(Tree { root: root.into(), resolve: ResolveFlags::empty(), users, groups })
    }
}

impl Tree {
    /// What is at `path`, a link at its end as a link; `None` where nothing is.
    pub fn look(&self, path: &Path) -> Result<Option<Entry>, TreeError> {
        let found = match self.open(path, OFlags::PATH | OFlags::NOFOLLOW) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(TreeError::at(path)(error)),
        };
        let entry = stat(&found).and_then(|stat| match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Ok(Entry::Directory),
            FileType::Symlink => Ok(Entry::Link(link(&found, "")?)),
            _ => Ok(Entry::File),
        });
        entry.map(Some).map_err(TreeError::at(path))
    }

    fn open(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        Ok(openat2(&self.root, path, flags | OFlags::CLOEXEC, Mode::empty(), self.resolve)?)
    }
}

fn stat(file: impl AsFd) -> io::Result<Stat> {
    Ok(fstat(file)?)
}

fn stat_at(directory: impl AsFd, name: &Path) -> io::Result<Stat> {
    Ok(rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn link(directory: impl AsFd, name: impl rustix::path::Arg) -> io::Result<PathBuf> {
    let target = rustix::fs::readlinkat(directory, name, Vec::new())?;
    Ok(OsString::from_vec(target.into_bytes()).into())
}
