//! The generated files: which there are, writing them, and telling the stale ones.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{check_pages, cli_page};

/// Generated files by their path below the root of the project.
pub(crate) type Pages = BTreeMap<String, String>;

/// The directories that hold generated files alone.
const GENERATED: [&str; 2] = ["docs/checks", "docs/schema"];

/// Why the generated files could not be written, or are not what they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocsError {
    #[error("failed to {attempt} {}", path.display())]
    File { attempt: &'static str, path: PathBuf, source: io::Error },
    #[error("these generated files are stale, run cargo xtask docs:\n{}", .0.join("\n"))]
    Stale(Vec<String>),
}

/// Everything that is generated, from the code.
pub(crate) fn pages() -> Pages {
    let mut pages = check_pages::pages();
    pages.insert("docs/cli.md".to_owned(), cli_page::page(porthole::cli()));
    for (name, schema) in porthole_render::json::schemas() {
        pages.insert(format!("docs/schema/{name}.json"), format!("{}\n", schema.trim_end()));
    }
    pages
}

/// Writes what is stale and removes what is not generated any more; gives what it changed.
pub(crate) fn write(root: &Path, pages: &Pages) -> Result<Vec<String>, DocsError> {
    let stale = stale(root, pages)?;
    for path in &stale {
        let file = root.join(path);
        match pages.get(path) {
            Some(text) => write_file(&file, text)?,
            None => fs::remove_file(&file).map_err(at("remove", &file))?,
        }
    }
    Ok(stale)
}

/// Fails where a generated file is missing, differs, or should not be there.
pub(crate) fn check(root: &Path, pages: &Pages) -> Result<Vec<String>, DocsError> {
    let stale = stale(root, pages)?;
    if stale.is_empty() { Ok(stale) } else { Err(DocsError::Stale(stale)) }
}

fn stale(root: &Path, pages: &Pages) -> Result<Vec<String>, DocsError> {
    let mut stale = Vec::new();
    for (path, text) in pages {
        if read(&root.join(path))?.as_ref() != Some(text) {
            stale.push(path.clone());
        }
    }
    for directory in GENERATED {
        stale.extend(files(root, directory)?.into_iter().filter(|path| !pages.contains_key(path)));
    }
    Ok(stale)
}

fn read(path: &Path) -> Result<Option<String>, DocsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("read", path)(error)),
    }
}

fn files(root: &Path, directory: &str) -> Result<Vec<String>, DocsError> {
    let path = root.join(directory);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let entries: io::Result<Vec<_>> = fs::read_dir(&path).and_then(Iterator::collect);
    let entries = entries.map_err(at("list", &path))?;
    Ok(entries.iter().map(|entry| format!("{directory}/{}", entry.file_name().display())).collect())
}

fn write_file(path: &Path, text: &str) -> Result<(), DocsError> {
    let directory = path.parent().unwrap_or(path);
    fs::create_dir_all(directory).map_err(at("create", directory))?;
    fs::write(path, text).map_err(at("write", path))
}

fn at(attempt: &'static str, path: &Path) -> impl Fn(io::Error) -> DocsError {
    let path = path.to_owned();
    move |source| DocsError::File { attempt, path: path.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Pages {
        Pages::from([
            ("docs/cli.md".to_owned(), "a\n".to_owned()),
            ("docs/checks/PH001.md".to_owned(), "b\n".to_owned()),
        ])
    }

    #[test]
    fn what_was_written_is_fresh_and_a_second_time_nothing_changes() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(write(root.path(), &some()).unwrap(), ["docs/checks/PH001.md", "docs/cli.md"]);
        assert!(check(root.path(), &some()).unwrap().is_empty());
        assert!(write(root.path(), &some()).unwrap().is_empty());
    }

    #[test]
    fn a_changed_a_missing_and_a_superfluous_file_are_stale() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &some()).unwrap();
        fs::write(root.path().join("docs/cli.md"), "changed\n").unwrap();
        fs::rename(root.path().join("docs/checks/PH001.md"), root.path().join("docs/checks/PH999.md"))
            .unwrap();
        let error = check(root.path(), &some()).unwrap_err().to_string();
        assert!(error.contains("cargo xtask docs"), "{error}");
        for path in ["docs/cli.md", "docs/checks/PH001.md", "docs/checks/PH999.md"] {
            assert!(error.contains(path), "{path} in {error}");
        }
        write(root.path(), &some()).unwrap();
        assert!(!root.path().join("docs/checks/PH999.md").exists());
    }
}
