//! Where a copy goes and what it is called there, by the rules of `docker cp`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::operand::{means_content, means_directory};

/// What is copied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// As it was typed.
    pub(super) typed: &'a Path,
    /// Its own name, if it is not a root.
    pub(super) name: Option<&'a OsStr>,
    pub(super) is_directory: bool,
}

/// What is where it goes, after links were followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination<'a> {
    /// As it was typed.
    pub(super) typed: &'a Path,
    /// Where links lead.
    pub(super) path: &'a Path,
    /// Whether a directory is there; `None` where nothing is.
    pub(super) is_directory: Option<bool>,
}

/// The directory that is written into, and the name of the copy there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) directory: PathBuf,
    /// None: what is in the source comes directly into the directory.
    pub(super) name: Option<OsString>,
}

/// The plan, or why there is none.
pub(super) fn plan(source: Source<'_>, destination: Destination<'_>) -> Result<Plan, String> {
    let shown = destination.typed.display();
    if means_directory(source.typed) && !source.is_directory {
        return Err(format!("{} is not a directory", source.typed.display()));
    }
    match destination.is_directory {
        Some(true) => {
            let name = source.name.filter(|_| !means_content(source.typed));
            Ok(Plan { directory: destination.path.to_owned(), name: name.map(OsStr::to_owned) })
        }
        Some(false) if source.is_directory => {
            Err(format!("{shown} is a file: a directory cannot take its place"))
        }
        Some(false) if means_directory(destination.typed) => Err(format!("{shown} is not a directory")),
        None if !source.is_directory && means_directory(destination.typed) => {
            Err(format!("there is no directory {shown}"))
        }
        Some(false) | None => in_its_place(destination.path),
    }
}

/// The plan for a tar stream, the names in which are kept.
pub(super) fn of_stream(destination: Destination<'_>) -> Result<Plan, String> {
    match destination.is_directory {
        Some(true) => Ok(Plan { directory: destination.path.to_owned(), name: None }),
        _ => Err(format!("there is no directory {} to unpack the stream into", destination.typed.display())),
    }
}

fn in_its_place(path: &Path) -> Result<Plan, String> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(Plan { directory: parent.to_owned(), name: Some(name.to_owned()) }),
        _ => Err(format!("{} has no name that a copy could have", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path of the copy, with a `/` at its end where only the content is copied.
    fn goes_to(source: &str, is_directory: bool, typed: &str, found: Option<bool>) -> Result<String, String> {
        let bare: PathBuf = Path::new(source).components().collect();
        let source = Source { typed: Path::new(source), name: bare.file_name(), is_directory };
        let path: PathBuf = Path::new(typed).components().collect();
        let plan = plan(source, Destination { typed: Path::new(typed), path: &path, is_directory: found })?;
        let name = plan.name.unwrap_or_default();
        Ok(plan.directory.join(name).display().to_string())
    }

    #[test]
    fn a_file() {
        assert_eq!(goes_to("/a/f", false, "/d", Some(true)).unwrap(), "/d/f");
        assert_eq!(goes_to("/a/f", false, "/d/g", None).unwrap(), "/d/g");
        assert_eq!(goes_to("/a/f", false, "/d/g", Some(false)).unwrap(), "/d/g");
        assert!(goes_to("/a/f", false, "/d/", None).is_err());
        assert!(goes_to("/a/f", false, "/d/", Some(false)).is_err());
        assert!(goes_to("/a/f/", false, "/d", Some(true)).is_err());
    }

    #[test]
    fn a_directory() {
        assert_eq!(goes_to("/a/s", true, "/d", Some(true)).unwrap(), "/d/s");
        assert_eq!(goes_to("/a/s/", true, "/d/", Some(true)).unwrap(), "/d/s");
        assert_eq!(goes_to("/a/s/.", true, "/d", Some(true)).unwrap(), "/d/");
        assert_eq!(goes_to("/a/s", true, "/d/new", None).unwrap(), "/d/new");
        assert_eq!(goes_to("/a/s/.", true, "/d/new/", None).unwrap(), "/d/new");
        assert_eq!(goes_to("/", true, "/d", Some(true)).unwrap(), "/d/");
        assert!(goes_to("/a/s", true, "/d", Some(false)).is_err());
    }
}
