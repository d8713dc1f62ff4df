//! The namespaces of a process: opened all first, then joined.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;

use porthole_model::Pid;
use porthole_wire::proc_stat;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;
use rustix::process::{Gid, Uid, chroot, fchdir};
use rustix::thread::{
    LinkNameSpaceType, move_into_link_name_space, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use super::line::{EntryFailure, FailureKind};
use crate::file_ids::with_file_ids;
use crate::namespace_kinds::KINDS;
use crate::user_namespace;

/// Everything that leads to where a process is.
#[derive(Debug)]
pub(super) struct Door {
    /// Its directory in `/proc`: what is opened below it is of this process and no later one.
    process: OwnedFd,
    users: Option<OwnedFd>,
    others: Vec<(&'static str, LinkNameSpaceType, OwnedFd)>,
    root: OwnedFd,
    directory: OwnedFd,
}

/// Variables and their values.
pub(super) type Environment = Vec<(OsString, OsString)>;

/// What can be seen of a process without joining anything: its root, its working directory and its environment.
pub(super) fn look_at(pid: Pid) -> Result<(OwnedFd, OwnedFd, Environment), EntryFailure> {
    let process = process(pid)?;
    Ok((place(&process, "root")?, place(&process, "cwd")?, environment(&process)?))
}

impl Door {
    /// Opens what leads there, unless the number is by now that of another process.
    pub(super) fn open(pid: Pid, started: Option<u64>) -> Result<Self, EntryFailure> {
        let process = process(pid)?;
        if started.is_some_and(|started| began(&process) != Some(started)) {
            return Err(gone(pid));
        }
        let mut others = Vec::new();
        for (name, kind) in KINDS {
            let opened =
                foreign(&process, name).map_err(EntryFailure::at(format!("open the {name} namespace")))?;
            others.extend(opened.map(|namespace| (name, kind, namespace)));
        }
        let users = users(&process, &others).map_err(EntryFailure::at("open the user namespace"))?;
        let (root, directory) = (place(&process, "root")?, place(&process, "cwd")?);
        Ok(Self { process, users, others, root, directory })
    }

    /// The environment that the process was started with.
    pub(super) fn environment(&self) -> Result<Environment, EntryFailure> {
        environment(&self.process)
    }

    /// Joins them, and is then in the process's root and working directory; in its pid namespace are the children.
    pub(super) fn enter(self) -> Result<(), EntryFailure> {
        if let Some(users) = &self.users {
            join("user", LinkNameSpaceType::User, users)?;
            become_root().map_err(EntryFailure::at("become root of the user namespace"))?;
        }
        for (name, kind, namespace) in &self.others {
            join(name, *kind, namespace)?;
        }
        let root = fchdir(&self.root).and_then(|()| chroot("."));
        root.map_err(EntryFailure::at("change to its root"))?;
        fchdir(&self.directory).map_err(EntryFailure::at("change to its working directory"))
    }
}

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

fn gone(pid: Pid) -> EntryFailure {
    EntryFailure::new(FailureKind::Gone, format!("find process {pid}"), "it has ended")
}

fn process(pid: Pid) -> Result<OwnedFd, EntryFailure> {
    openat(CWD, format!("/proc/{pid}"), DIRECTORY, Mode::empty()).map_err(|_| gone(pid))
}

fn place(process: &OwnedFd, name: &str) -> Result<OwnedFd, EntryFailure> {
    openat(process, name, DIRECTORY, Mode::empty()).map_err(EntryFailure::at(format!("open its {name}")))
}

fn environment(process: &OwnedFd) -> Result<Environment, EntryFailure> {
    let text = read(process, "environ").or_else(|error| match error.kind() {
        // Its user may read it, and root without the capabilities over files may not.
        io::ErrorKind::PermissionDenied => {
            let owner = rustix::fs::fstat(process)?;
            with_file_ids(owner.st_uid, owner.st_gid, || read(process, "environ"))
        }
        _ => Err(error),
    });
    let text = text.map_err(EntryFailure::at("read its environment"))?;
    Ok(text.split(|byte| *byte == 0).filter_map(assignment).collect())
}

fn join(name: &str, kind: LinkNameSpaceType, namespace: &OwnedFd) -> Result<(), EntryFailure> {
    move_into_link_name_space(namespace.as_fd(), Some(kind))
        .map_err(EntryFailure::at(format!("join the {name} namespace")))
}

/// The namespace of the process, unless it is this process's own, which must not be joined again, or the kernel has none
/// of the kind.
fn foreign(process: &OwnedFd, name: &str) -> io::Result<Option<OwnedFd>> {
    let theirs = match openat(process, format!("ns/{name}"), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
    {
        Ok(theirs) => File::from(theirs),
        Err(Errno::NOENT) if !std::path::Path::new("/proc/self/ns").join(name).exists() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let ours = std::fs::metadata(format!("/proc/self/ns/{name}"))?;
    let theirs_is = theirs.metadata()?;
    let is_ours = (ours.dev(), ours.ino()) == (theirs_is.dev(), theirs_is.ino());
    Ok((!is_ours).then(|| theirs.into()))
}

/// The user namespace that the process's view of the files belongs to, unless it is this process's own: a process that
/// has gone into a further one without a view of its own has no rights over the files, and who joins it would have none.
fn users(
    process: &OwnedFd,
    others: &[(&'static str, LinkNameSpaceType, OwnedFd)],
) -> io::Result<Option<OwnedFd>> {
    let Some((_, _, view)) = others.iter().find(|(name, ..)| *name == "mnt") else { return Ok(None) };
    match user_namespace::owner(view) {
        Ok(users) => {
            let own = File::open("/proc/self/ns/user")?;
            Ok((!user_namespace::is_same(&users, own)?).then_some(users))
        }
        // Before Linux 4.9 it is the process's own for all that is known.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NOTTY) => foreign(process, "user"),
        Err(error) => Err(error),
    }
}

/// In a user namespace without a root nobody becomes it, and everybody who joined has its rights nevertheless.
fn become_root() -> rustix::io::Result<()> {
    let (user, group) = (Uid::ROOT, Gid::ROOT);
    let became = set_thread_res_gid(group, group, group).and_then(|()| set_thread_res_uid(user, user, user));
    // Where setgroups(2) is denied, the groups stay, and stand for nothing inside.
    let _denied = set_thread_groups(&[]);
    match became {
        Err(Errno::INVAL) => Ok(()),
        became => became,
    }
}

fn began(process: &OwnedFd) -> Option<u64> {
    proc_stat::parse(&read(process, "stat").ok()?).ok().map(|stat| stat.started)
}

fn read(process: &OwnedFd, name: &str) -> io::Result<Vec<u8>> {
    let mut file = File::from(openat(process, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?);
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text)
}

fn assignment(text: &[u8]) -> Option<(OsString, OsString)> {
    let equals = text.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    let word = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    Some((word(&text[..equals]), word(&text[equals + 1..])))
}
