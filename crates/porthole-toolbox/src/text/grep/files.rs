//! Which files are searched.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use super::arguments::GrepArguments;
use crate::trouble::{Trouble, reason};

/// A file, or why a place cannot be searched.
pub(super) type Found = Result<PathBuf, String>;

/// What is left out of a tree.
pub(super) struct Selection {
    include: Option<GlobSet>,
    exclude: GlobSet,
    exclude_directory: GlobSet,
    is_recursive: bool,
    follows_links: bool,
}

impl Selection {
    /// What the arguments leave out.
    pub(super) fn new(arguments: &GrepArguments) -> Result<Self, Trouble> {
        Ok(Self {
            include: if arguments.include.is_empty() { None } else { Some(globs(&arguments.include)?) },
            exclude: globs(&arguments.exclude)?,
            exclude_directory: globs(&arguments.exclude_dir)?,
            is_recursive: arguments.is_recursive(),
            follows_links: arguments.dereference_recursive,
        })
    }

    /// The files at a place, in the order of their names.
    pub(super) fn files(&self, place: &Path) -> Box<dyn Iterator<Item = Found> + '_> {
        if !place.is_dir() {
            return Box::new(std::iter::once(Ok(place.to_owned())));
        }
        if !self.is_recursive {
            return Box::new(std::iter::once(Err(format!("{}: is a directory", place.display()))));
        }
        let walk = WalkDir::new(place).follow_links(self.follows_links).sort_by_file_name().into_iter();
        let entries = walk.filter_entry(|entry| entry.depth() == 0 || !self.leaves_out(entry));
        Box::new(entries.filter_map(move |entry| self.file(entry)))
    }

    fn file(&self, entry: walkdir::Result<DirEntry>) -> Option<Found> {
        match entry {
            Ok(entry) => self.is_wanted(&entry).then(|| Ok(entry.into_path())),
            Err(error) => Some(Err(refused(&error))),
        }
    }

    fn leaves_out(&self, entry: &DirEntry) -> bool {
        entry.file_type().is_dir() && self.exclude_directory.is_match(entry.file_name())
    }

    /// Pipes and devices of a tree would be waited for.
    fn is_wanted(&self, entry: &DirEntry) -> bool {
        let name = Path::new(entry.file_name());
        entry.file_type().is_file()
            && self.include.as_ref().is_none_or(|include| include.is_match(name))
            && !self.exclude.is_match(name)
    }
}

fn refused(error: &walkdir::Error) -> String {
    let place = error.path().map(|path| path.display().to_string()).unwrap_or_default();
    format!("{place}: {}", error.io_error().map_or_else(|| "a loop of links".to_owned(), reason))
}

fn globs(texts: &[String]) -> Result<GlobSet, Trouble> {
    let mut set = GlobSetBuilder::new();
    for text in texts {
        set.add(Glob::new(text).map_err(Trouble::new)?);
    }
    set.build().map_err(Trouble::new)
}
