//! Going into a mount namespace, on a thread of its own, so that no other thread of porthole is ever moved.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;

use porthole_model::Pid;
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountPropagationFlags, UnmountFlags};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::procfs::ProcFs;

/// A mount namespace, and a process that is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MountNamespace {
    pub(super) id: u64,
    pub(super) pid: Pid,
}

/// Does `work` in the namespace. The working directory of the thread is porthole's own `/proc`, through which
/// [`unmount`] and [`make_private`] name a mount by its descriptor.
pub(super) fn inside<T: Send>(
    proc: &ProcFs,
    namespace: MountNamespace,
    work: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    let door = File::open(proc.process_path(namespace.pid, "ns/mnt"))?;
    if door.metadata()?.ino() != namespace.id {
        return Err(io::Error::new(io::ErrorKind::NotFound, "its process has ended"));
    }
    let own_proc = File::open(proc.path("."))?;
    thread::scope(|scope| {
        let visitor = thread::Builder::new().spawn_scoped(scope, || {
            enter(door.as_fd(), own_proc.as_fd())?;
            work()
        })?;
        visitor.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[expect(unsafe_code, reason = "rustix marks unshare as unsafe, for what else it can unshare")]
fn enter(door: BorrowedFd<'_>, own_proc: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: only the root and the working directory of this thread are no longer shared; no memory or descriptor is.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::FS) }?;
    move_into_link_name_space(door, Some(LinkNameSpaceType::Mount))?;
    Ok(rustix::process::fchdir(own_proc)?)
}

/// Takes away the mount that a descriptor leads to.
pub(super) fn unmount(mounted: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::mount::unmount(by_descriptor(mounted).as_path(), UnmountFlags::DETACH)?)
}

/// What is mounted on it later stays there.
pub(super) fn make_private(mounted: BorrowedFd<'_>) -> io::Result<()> {
    Ok(rustix::mount::mount_change(by_descriptor(mounted).as_path(), MountPropagationFlags::PRIVATE)?)
}

/// Opens a file of a process without leaving the root of that process, whatever links are in the way.
pub(super) fn open_within(proc: &ProcFs, pid: Pid, path: &Path) -> io::Result<File> {
    let root = File::open(proc.process_path(pid, "root"))?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let resolve = rustix::fs::ResolveFlags::IN_ROOT;
    Ok(rustix::fs::openat2(root, path, flags, Mode::empty(), resolve)?.into())
}

fn by_descriptor(mounted: BorrowedFd<'_>) -> std::path::PathBuf {
    use std::os::fd::AsRawFd;
    format!("self/fd/{}", mounted.as_raw_fd()).into()
}
