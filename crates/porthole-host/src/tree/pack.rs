//! From files to a tar stream. Names are opened one by one below what was opened before, and no link is followed.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Dir, FileType, Mode, OFlags, Stat, openat};
use tar::{Builder, EntryType, Header};

use super::{Tree, TreeError, link, stat};

/// Files of at most so many bytes are read before their length is told: the kernel's own (`/proc`, `/sys`) say any.
const READ_FIRST: u64 = 4096;

/// The most that is read of a file before its length is told.
const LONGEST_READ_FIRST: u64 = 64 << 20;

/// How a tree is packed.
#[derive(Clone, Copy, Debug)]
pub struct Packing<'a> {
    /// What to pack.
    pub path: &'a Path,
    /// What it is called in the stream; without a name, what is in the directory comes alone.
    pub name: Option<&'a OsStr>,
    /// Whether everything belongs to root in the stream.
    pub as_root: bool,
}

impl Tree {
    /// Packs what is at a path, a link as a link; gives a word on each thing that was left out.
    pub fn pack(&self, packing: &Packing<'_>, to: impl Write) -> Result<Vec<String>, TreeError> {
        let at = TreeError::at(packing.path);
        let top = self.open(packing.path, OFlags::PATH | OFlags::NOFOLLOW).map_err(&at)?;
        let mut packer = Packer {
            tree: self,
            as_root: packing.as_root,
            builder: Builder::new(to),
            linked: HashMap::new(),
            left_out: Vec::new(),
        };
        match packing.name {
            Some(name) => packer.entry(&top, Path::new(name))?,
            None => packer.inside(&top, Path::new(""))?,
        }
        packer.builder.into_inner().and_then(|mut to| to.flush()).map_err(at)?;
        Ok(packer.left_out)
    }
}

struct Packer<'a, W: Write> {
    tree: &'a Tree,
    as_root: bool,
    builder: Builder<W>,
    /// Files with several names, by device and inode, and the first name of each.
    linked: HashMap<(u64, u64), PathBuf>,
    left_out: Vec<String>,
}

impl<W: Write> Packer<'_, W> {
    /// Packs what `found`, opened as a path alone, leads to.
    fn entry(&mut self, found: &OwnedFd, name: &Path) -> Result<(), TreeError> {
        let at = TreeError::at(name);
        let stat = stat(found).map_err(&at)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                self.bare(&stat, EntryType::Directory, name).map_err(&at)?;
                self.inside(found, name)
            }
            FileType::RegularFile => self.file(found, &stat, name).map_err(at),
            FileType::Symlink => {
                let target = link(found, "").map_err(&at)?;
                let mut header = self.header(&stat, EntryType::Symlink);
                self.builder.append_link(&mut header, name, target).map_err(at)
            }
            FileType::Fifo => self.bare(&stat, EntryType::Fifo, name).map_err(at),
            kind => {
                self.leave_out(name, if kind == FileType::Socket { "a socket" } else { "a device" });
                Ok(())
            }
        }
    }

    /// Packs what is in a directory. What vanishes meanwhile is left out.
    fn inside(&mut self, directory: &OwnedFd, name: &Path) -> Result<(), TreeError> {
        let at = TreeError::at(name);
        for child in children(directory).map_err(at)? {
            let path = name.join(&child);
            match openat(directory, &child, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
            {
                Ok(found) => self.entry(&found, &path)?,
                Err(rustix::io::Errno::NOENT) => {}
                Err(error) => return Err(TreeError::at(&path)(error.into())),
            }
        }
        Ok(())
    }

    fn file(&mut self, found: &OwnedFd, stat: &Stat, name: &Path) -> io::Result<()> {
        if stat.st_nlink > 1 {
            if let Some(first) = self.linked.get(&(stat.st_dev, stat.st_ino)) {
                let mut header = self.header(stat, EntryType::Link);
                return self.builder.append_link(&mut header, name, first);
            }
            self.linked.insert((stat.st_dev, stat.st_ino), name.to_owned());
        }
        let mut file = reopened(found)?;
        let mut header = self.header(stat, EntryType::Regular);
        let length = u64::try_from(stat.st_size).unwrap_or(0);
        if length <= READ_FIRST {
            let mut content = Vec::new();
            file.take(LONGEST_READ_FIRST).read_to_end(&mut content)?;
            if content.len() as u64 == LONGEST_READ_FIRST {
                return Err(io::Error::other("it has no length and no end in sight"));
            }
            header.set_size(content.len() as u64);
            return self.builder.append_data(&mut header, name, content.as_slice());
        }
        header.set_size(length);
        let mut exactly = Exactly { file: &mut file, left: length, missing: 0 };
        self.builder.append_data(&mut header, name, &mut exactly)?;
        if exactly.missing > 0 {
            let missing = exactly.missing;
            self.left_out.push(format!(
                "{}: it became shorter meanwhile; its last {missing} bytes are zeros",
                name.display()
            ));
        }
        Ok(())
    }

    /// An entry without content.
    fn bare(&mut self, stat: &Stat, kind: EntryType, name: &Path) -> io::Result<()> {
        let mut header = self.header(stat, kind);
        self.builder.append_data(&mut header, name, io::empty())
    }

    fn header(&self, stat: &Stat, kind: EntryType) -> Header {
        let mut header = Header::new_gnu();
        let (user, group) = if self.as_root {
            (0, 0)
        } else {
            (self.tree.users.inside(stat.st_uid), self.tree.groups.inside(stat.st_gid))
        };
        header.set_entry_type(kind);
        header.set_mode(stat.st_mode & 0o7777);
        header.set_uid(user.into());
        header.set_gid(group.into());
        header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
        header.set_size(0);
        header
    }

    fn leave_out(&mut self, name: &Path, kind: &str) {
        self.left_out.push(format!("{} was left out: it is {kind}", name.display()));
    }
}

/// The names in a directory, sorted, so that two streams of one tree are the same.
fn children(directory: &OwnedFd) -> io::Result<Vec<OsString>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let readable = openat(directory, ".", flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::read_from(readable)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The very file that was looked at, for reading. Its name may lead elsewhere by now.
fn reopened(found: impl AsFd) -> io::Result<File> {
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    File::options()
        .read(true)
        .custom_flags(flags)
        .open(format!("/proc/self/fd/{}", found.as_fd().as_raw_fd()))
}

/// Reads so many bytes, whatever becomes of the file meanwhile.
struct Exactly<'a> {
    file: &'a mut File,
    left: u64,
    missing: u64,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..room];
        let read = match self.missing {
            0 => self.file.read(buffer)?,
            _ => 0,
        };
        if read == 0 && room > 0 {
            buffer.fill(0);
            self.missing += room as u64;
            self.left -= room as u64;
            return Ok(room);
        }
        self.left -= read as u64;
        Ok(read)
    }
}
