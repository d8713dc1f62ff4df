//! A file for each place that is taken, locked while the tap or its guardian lives: a later run finds it unlocked.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::ErrorKind::{NotFound, PermissionDenied};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use porthole_host::SocketPlace;

use crate::error::CommandError;

/// Root's, whatever the environment says, so that each run finds what any other left.
const DIRECTORY: &str = "/run/porthole";

/// What the names of the files begin with; the escaped path of the socket follows.
const PREFIX: &str = "take-over-";

/// The locked file.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    socket: PathBuf,
}

impl Journal {
    /// Locks the journal of a socket, or says who has it.
    pub(super) fn claim(socket: &Path) -> Result<Self, CommandError> {
        let path = Path::new(DIRECTORY).join(name(socket));
        let failed =
            |error| CommandError::caused_by(format!("cannot write the journal {}", path.display()), error);
        make_directory().map_err(failed)?;
        match Self::lock(path.clone(), socket.to_owned(), true).map_err(failed)? {
            Some(journal) => Ok(journal),
            None => Err(taken(socket, &path)),
        }
    }

    /// The journals of killed runs.
    pub(super) fn left() -> Result<Vec<Self>, CommandError> {
        let failed =
            |error| CommandError::caused_by(format!("cannot read the journals in {DIRECTORY}"), error);
        let entries = match fs::read_dir(DIRECTORY) {
            // Without the right to read it, nothing in it can be of this user.
            Err(error) if matches!(error.kind(), NotFound | PermissionDenied) => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut left = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if let Some(socket) = socket(&path) {
                left.extend(Self::lock(path, socket, false).map_err(failed)?);
            }
        }
        Ok(left)
    }

    /// Says in it who took the place, on disk.
    pub(super) fn write(&self) -> Result<(), CommandError> {
        let written = self.file.set_len(0).and_then(|()| {
            (&self.file).write_all(std::process::id().to_string().as_bytes())?;
            self.file.sync_all()?;
            File::open(DIRECTORY)?.sync_all()
        });
        written.map_err(|error| {
            CommandError::caused_by(format!("cannot write the journal {}", self.path.display()), error)
        })
    }

    /// Removes it, the place being given back.
    pub(super) fn remove(&self) {
        // One that stays is found unlocked, and leads to nothing.
        let _stays = fs::remove_file(&self.path);
    }

    /// The path of the socket.
    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }

    /// The place of the socket.
    pub(super) fn place(&self) -> Result<SocketPlace, CommandError> {
        place(&self.socket)
    }

    /// The lock, for a process that shares it.
    pub(super) fn shared_lock(&self) -> io::Result<Stdio> {
        Ok(self.file.try_clone()?.into())
    }

    /// `None` where somebody has it, or, unless it is to be made, where there is none.
    fn lock(path: PathBuf, socket: PathBuf, make: bool) -> io::Result<Option<Self>> {
        loop {
            let file = match File::options().read(true).write(true).create(make).mode(0o600).open(&path) {
                // That of another user is not for this one to give back.
                Err(error) if !make && matches!(error.kind(), NotFound | PermissionDenied) => {
                    return Ok(None);
                }
                file => file?,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
                Ok(()) => {}
            }
            // Whoever had it may have removed it between our opening and our locking.
            if fs::metadata(&path)
                .is_ok_and(|at_path| file.metadata().is_ok_and(|own| own.ino() == at_path.ino()))
            {
                return Ok(Some(Self { file, path, socket }));
            }
        }
    }
}

/// The place of the socket at a path without links.
pub(super) fn place(socket: &Path) -> Result<SocketPlace, CommandError> {
    SocketPlace::of(socket)
        .map_err(|error| CommandError::caused_by(format!("cannot look at {}", socket.display()), error))
}

/// Removes the journal of a socket, as the process that shares its lock.
pub(super) fn remove(socket: &Path) {
    // One that stays is found unlocked, and leads to nothing.
    let _stays = fs::remove_file(Path::new(DIRECTORY).join(name(socket)));
}

fn taken(socket: &Path, journal: &Path) -> CommandError {
    let mut process = String::new();
    // Its first bytes may not be written yet.
    let _unknown = File::open(journal).and_then(|file| file.take(32).read_to_string(&mut process));
    let who = if process.is_empty() { "another porthole".to_owned() } else { format!("process {process}") };
    CommandError::new(format!("{} is taken over by {who} already", socket.display()))
        .hint("end that one first, or tap beside it with porthole tap --listen")
}

fn make_directory() -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(DIRECTORY) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn name(socket: &Path) -> String {
    let escaped = socket.to_string_lossy().replace('%', "%25").replace('/', "%2F");
    format!("{PREFIX}{escaped}")
}

fn socket(journal: &Path) -> Option<PathBuf> {
    let escaped = journal.file_name()?.to_str()?.strip_prefix(PREFIX)?;
    Some(escaped.replace("%2F", "/").replace("%25", "%").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_journal_leads_to_its_socket() {
        for path in ["/run/docker.sock", "/run/a%2Fb%/c d.sock"] {
            assert_eq!(socket(Path::new(&name(Path::new(path)))).as_deref(), Some(Path::new(path)));
        }
        assert_eq!(socket(Path::new("/run/porthole/tap.sock")), None);
    }

    #[test]
    fn only_one_has_the_lock_and_a_removed_file_is_not_locked() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let lock = |make| Journal::lock(path.clone(), "/s".into(), make).unwrap();
        assert!(lock(false).is_none());
        let first = lock(true).unwrap();
        assert!(lock(true).is_none());
        let shared = first.file.try_clone().unwrap();
        drop(first);
        assert!(lock(true).is_none(), "the other holder of the lock lives on");
        drop(shared);
        assert!(lock(false).is_some());
    }
}
