//! Files as a process sees them: read whole while they are written to, and renamed after the process is gone.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use porthole_model::{Gap, GapKind, Observed, Pid};
use rustix::fs::{Mode, OFlags, RenameFlags, ResolveFlags};

use crate::LinuxHost;
use crate::failure::{Right, gap};

/// How often a file is read again that was changed in the meantime.
const TRIES: usize = 50;
/// Beyond so many bytes a file is none that is read whole.
const LARGEST: u64 = 1 << 30;

/// The files that a process sees, or porthole itself.
#[derive(Debug)]
pub struct ProcessFiles {
    root: OwnedFd,
    /// Whether paths are those of a process.
    is_other: bool,
}

/// A file that did not change while it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledFile {
    /// Its content.
    pub content: Vec<u8>,
    /// Its device.
    pub device: u64,
    /// Its inode.
    pub inode: u64,
}

/// A directory that stays reachable, whatever becomes of the process whose files it was found among.
#[derive(Debug)]
pub struct HeldDirectory {
    directory: OwnedFd,
}

impl LinuxHost {
    /// The files that `process` sees; porthole's own without one.
    pub fn files_of(&self, process: Option<Pid>) -> Result<ProcessFiles, Gap> {
        let path = match process {
            Some(pid) => self.proc.process_path(pid, "root"),
            None => PathBuf::from("/"),
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::open(&path, flags, Mode::empty());
        let call = path.display().to_string();
        let root = opened.map_err(|error| gap("files of the engine", &call, error, Right::Tracing))?;
        Ok(ProcessFiles { root, is_other: process.is_some() })
    }
}

impl ProcessFiles {
    /// Reads a file until `is_unchanged` says of what was read and of its beginning, read a second time, that nothing
    /// was changed in between. No lock is taken.
    pub fn read_settled(
        &self,
        path: &Path,
        beginning: usize,
        is_unchanged: &dyn Fn(&[u8], &[u8]) -> bool,
    ) -> Result<SettledFile, Gap> {
        let what = || format!("file {}", path.display());
        let failed = |error: io::Error| gap(what(), "read", error, Right::Root);
        for _ in 0..TRIES {
            let file = self.open(path).map_err(|error| gap(what(), "open", error, Right::Root))?;
            let metadata = file.metadata().map_err(failed)?;
            if !metadata.is_file() {
                return Err(Gap::new(GapKind::Failed, what(), "it is not a regular file"));
            }
            if metadata.len() > LARGEST {
                return Err(Gap::new(GapKind::Failed, what(), format!("it has {} bytes", metadata.len())));
            }
            let content = whole(&file).map_err(failed)?;
            let again = first_bytes(&file, beginning).map_err(failed)?;
            if is_unchanged(&content, &again) {
                return Ok(SettledFile { content, device: metadata.dev(), inode: metadata.ino() });
            }
        }
        let cause = format!("it was changed during each of {TRIES} readings");
        Err(Gap::new(GapKind::Failed, what(), cause).with_remedy("run this again when the engine is quieter"))
    }

    /// The content of a small file.
    pub fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        whole(&self.open(path)?)
    }

    /// The directory at `path`.
    pub fn directory(&self, path: &Path) -> io::Result<HeldDirectory> {
        let directory = self.resolve(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC)?;
        Ok(HeldDirectory { directory })
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.resolve(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK).map(File::from)
    }

    /// No link of another process's files leads out of its root; a relative path is porthole's own.
    fn resolve(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        if !self.is_other {
            return Ok(rustix::fs::open(path, flags, Mode::empty())?);
        }
        Ok(rustix::fs::openat2(&self.root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?)
    }
}

impl HeldDirectory {
    /// Renames a file in it; never onto another.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let flags = RenameFlags::NOREPLACE;
        Ok(rustix::fs::renameat_with(&self.directory, from, &self.directory, to, flags)?)
    }

    /// Whether there is a file of that name.
    pub fn has(&self, name: &str) -> bool {
        rustix::fs::statat(&self.directory, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }
}

/// The processes that hold a lock on a file.
impl LinuxHost {
    /// Who holds a lock of the file with this device and inode, by `/proc/locks`.
    pub fn lock_holders(&self, device: u64, inode: u64) -> Observed<Vec<porthole_model::LockHolder>> {
        let what = "holders of the database's lock";
        let path = self.proc.path("locks");
        let read = std::fs::read(&path)
            .map_err(|error| gap(what, &path.display().to_string(), error, Right::Root))
            .and_then(|text| {
                porthole_wire::proc_locks::parse(&text)
                    .map_err(|error| Gap::new(GapKind::Failed, what, error.to_string()))
            });
        let numbers = (rustix::fs::major(device), rustix::fs::minor(device));
        let holder = |lock: porthole_wire::proc_locks::FileLock| porthole_model::LockHolder {
            pid: lock.pid,
            name: lock.pid.and_then(|pid| self.name_of(pid)),
            exclusive: lock.exclusive,
        };
        read.map(|locks| {
            let of_file = locks.into_iter().filter(|lock| lock.inode == inode && lock.device == numbers);
            of_file.map(holder).collect()
        })
        .into()
    }

    fn name_of(&self, pid: Pid) -> Option<String> {
        let name = self.proc.read(pid, "comm").ok()?;
        Some(String::from_utf8_lossy(name.trim_ascii_end()).into_owned())
    }
}

fn whole(file: &File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(LARGEST).read_to_end(&mut content)?;
    Ok(content)
}

fn first_bytes(file: &File, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while filled < length {
        match file.read_at(&mut bytes[filled..], filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Roots;

    #[test]
    fn a_file_is_read_again_until_it_is_unchanged() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, b"content").unwrap();
        let files = LinuxHost::new(Roots::default()).files_of(None).unwrap();
        let asked = std::cell::Cell::new(0);
        let settled = files.read_settled(&path, 3, &|content, beginning| {
            asked.set(asked.get() + 1);
            assert_eq!((content, beginning), (&b"content"[..], &b"con"[..]));
            asked.get() == 3
        });
        assert_eq!((settled.unwrap().content.as_slice(), asked.get()), (&b"content"[..], 3));
        let never = files.read_settled(&path, 3, &|_, _| false).unwrap_err();
        assert!(never.cause.contains("50 readings"), "{never}");
    }

    #[test]
    fn a_rename_never_replaces() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("one"), b"1").unwrap();
        std::fs::write(directory.path().join("two"), b"2").unwrap();
        let files = LinuxHost::new(Roots::default()).files_of(None).unwrap();
        let held = files.directory(directory.path()).unwrap();
        assert!(held.rename("one", "two").is_err());
        held.rename("one", "three").unwrap();
        assert!(!held.has("one") && held.has("three"));
        assert_eq!(std::fs::read(directory.path().join("two")).unwrap(), b"2");
    }

    #[test]
    fn the_holder_of_a_lock_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().lock().unwrap();
        let metadata = file.as_file().metadata().unwrap();
        let host = LinuxHost::new(Roots::default());
        let holders = host.lock_holders(metadata.dev(), metadata.ino());
        let holders = holders.known().unwrap();
        assert_eq!(holders.len(), 1);
        assert!(holders[0].exclusive && holders[0].pid == Some(Pid(std::process::id())), "{holders:?}");
    }
}
