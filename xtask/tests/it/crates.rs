//! Which crate may use which: the flow of the architecture, and no way round it.

use std::fs;

use crate::workspace::{Package, packages, root};

/// The row of a crate: what it may use, and what its tests may use beside that.
struct Row {
    name: &'static str,
    may_use: &'static [&'static str],
    tests_may_use: &'static [&'static str],
}

const fn row(
    name: &'static str,
    may_use: &'static [&'static str],
    tests_may_use: &'static [&'static str],
) -> Row {
    Row { name, may_use, tests_may_use }
}

const ROWS: [Row; 12] = [
    row("porthole-model", &[], &[]),
    row("porthole-wire", &["porthole-model"], &[]),
    row("porthole-host", &["porthole-model", "porthole-wire"], &["porthole-analysis", "porthole-lab"]),
    row("porthole-engine", &["porthole-model", "porthole-wire"], &["porthole-lab"]),
    row("porthole-tap", &["porthole-model", "porthole-wire"], &["porthole-lab"]),
    row("porthole-analysis", &["porthole-model"], &[]),
    row("porthole-render", &["porthole-model"], &[]),
    row("porthole-toolbox", &["porthole-host", "porthole-model", "porthole-wire"], &["porthole-lab"]),
    row(
        "porthole",
        &[
            "porthole-analysis",
            "porthole-engine",
            "porthole-host",
            "porthole-model",
            "porthole-render",
            "porthole-tap",
            "porthole-toolbox",
            "porthole-wire",
        ],
        &["porthole-lab"],
    ),
    row("porthole-lab", &[], &[]),
    row("porthole-bench", &["porthole-host", "porthole-lab"], &[]),
    row("xtask", &["porthole", "porthole-analysis", "porthole-model", "porthole-render"], &[]),
];

/// The crates that read no file, no clock and no environment.
const PURE: [&str; 4] = ["porthole-model", "porthole-wire", "porthole-analysis", "porthole-render"];

fn row_of(package: &Package) -> &'static Row {
    let row = ROWS.iter().find(|row| row.name == package.name);
    row.unwrap_or_else(|| {
        panic!("{} has no row: add one here and a paragraph to ARCHITECTURE.md", package.name)
    })
}

#[test]
fn crates_use_only_what_their_row_allows() {
    for package in packages() {
        let row = row_of(&package);
        for dependency in package.dependencies.iter().filter(|dependency| dependency.is_ours) {
            let name = dependency.name.as_str();
            let is_allowed =
                row.may_use.contains(&name) || (dependency.is_for_tests && row.tests_may_use.contains(&name));
            assert!(is_allowed, "{} must not use {name}", package.name);
        }
    }
}

#[test]
fn pure_crates_have_the_lints_that_keep_them_pure() {
    let pure = fs::read_to_string(root().join("crates/pure.clippy.toml")).unwrap();
    for package in packages().iter().filter(|package| PURE.contains(&package.name.as_str())) {
        let own = fs::read_to_string(package.directory.join("clippy.toml")).unwrap_or_default();
        assert_eq!(own, pure, "{}/clippy.toml is not crates/pure.clippy.toml", package.directory.display());
    }
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    for package in packages() {
        let manifest = fs::read_to_string(package.directory.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true\n"), "{} does not", package.name);
    }
}

#[test]
fn the_architecture_names_every_crate() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for package in packages() {
        assert!(
            text.contains(&format!("`{}`", package.name)),
            "ARCHITECTURE.md does not name {}",
            package.name
        );
    }
}

#[test]
fn the_versions_of_all_libraries_are_locked() {
    assert!(root().join("Cargo.lock").is_file(), "Cargo.lock is missing; make test builds with --locked");
}
