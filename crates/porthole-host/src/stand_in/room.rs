//! The hidden directory beside a socket: what is kept in it, and who may change it.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The names of the files in it, one of which every mount of the two sockets shows as its root.
pub(super) const STAND_IN: &str = "stand-in";
pub(super) const ORIGINAL: &str = "original";
pub(super) const EXCHANGED: &str = "exchanged";

/// The directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Room(PathBuf);

impl Room {
    /// The room beside the socket at `path`, which is in the same filesystem.
    pub(super) fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self(path.with_file_name(format!(".{name}.porthole")))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes it; one that is there must be root's alone.
    pub(super) fn make(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
        let metadata = fs::symlink_metadata(&self.0)?;
        if metadata.is_dir() && metadata.uid() == 0 && metadata.mode() & 0o777 == 0o700 {
            return Ok(());
        }
        Err(io::Error::other(format!("{} is there and belongs to others", self.0.display())))
    }

    pub(super) fn exists(&self) -> bool {
        fs::symlink_metadata(&self.0).is_ok()
    }

    /// Removes it with what is in it; one that is not there is removed already.
    pub(super) fn remove(&self) -> io::Result<()> {
        for name in [EXCHANGED, ORIGINAL, STAND_IN] {
            unless_missing(fs::remove_file(self.file(name)))?;
        }
        unless_missing(fs::remove_dir(&self.0))
    }
}

/// Which file a name leads to, without following links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file at a path; `None` where there is none.
    pub(super) fn at(path: &Path) -> io::Result<Option<Self>> {
        match fs::symlink_metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

fn unless_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
