//! The project as cargo and the file system show it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A crate of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) directory: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// What a crate's manifest asks for.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) is_ours: bool,
    pub(crate) is_for_tests: bool,
}

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root").to_owned()
}

/// The crates of the workspace.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    metadata["packages"].as_array().expect("packages").iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let manifest = Path::new(package["manifest_path"].as_str().expect("manifest_path"));
    Package {
        name: package["name"].as_str().expect("name").to_owned(),
        directory: manifest.parent().expect("a directory").to_owned(),
        dependencies: package["dependencies"]
            .as_array()
            .expect("dependencies")
            .iter()
            .map(dependency)
            .collect(),
    }
}

fn dependency(dependency: &Value) -> Dependency {
    Dependency {
        name: dependency["name"].as_str().expect("name").to_owned(),
        is_ours: !dependency["path"].is_null(),
        is_for_tests: dependency["kind"] == "dev",
    }
}

/// Every file of the project that people write, with its path below the root.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    gather(&root(), &mut files);
    assert!(files.len() > 50, "the walk found only {} files", files.len());
    files
}

fn gather(directory: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let below = path.strip_prefix(root()).expect("below the root").display().to_string();
        if path.is_symlink() || [".git", "target"].contains(&below.as_str()) {
            continue;
        }
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.push((below, fs::read(&path).expect("a file")));
        }
    }
}

/// The Rust sources of the project.
pub(crate) fn rust_sources() -> Vec<(String, String)> {
    let sources =
        files().into_iter().filter(|(path, _)| Path::new(path).extension().is_some_and(|end| end == "rs"));
    sources.map(|(path, bytes)| (path, String::from_utf8(bytes).expect("Rust is UTF-8"))).collect()
}
