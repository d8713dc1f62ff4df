//! Packing.

use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};
use walkdir::WalkDir;

use super::arguments::TarArguments;
use super::{WRONG, plain};
use crate::input;
use crate::trouble::{Trouble, say};

/// Packs the members.
pub(super) fn create(arguments: &TarArguments) -> Result<i32, Trouble> {
    if arguments.members.is_empty() {
        return Err(Trouble::new("nothing to pack; name files or directories"));
    }
    if !arguments.gzip {
        return Ok(pack(arguments, target(arguments)?)?.0);
    }
    let packed = GzEncoder::new(target(arguments)?, Compression::default());
    let (code, packed) = pack(arguments, packed)?;
    packed.finish()?.flush()?;
    Ok(code)
}

fn target(arguments: &TarArguments) -> Result<Box<dyn Write>, Trouble> {
    let path = arguments.archive();
    if path != Path::new(input::STANDARD) {
        return Ok(Box::new(File::create(path).map_err(Trouble::at(path))?));
    }
    if io::stdout().is_terminal() {
        return Err(Trouble::new("an archive is not for a terminal; name a file with -f"));
    }
    Ok(Box::new(io::stdout().lock()))
}

fn pack<Target: Write>(arguments: &TarArguments, target: Target) -> Result<(i32, Target), Trouble> {
    let mut packer = Packer { builder: Builder::new(target), linked: HashMap::new(), arguments, code: 0 };
    packer.builder.follow_symlinks(arguments.dereference);
    packer.builder.sparse(false);
    for member in &arguments.members {
        packer.tree(member)?;
    }
    let mut target = packer.builder.into_inner()?;
    target.flush()?;
    Ok((packer.code, target))
}

struct Packer<'a, Target: Write> {
    builder: Builder<Target>,
    /// The names of files with more than one, by device and inode.
    linked: HashMap<(u64, u64), PathBuf>,
    arguments: &'a TarArguments,
    code: i32,
}

impl<Target: Write> Packer<'_, Target> {
    fn tree(&mut self, member: &Path) -> Result<(), Trouble> {
        let base = &self.arguments.directory;
        let walk =
            WalkDir::new(base.join(member)).follow_links(self.arguments.dereference).sort_by_file_name();
        for entry in walk {
            match entry {
                Ok(entry) => self.path(entry.path(), &name(base, member, entry.path()))?,
                Err(error) => self.left_out(error.path().unwrap_or(member), &error),
            }
        }
        Ok(())
    }

    /// What cannot be read is left out; what cannot be written ends it.
    fn path(&mut self, path: &Path, name: &Path) -> Result<(), Trouble> {
        let read = if self.arguments.dereference { fs::metadata(path) } else { fs::symlink_metadata(path) };
        let metadata = match read {
            Ok(metadata) => metadata,
            Err(error) => {
                self.left_out(path, &error);
                return Ok(());
            }
        };
        if metadata.file_type().is_socket() {
            say("tar", format!("{}: sockets are not packed", path.display()));
            return Ok(());
        }
        if self.arguments.verbose {
            writeln!(io::stderr(), "{}", name.display())?;
        }
        if let Some(first) = self.first_name(&metadata, name) {
            return self.link(&metadata, name, &first);
        }
        if !metadata.is_file() {
            return Ok(self.builder.append_path_with_name(path, name)?);
        }
        match File::open(path) {
            Ok(mut file) => Ok(self.builder.append_file(name, &mut file)?),
            Err(error) => {
                self.left_out(path, &error);
                Ok(())
            }
        }
    }

    fn left_out(&mut self, path: &Path, error: &dyn std::fmt::Display) {
        say("tar", format!("{}: {error}", path.display()));
        self.code = WRONG;
    }

    /// The name that the same file was packed under before.
    fn first_name(&mut self, metadata: &Metadata, name: &Path) -> Option<PathBuf> {
        if !metadata.is_file() || metadata.nlink() < 2 {
            return None;
        }
        let key = (metadata.dev(), metadata.ino());
        let first = self.linked.get(&key).cloned();
        if first.is_none() {
            self.linked.insert(key, name.to_owned());
        }
        first
    }

    fn link(&mut self, metadata: &Metadata, name: &Path, first: &Path) -> Result<(), Trouble> {
        let mut header = Header::new_gnu();
        header.set_metadata(metadata);
        header.set_entry_type(EntryType::Link);
        header.set_size(0);
        Ok(self.builder.append_link(&mut header, name, first)?)
    }
}

/// The name in the archive: as it was typed, relative, `.` for the directory itself.
fn name(base: &Path, member: &Path, path: &Path) -> PathBuf {
    let below = path.strip_prefix(base.join(member)).unwrap_or(path);
    let name = plain(&member.join(below));
    let name: PathBuf = name.components().filter(|part| part.as_os_str() != "..").collect();
    if name.as_os_str().is_empty() { ".".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative() {
        let name = |base: &str, member: &str, path: &str| {
            name(Path::new(base), Path::new(member), Path::new(path)).display().to_string()
        };
        assert_eq!(name("/b", ".", "/b/."), ".");
        assert_eq!(name("/b", ".", "/b/./c/d"), "c/d");
        assert_eq!(name(".", "/etc/x", "/etc/x"), "etc/x");
        assert_eq!(name("/b", "../x", "/b/../x/y"), "x/y");
    }
}
