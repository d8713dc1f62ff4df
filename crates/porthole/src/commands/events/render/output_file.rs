//! A file that others read while it is made anew: they see the old one or the whole new one.
//!
//! The new one is written beside it, under a name of porthole's that is locked as long as porthole writes; what a killed
//! porthole left under such a name is not locked, and the next one removes it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// How many symbolic links may lead from one to the next: as many as the kernel follows.
const LINKS: usize = 40;

/// A file that is made anew.
#[derive(Debug)]
pub(super) struct OutputFile {
    /// As it was named.
    pub(super) path: PathBuf,
}

/// The new file, until it is in its place. Dropped before, it is removed.
struct Partial {
    path: PathBuf,
    file: File,
    is_in_place: bool,
}

impl OutputFile {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Whether it can be written, as far as that shows beforehand; removes what a killed porthole left.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let target = target(&self.path)?;
        match fs::metadata(&target) {
            Ok(found) if !found.is_file() => return Err(io::Error::other("it is not a regular file")),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
        remove_left(&target)
    }

    /// Has it hold `content`; whether that was a change.
    pub(super) fn write(&self, content: &[u8]) -> io::Result<bool> {
        let target = target(&self.path)?;
        let old = match fs::read(&target) {
            Ok(old) if old == content => return Ok(false),
            Ok(_) => Some(fs::metadata(&target)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut partial = Partial::begin(&target, old.as_ref())?;
        partial.file.write_all(content)?;
        partial.file.sync_all()?;
        partial.put_in_place(&target)?;
        Ok(true)
    }
}

impl Partial {
    /// It has the mode and the owner of the old one.
    fn begin(target: &Path, old: Option<&fs::Metadata>) -> io::Result<Self> {
        let mode = if old.is_some() { 0o600 } else { 0o666 };
        let path = target.with_file_name(format!("{}{}", own_names(target), std::process::id()));
        let file = File::options().write(true).create_new(true).mode(mode).open(&path)?;
        let partial = Self { path, file, is_in_place: false };
        partial.file.lock()?;
        if let Some(old) = old {
            partial.take_after(old)?;
        }
        Ok(partial)
    }

    fn take_after(&self, old: &fs::Metadata) -> io::Result<()> {
        let own = self.file.metadata()?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            fchown(&self.file, Some(old.uid()), Some(old.gid())).map_err(|error| {
                let words =
                    format!("cannot give the new file the owner {}:{}: {error}", old.uid(), old.gid());
                io::Error::new(error.kind(), words)
            })?;
        }
        self.file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
    }

    fn put_in_place(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.is_in_place = true;
        File::open(directory(target))?.sync_all()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_in_place {
            // Where even that fails, the next run does it.
            let _left = fs::remove_file(&self.path);
        }
    }
}

/// Where the links lead: the file itself may not be there yet.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = directory(&path).join(next),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::metadata(directory(&path)).map_err(|error| {
                    let words = format!("the directory {}: {error}", directory(&path).display());
                    io::Error::new(error.kind(), words)
                })?;
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its symbolic links go in a circle"))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// How names begin that porthole has beside a file: hidden, and without the ending that programs include by.
fn own_names(target: &Path) -> String {
    format!(".{}.porthole-", target.file_name().unwrap_or_default().display())
}

fn remove_left(target: &Path) -> io::Result<()> {
    let names = own_names(target);
    for entry in fs::read_dir(directory(target))? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(&names));
        if number.is_some_and(|number| number.parse::<u32>().is_ok()) && is_left(&entry.path()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether nobody writes it.
fn is_left(path: &Path) -> bool {
    File::options().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_when_it_differs_and_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lb.cfg");
        let output = OutputFile::new(&path);
        output.prepare().unwrap();
        assert!(output.write(b"one").unwrap());
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let before = fs::metadata(&path).unwrap();
        assert!(!output.write(b"one").unwrap());
        assert_eq!(fs::metadata(&path).unwrap().ino(), before.ino());
        // Who reads the old one goes on reading the old one.
        let mut reader = File::open(&path).unwrap();
        assert!(output.write(b"two").unwrap());
        assert_eq!(io::read_to_string(&mut reader).unwrap(), "one");
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(names(directory.path()), ["lb.cfg"]);
    }

    #[test]
    fn a_link_stays_and_what_it_leads_to_is_written() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("real")).unwrap();
        let (link, real) = (directory.path().join("lb.cfg"), directory.path().join("real/lb.cfg"));
        symlink("real/lb.cfg", &link).unwrap();
        let output = OutputFile::new(&link);
        output.prepare().unwrap();
        for content in [b"one", b"two"] {
            assert!(output.write(content).unwrap());
            assert_eq!(fs::read(&real).unwrap(), content);
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        }
        symlink("round", directory.path().join("round")).unwrap();
        let error = OutputFile::new(&directory.path().join("round")).prepare().unwrap_err();
        assert!(error.to_string().contains("circle"), "{error}");
    }

    #[test]
    fn what_a_killed_one_left_is_removed_and_what_one_writes_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lb.cfg");
        for name in [".lb.cfg.porthole-7", ".lb.cfg.porthole-8", ".lb.cfg.porthole-mine", ".other.porthole-7"]
        {
            fs::write(directory.path().join(name), "half").unwrap();
        }
        let written = File::open(directory.path().join(".lb.cfg.porthole-8")).unwrap();
        written.lock().unwrap();
        OutputFile::new(&path).prepare().unwrap();
        assert_eq!(
            names(directory.path()),
            [".lb.cfg.porthole-8", ".lb.cfg.porthole-mine", ".other.porthole-7"]
        );
    }

    #[test]
    fn what_cannot_be_written_is_said_and_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let error = OutputFile::new(&directory.path().join("none/lb.cfg")).prepare().unwrap_err();
        assert!(error.to_string().contains("none: No such file"), "{error}");
        let error = OutputFile::new(directory.path()).prepare().unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
        // A directory came to be where the file is to be.
        let path = directory.path().join("lb.cfg");
        let partial = Partial::begin(&path, None).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(partial.put_in_place(&path).is_err());
        assert_eq!(names(directory.path()), ["lb.cfg"]);
    }
}
