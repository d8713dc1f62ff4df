//! Unpacking.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, chmodat, makedev, mknodat};
use tar::{Archive, Entry, EntryType};

use super::arguments::TarArguments;
use super::{WRONG, is_wanted, plain, source};
use crate::trouble::{Trouble, reason, say};

/// Unpacks what is wanted. The library keeps everything within the directory: it refuses `..`, and names whose parents
/// lead elsewhere through links.
pub(super) fn extract(arguments: &TarArguments) -> Result<i32, Trouble> {
    let mut archive = Archive::new(source(arguments)?);
    archive.set_preserve_permissions(true);
    archive.set_preserve_ownerships(!arguments.no_same_owner && rustix::process::geteuid().is_root());
    archive.set_overwrite(!arguments.keep_old_files);
    let base = &arguments.directory;
    let base = base.canonicalize().map_err(Trouble::at(base))?;
    let mut code = 0;
    // Directories come last, the deepest first: their modes might forbid what is to be put into them.
    let mut directories = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        if !is_wanted(&path, &arguments.members) {
            continue;
        }
        if arguments.verbose {
            writeln!(io::stderr(), "{}", path.display())?;
        }
        if entry.header().entry_type().is_dir() {
            directories.push((path, entry));
        } else {
            code = code.max(unpack(arguments, &mut entry, &path, &base)?);
        }
    }
    directories.sort_by(|(one, _), (other, _)| other.cmp(one));
    for (path, entry) in &mut directories {
        code = code.max(unpack(arguments, entry, path, &base)?);
    }
    Ok(code)
}

/// Unpacks one; the exit code where it is left out.
fn unpack<R: Read>(
    arguments: &TarArguments,
    entry: &mut Entry<'_, R>,
    path: &Path,
    base: &Path,
) -> Result<i32, Trouble> {
    let kind = entry.header().entry_type();
    if arguments.to_stdout {
        if kind.is_file() {
            io::copy(entry, &mut io::stdout().lock())?;
        }
        return Ok(0);
    }
    if matches!(kind, EntryType::Block | EntryType::Char | EntryType::Fifo) {
        return Ok(special(arguments, entry, path, base).map_or_else(|why| left_out(path, &why), |()| 0));
    }
    if arguments.strip_components == 0 {
        return match entry.unpack_in(base) {
            Ok(true) => Ok(0),
            Ok(false) => Ok(left_out(path, "leads out of the directory")),
            Err(error) => Ok(left_out(path, &root_cause(&error))),
        };
    }
    stripped(arguments.strip_components, entry, path, base)
}

/// A device or a pipe, which the library does not make.
fn special<R: Read>(
    arguments: &TarArguments,
    entry: &Entry<'_, R>,
    path: &Path,
    base: &Path,
) -> Result<(), String> {
    let said = |error: io::Error| reason(&error);
    let name: PathBuf = plain(path).components().skip(arguments.strip_components).collect();
    let target = base.join(&name);
    let parent = target.parent().unwrap_or(base);
    if name.components().any(|part| part.as_os_str() == "..") || !is_within(parent, base) {
        return Err("leads out of the directory".to_owned());
    }
    std::fs::create_dir_all(parent).map_err(said)?;
    if !arguments.keep_old_files && std::fs::symlink_metadata(&target).is_ok() {
        std::fs::remove_file(&target).map_err(said)?;
    }
    make(entry, &target).map_err(said)?;
    if !arguments.no_same_owner && rustix::process::geteuid().is_root() {
        give(entry, &target).map_err(said)?;
    }
    Ok(())
}

fn make<R: Read>(entry: &Entry<'_, R>, target: &Path) -> io::Result<()> {
    let header = entry.header();
    let kind = match header.entry_type() {
        EntryType::Block => FileType::BlockDevice,
        EntryType::Char => FileType::CharacterDevice,
        _ => FileType::Fifo,
    };
    let number = |number: io::Result<Option<u32>>| number.map(Option::unwrap_or_default);
    let device = makedev(number(header.device_major())?, number(header.device_minor())?);
    let mode = Mode::from_raw_mode(header.mode()?);
    mknodat(CWD, target, kind, mode, if kind == FileType::Fifo { 0 } else { device })?;
    // Whatever this process's umask says.
    Ok(chmodat(CWD, target, mode, AtFlags::empty())?)
}

fn give<R: Read>(entry: &Entry<'_, R>, target: &Path) -> io::Result<()> {
    let id = |id: u64| u32::try_from(id).map_err(io::Error::other);
    let (user, group) = (id(entry.header().uid()?)?, id(entry.header().gid()?)?);
    std::os::unix::fs::lchown(target, Some(user), Some(group))
}

/// The library takes the name from the archive, so one that is cut is unpacked within a directory made for it.
fn stripped<R: Read>(
    parts: usize,
    entry: &mut Entry<'_, R>,
    path: &Path,
    base: &Path,
) -> Result<i32, Trouble> {
    let name: PathBuf = plain(path).components().skip(parts).collect();
    if name.as_os_str().is_empty() {
        return Ok(0);
    }
    let target = base.join(&name);
    let parent = target.parent().unwrap_or(base);
    if name.components().any(|part| part.as_os_str() == "..") || !is_within(parent, base) {
        return Ok(left_out(path, "leads out of the directory"));
    }
    std::fs::create_dir_all(parent).map_err(Trouble::at(parent))?;
    if entry.header().entry_type().is_hard_link() {
        return Ok(left_out(path, "links to names that are cut are not unpacked"));
    }
    match entry.unpack(&target) {
        Ok(_) => Ok(0),
        Err(error) => Ok(left_out(path, &root_cause(&error))),
    }
}

/// Whether the part of a path that exists lies within the directory, links followed.
fn is_within(path: &Path, base: &Path) -> bool {
    let existing = path.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok());
    existing.and_then(|ancestor| ancestor.canonicalize().ok()).is_some_and(|real| real.starts_with(base))
}

fn left_out(path: &Path, why: &str) -> i32 {
    say("tar", format!("{}: {why}", path.display()));
    WRONG
}

/// The library wraps what the kernel said.
fn root_cause(error: &io::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
