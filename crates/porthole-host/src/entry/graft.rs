//! A toolbox that everybody who has this view of the files sees, for as long as a session needs it there: an engine's
//! own exec finds nothing else.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;
use rustix::mount::{MoveMountFlags, UnmountFlags, move_mount, unmount};

use super::line::{EntryFailure, FailureKind};
use super::mount_calls::make_read_only;
use super::toolbox::{Program, Toolbox};

/// Where it is attached, in a file system in memory that every container has of its own. A number follows where that is
/// taken by another session.
const PLACE: &str = "/dev/.porthole";

/// How many sessions at once find a place.
const PLACES: usize = 16;

/// A toolbox that is attached. Dropping it takes it away.
#[derive(Debug)]
pub struct Graft {
    place: PathBuf,
    /// Locked for as long as the graft is in use: who finds it unlocked may take it away.
    _lock: OwnedFd,
}

impl Graft {
    /// The name of porthole's own program there.
    pub const PROGRAM: &str = super::toolbox::NAME;

    /// Attaches one with these tools, and takes away what a killed one left. Gives no one a right to write there.
    pub fn attach(tools: &[String]) -> Result<Self, EntryFailure> {
        let toolbox = Toolbox::detached(&Program::open()?, tools)?;
        for place in places() {
            let attached = attach(&toolbox, &place);
            let at = EntryFailure::at::<io::Error>(format!("attach the toolbox at {}", place.display()));
            if let Some(lock) = attached.map_err(at)? {
                return Ok(Self { place, _lock: lock });
            }
        }
        let cause = "other sessions have every place";
        Err(EntryFailure::new(FailureKind::Other, format!("attach the toolbox at {PLACE}"), cause))
    }

    /// Takes away what killed ones left, in this view of the files, and says where that was.
    pub fn sweep() -> io::Result<Vec<PathBuf>> {
        let mut swept = Vec::new();
        for place in places().filter(|place| place.is_dir()) {
            let Some(lock) = lock(&place)? else { continue };
            if place.join("bin").exists() {
                drop(lock);
                take_away(&place)?;
            } else {
                fs::remove_dir(&place)?;
            }
            swept.push(place);
        }
        Ok(swept)
    }

    /// Whether something lies at one of the places of the files below this root.
    pub fn may_be_left(root: &Path) -> bool {
        places().any(|place| root.join(place.strip_prefix("/").unwrap_or(&place)).is_dir())
    }

    /// Where it is.
    pub fn place(&self) -> &Path {
        &self.place
    }
}

impl Drop for Graft {
    fn drop(&mut self) {
        // What cannot be taken away now is taken away by the next session in this container.
        let _left = take_away(&self.place);
    }
}

fn places() -> impl Iterator<Item = PathBuf> {
    (0..PLACES).map(|number| match number {
        0 => PathBuf::from(PLACE),
        number => PathBuf::from(format!("{PLACE}{number}")),
    })
}

/// Attaches the toolbox, unless another session is there; gives the lock that keeps others away.
fn attach(toolbox: &Toolbox, place: &Path) -> io::Result<Option<OwnedFd>> {
    match fs::create_dir(place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let Some(below) = lock(place)? else { return Ok(None) };
    if place.join("bin").exists() {
        drop(below);
        take_away(place)?;
        return attach(toolbox, place);
    }
    make_read_only(toolbox.directory())?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    move_mount(toolbox.directory(), "", CWD, place, flags)?;
    lock(place)
}

/// The lock of the directory that is seen there; nothing where another process has it.
fn lock(place: &Path) -> io::Result<Option<OwnedFd>> {
    let directory = openat(CWD, place, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    match flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(directory)),
        Err(Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Programs that still run from there keep it alive, unseen, until they end.
fn take_away(place: &Path) -> io::Result<()> {
    unmount(place, UnmountFlags::DETACH)?;
    fs::remove_dir(place)
}
