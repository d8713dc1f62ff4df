//! The same tar stream under another name.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Builder, EntryType};

use super::TreeError;

/// How a stream is renamed, in which everything is below one name.
#[derive(Clone, Copy, Debug)]
pub struct Renaming<'a> {
    /// The name instead; without one, only what is below it is copied.
    pub name: Option<&'a OsStr>,
    /// Whether there is no such name: a root was packed.
    pub is_root: bool,
    /// Whether everything shall belong to root.
    pub as_root: bool,
}

/// Copies a stream under another name.
pub fn renamed(from: impl Read, to: impl Write, renaming: &Renaming<'_>) -> Result<(), TreeError> {
    let whole = TreeError::at(Path::new("the stream"));
    let mut archive = Archive::new(from);
    let mut builder = Builder::new(to);
    for entry in archive.entries().map_err(&whole)? {
        let mut entry = entry.map_err(&whole)?;
        let old = entry.path().map_err(&whole)?.into_owned();
        let at = TreeError::at(&old);
        let Some(new) = renaming.of(&old) else { continue };
        let mut header = entry.header().clone();
        if renaming.as_root {
            header.set_uid(0);
            header.set_gid(0);
        }
        let target = entry.link_name().map_err(&at)?.map(std::borrow::Cow::into_owned);
        let copied = match (header.entry_type(), target) {
            (EntryType::Link, Some(target)) => match renaming.of(&target) {
                Some(target) => builder.append_link(&mut header, new, target),
                None => Err(io::Error::other("it is linked with what is outside of the copy")),
            },
            (EntryType::Symlink, Some(target)) => builder.append_link(&mut header, new, target),
            _ => builder.append_data(&mut header, new, &mut entry),
        };
        copied.map_err(at)?;
    }
    builder.into_inner().and_then(|mut to| to.flush()).map_err(whole)
}

impl Renaming<'_> {
    /// The new path; `None` for what has none.
    fn of(&self, path: &Path) -> Option<PathBuf> {
        let parts = path.components().filter(|part| matches!(part, Component::Normal(_)));
        let below = parts.skip(usize::from(!self.is_root));
        let moved: PathBuf = self.name.map(Component::Normal).into_iter().chain(below).collect();
        Some(moved).filter(|moved| !moved.as_os_str().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_is_changed_or_taken_away() {
        let moved = |path: &str, name: Option<&str>, is_root| {
            Renaming { name: name.map(OsStr::new), is_root, as_root: false }.of(Path::new(path))
        };
        assert_eq!(moved("data/a/b", Some("copy"), false), Some("copy/a/b".into()));
        assert_eq!(moved("data/", Some("copy"), false), Some("copy".into()));
        assert_eq!(moved("./data/a", None, false), Some("a".into()));
        assert_eq!(moved("data", None, false), None);
        assert_eq!(moved("/etc/hosts", None, true), Some("etc/hosts".into()));
    }
}
