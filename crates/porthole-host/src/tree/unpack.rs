//! From a tar stream to files. Each is written under a name of its own and takes its place when it is whole.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Timespec, Timestamps, Uid, chmodat, chownat, linkat,
    mkdirat, mknodat, openat, openat2, renameat, symlinkat, unlinkat, utimensat,
};
use rustix::io::Errno;
use tar::{Archive, EntryType, Header};

use super::{Owners, Tree, TreeError, stat_at};
use crate::file_ids::with_file_ids;

/// No link and no `..` leads out of the directory that is written to, nor on another way through it.
const BELOW: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

/// So many bytes at a time; where all of them are zeros, a hole is left.
const PIECE: usize = 64 * 1024;

impl Tree {
    /// Writes what the stream holds below the directory at `path`; gives a word on each thing that was left out.
    ///
    /// What is there is replaced, file by file, but never a directory by something else.
    pub fn unpack(&self, path: &Path, owners: Owners, from: impl Read) -> Result<Vec<String>, TreeError> {
        // A file system that belongs to a user namespace takes no file of somebody whom that does not know.
        match self.users.outside(0).zip(self.groups.outside(0)) {
            Some((user, group)) if user != 0 => {
                with_file_ids(user, group, || self.unpack_here(path, owners, from))
            }
            _ => self.unpack_here(path, owners, from),
        }
    }

    fn unpack_here(&self, path: &Path, owners: Owners, from: impl Read) -> Result<Vec<String>, TreeError> {
        let at = TreeError::at(path);
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let directory = self.open(path, flags).map_err(&at)?;
        let mut unpacker = Unpacker {
            tree: self,
            directory,
            owners,
            last: None,
            finished: Vec::new(),
            left_out: Vec::new(),
        };
        let mut archive = Archive::new(from);
        for entry in archive.entries().map_err(&at)? {
            let mut entry = entry.map_err(&at)?;
            let name = entry.path().map_err(&at)?.into_owned();
            unpacker.entry(&mut entry, &name).map_err(TreeError::at(&name))?;
        }
        // Behind the stream's last entry comes nothing but padding.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(at)?;
        unpacker.finish()
    }
}

struct Unpacker<'a> {
    tree: &'a Tree,
    directory: OwnedFd,
    owners: Owners,
    /// The directory that was written to last.
    last: Option<(PathBuf, OwnedFd)>,
    /// Directories, whose modes and times are set when nothing more is written into them.
    finished: Vec<(PathBuf, Header)>,
    left_out: Vec<String>,
}

/// A name in a directory that is open.
struct Spot<'a> {
    parent: BorrowedFd<'a>,
    name: OsString,
}

impl Unpacker<'_> {
    fn entry(&mut self, entry: &mut tar::Entry<'_, impl Read>, name: &Path) -> io::Result<()> {
        let Some(path) = below(name)? else { return Ok(()) };
        let header = entry.header().clone();
        let target = entry.link_name()?.map(std::borrow::Cow::into_owned).unwrap_or_default();
        let old = match header.entry_type() {
            EntryType::Link => {
                let target = below(&target)?.ok_or_else(|| io::Error::other("it is a link to nothing"))?;
                Some((self.parent_of(&target)?, last_name(&target)))
            }
            _ => None,
        };
        self.go_to(path.parent().unwrap_or(Path::new("")))?;
        let spot = self.spot(&path);
        match header.entry_type() {
            EntryType::Directory => {
                self.make_directory(&spot, &header)?;
                self.finished.push((path, header));
                Ok(())
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.file(&spot, &header, entry)
            }
            EntryType::Symlink => {
                self.placed(&spot, &header, |name| Ok(symlinkat(&target, spot.parent, name)?))
            }
            EntryType::Fifo => self.placed(&spot, &header, |name| {
                Ok(mknodat(spot.parent, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?)
            }),
            EntryType::Link => link(&spot, old),
            EntryType::Char | EntryType::Block => {
                self.left_out.push(format!("{} was left out: it is a device", name.display()));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn spot(&self, path: &Path) -> Spot<'_> {
        let parent = self.last.as_ref().map_or(self.directory.as_fd(), |(_, directory)| directory.as_fd());
        Spot { parent, name: last_name(path) }
    }

    /// Opens the directory that the next thing goes into. Those that the stream does not name are made.
    fn go_to(&mut self, path: &Path) -> io::Result<()> {
        if self.last.as_ref().is_none_or(|(last, _)| last != path) {
            let opened = match self.open_below(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.make_all(path),
                opened => opened,
            };
            self.last = Some((path.to_owned(), opened?));
        }
        Ok(())
    }

    fn make_all(&self, path: &Path) -> io::Result<OwnedFd> {
        let mut made = PathBuf::new();
        for part in path.components() {
            let parent = self.open_below(&made)?;
            match mkdirat(&parent, part.as_os_str(), Mode::from_raw_mode(0o755)) {
                Ok(()) => {
                    let spot = Spot { parent: parent.as_fd(), name: part.as_os_str().to_owned() };
                    self.give(&spot.name, spot.parent, None)?;
                }
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            made.push(part);
        }
        self.open_below(path)
    }

    fn parent_of(&self, path: &Path) -> io::Result<OwnedFd> {
        self.open_below(path.parent().unwrap_or(Path::new("")))
    }

    fn open_below(&self, path: &Path) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat2(&self.directory, path, flags, Mode::empty(), BELOW).map_err(|error| match error {
            Errno::LOOP => io::Error::other("a link stands in its way, which is not followed"),
            error => error.into(),
        })
    }

    fn make_directory(&self, spot: &Spot<'_>, header: &Header) -> io::Result<()> {
        match mkdirat(spot.parent, &spot.name, Mode::RWXU) {
            Ok(()) => self.give(&spot.name, spot.parent, Some(header)),
            Err(Errno::EXIST) if is_directory(spot)? => Ok(()),
            Err(Errno::EXIST) => {
                Err(io::Error::other("a directory cannot take the place of what is no directory"))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn file(
        &self,
        spot: &Spot<'_>,
        header: &Header,
        entry: &mut tar::Entry<'_, impl Read>,
    ) -> io::Result<()> {
        self.placed(spot, header, |name| {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = openat(spot.parent, name, flags, Mode::RUSR | Mode::WUSR)?;
            write_with_holes(entry, &mut File::from(file))
        })
    }

    /// What `create` makes under a name of its own takes its place when it is whole.
    fn placed(
        &self,
        spot: &Spot<'_>,
        header: &Header,
        create: impl FnOnce(&OsString) -> io::Result<()>,
    ) -> io::Result<()> {
        let made = Made::new(spot.parent);
        create(&made.name)?;
        self.give(&made.name, spot.parent, Some(header))?;
        if header.entry_type() != EntryType::Symlink {
            chmodat(spot.parent, &made.name, mode(header)?, AtFlags::empty())?;
        }
        set_time(spot.parent, &made.name, header)?;
        match renameat(spot.parent, &made.name, spot.parent, &spot.name) {
            // An engine mounts /etc/hosts and its like: the mount stays, what is in it is replaced.
            Err(Errno::BUSY) => made.pour_into(spot),
            Err(Errno::ISDIR) => Err(io::Error::other("a directory is in its place")),
            renamed => Ok(renamed?),
        }
    }

    /// Gives it to whom it belongs; without a header, nobody else than the tree's own.
    fn give(&self, name: &OsString, parent: BorrowedFd<'_>, header: Option<&Header>) -> io::Result<()> {
        let (user, group) = match (self.owners, header) {
            (Owners::Own, _) => return Ok(()),
            (Owners::Kept, Some(header)) => (id(header.uid()?)?, id(header.gid()?)?),
            (Owners::Kept | Owners::Root, _) => (0, 0),
        };
        let (Some(user), Some(group)) = (self.tree.users.outside(user), self.tree.groups.outside(group))
        else {
            return Err(io::Error::other(format!(
                "user {user} or group {group} does not exist in the container"
            )));
        };
        let (user, group) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(group)));
        Ok(chownat(parent, name, user, group, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// The innermost directories first: a time changes with what is written into it.
    fn finish(mut self) -> Result<Vec<String>, TreeError> {
        for (path, header) in std::mem::take(&mut self.finished).into_iter().rev() {
            let set = self.parent_of(&path).and_then(|parent| {
                let name = last_name(&path);
                chmodat(&parent, &name, mode(&header)?, AtFlags::empty())?;
                set_time(parent.as_fd(), &name, &header)
            });
            set.map_err(TreeError::at(&path))?;
        }
        Ok(self.left_out)
    }
}

/// Something that is not in its place yet. Dropping it removes it, if it is still there.
struct Made<'a> {
    parent: BorrowedFd<'a>,
    name: OsString,
}

impl<'a> Made<'a> {
    fn new(parent: BorrowedFd<'a>) -> Self {
        // Nobody need not guess it: it is never opened where it is there already.
        let number = RandomState::new().build_hasher().finish();
        Self { parent, name: format!(".porthole-{number:016x}").into() }
    }

    fn pour_into(&self, spot: &Spot<'_>) -> io::Result<()> {
        let from = openat(self.parent, &self.name, OFlags::RDONLY | OFlags::NOFOLLOW, Mode::empty())?;
        let flags = OFlags::WRONLY | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let to = openat(spot.parent, &spot.name, flags, Mode::empty())?;
        io::copy(&mut File::from(from), &mut File::from(to)).map(drop)
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        let _took_its_place = unlinkat(self.parent, &self.name, AtFlags::empty());
    }
}

/// A further name for a file of the stream.
fn link(spot: &Spot<'_>, old: Option<(OwnedFd, OsString)>) -> io::Result<()> {
    let Some((parent, old)) = old else { return Ok(()) };
    let made = Made::new(spot.parent);
    linkat(&parent, &old, spot.parent, &made.name, AtFlags::empty())?;
    // Two names of one file are left as they are by a rename; then the name goes with `made`.
    Ok(renameat(spot.parent, &made.name, spot.parent, &spot.name)?)
}

/// The path below the directory; `None` for the directory itself.
fn below(name: &Path) -> io::Result<Option<PathBuf>> {
    let mut path = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(io::Error::other("its name leads out of the copy"));
            }
        }
    }
    Ok(Some(path).filter(|path| !path.as_os_str().is_empty()))
}

fn last_name(path: &Path) -> OsString {
    path.file_name().unwrap_or_default().to_owned()
}

fn is_directory(spot: &Spot<'_>) -> io::Result<bool> {
    let stat = stat_at(spot.parent, Path::new(&spot.name))?;
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Zeros are not written: a sparse file stays sparse, though the stream holds all of it.
fn write_with_holes(entry: &mut tar::Entry<'_, impl Read>, file: &mut File) -> io::Result<()> {
    let length = entry.size();
    let mut piece = vec![0; PIECE];
    let mut written = 0;
    loop {
        let filled = fill(entry, &mut piece)?;
        if filled == 0 {
            break;
        }
        if piece[..filled].iter().all(|byte| *byte == 0) {
            file.seek(SeekFrom::Current(i64::try_from(filled).unwrap_or(i64::MAX)))?;
        } else {
            file.write_all(&piece[..filled])?;
        }
        written += filled as u64;
    }
    if written != length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended within it"));
    }
    file.set_len(length)
}

fn fill(from: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < piece.len() {
        match from.read(&mut piece[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn mode(header: &Header) -> io::Result<Mode> {
    Ok(Mode::from_raw_mode(header.mode()? & 0o7777))
}

fn set_time(parent: BorrowedFd<'_>, name: &OsString, header: &Header) -> io::Result<()> {
    let seconds = i64::try_from(header.mtime()?).unwrap_or(i64::MAX);
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    Ok(utimensat(parent, name, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn id(number: u64) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| io::Error::other(format!("{number} is no number of a user or group")))
}
