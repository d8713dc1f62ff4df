//! An audit in a file: only ever added to, by one porthole at a time, and on the disk before it counts as written.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::chain::Chain;
use super::end_of_file::EndOfFile;
use super::line::After;
use super::writer::{Opening, Place, Sealed};

/// An audit in a file.
#[derive(Debug)]
pub(super) struct AuditFile {
    path: PathBuf,
    open: Option<Open>,
    /// Why the next file is opened.
    after: After,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// As far as its lines are known to be whole.
    length: u64,
    /// What the first line is to say; `None` once it is written.
    opening: Option<Opening>,
    /// Whether a line that was not written to its end is yet to be ended.
    is_torn: bool,
}

impl AuditFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), open: None, after: After::Start }
    }

    /// Opens the file; a chain that it holds is the one to go on with.
    fn open(&mut self, chain: &mut Chain) -> io::Result<()> {
        let file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        lock(&file)?;
        let EndOfFile { length, chain: found, torn } = EndOfFile::read(&file)?;
        sync_directory(&self.path)?;
        if let Some(found) = found {
            *chain = found;
        }
        let is_torn = torn.is_some();
        let opening = Some(Opening { after: self.after, torn });
        self.open = Some(Open { file, length, opening, is_torn });
        Ok(())
    }

    /// Lets go of a file that was removed or made shorter behind our back.
    fn check(&mut self) -> io::Result<()> {
        let Some(open) = &self.open else { return Ok(()) };
        let found = open.file.metadata()?;
        let after = match () {
            () if found.nlink() == 0 => After::Removal,
            () if found.len() < open.length => After::Truncation,
            () => return Ok(()),
        };
        (self.open, self.after) = (None, after);
        Ok(())
    }

    fn is_where_it_was(&self) -> io::Result<bool> {
        let Some(open) = &self.open else { return Ok(false) };
        let ours = open.file.metadata()?;
        match std::fs::metadata(&self.path) {
            Ok(found) => Ok((found.dev(), found.ino()) == (ours.dev(), ours.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Place for AuditFile {
    fn prepare(&mut self, chain: &mut Chain) -> io::Result<Option<Opening>> {
        self.check()?;
        if self.open.is_none() {
            self.open(chain)?;
        }
        Ok(self.open.as_ref().and_then(|open| open.opening.clone()))
    }

    fn write(&mut self, lines: &[Sealed<'_>]) -> io::Result<()> {
        let Some(open) = &mut self.open else { return Err(io::ErrorKind::NotConnected.into()) };
        match open.append(lines) {
            Ok(()) => {
                self.after = After::Failure;
                Ok(())
            }
            Err(error) => {
                // A part of a line that cannot be taken back is found when the file is opened again.
                if open.file.set_len(open.length).is_err() {
                    self.open = None;
                }
                Err(error)
            }
        }
    }

    fn is_moved(&mut self) -> io::Result<bool> {
        Ok(!self.is_where_it_was()?)
    }

    fn leave(&mut self) {
        (self.open, self.after) = (None, After::Rotation);
    }
}

impl Open {
    fn append(&mut self, lines: &[Sealed<'_>]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(lines.iter().map(|line| line.text.len() + 1).sum());
        if self.is_torn {
            bytes.push(b'\n');
        }
        for line in lines {
            bytes.extend_from_slice(line.text.as_bytes());
            bytes.push(b'\n');
        }
        self.file.write_all(&bytes)?;
        self.file.sync_data()?;
        self.length += bytes.len() as u64;
        (self.opening, self.is_torn) = (None, false);
        Ok(())
    }
}

/// One porthole at a time: the chains of two would tear each other.
fn lock(file: &File) -> io::Result<()> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(io::Error::other("another porthole writes it")),
        Err(error) => Err(error.into()),
    }
}

/// A new file's name is on the disk, too.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}
