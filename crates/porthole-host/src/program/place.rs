//! Where a program runs: its namespaces and its root, held open so that another one can be started there.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

use porthole_model::Pid;
use rustix::fs::{Mode, OFlags};
use rustix::process::{chroot, fchdir};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use crate::namespace_kinds::KINDS;
use crate::procfs::ProcFs;

/// The way there.
#[derive(Debug)]
pub(crate) struct Place {
    namespaces: Vec<(LinkNameSpaceType, File)>,
    root: OwnedFd,
    /// Whether its root or its view of the files is another than porthole's.
    has_other_files: bool,
}

impl Place {
    pub(crate) fn open(proc: &ProcFs, pid: Pid) -> io::Result<Self> {
        let mut namespaces = Vec::new();
        for (name, kind) in KINDS {
            let theirs = match File::open(proc.process_path(pid, &format!("ns/{name}"))) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            let ours = std::fs::metadata(proc.path(&format!("thread-self/ns/{name}")))?;
            if theirs.metadata()?.ino() != ours.ino() {
                namespaces.push((kind, theirs));
            }
        }
        let path = proc.process_path(pid, "root");
        let of = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let has_other_files =
            !namespaces.is_empty() || of(std::fs::metadata(&path)?) != of(std::fs::metadata("/")?);
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(&path, flags, Mode::empty())?;
        Ok(Self { namespaces, root, has_other_files })
    }

    /// Whether it is another place than porthole's.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.has_other_files
    }

    /// Takes the calling thread there, which must be of no more use for anything else; what it starts is there too.
    pub(crate) fn enter(&self) -> io::Result<()> {
        if !self.is_elsewhere() {
            return Ok(());
        }
        leave_shared_directories()?;
        for (kind, namespace) in &self.namespaces {
            move_into_link_name_space(namespace.as_fd(), Some(*kind))?;
        }
        fchdir(&self.root)?;
        Ok(chroot(".")?)
    }
}

/// From here on root and working directory are the calling thread's own.
#[expect(unsafe_code, reason = "rustix has no safe way to leave the directories that threads share")]
fn leave_shared_directories() -> io::Result<()> {
    // SAFETY: only the sharing of root, working directory and umask ends; no memory and no descriptor is affected.
    unsafe { unshare_unsafe(UnshareFlags::FS) }.map_err(io::Error::from)
}
