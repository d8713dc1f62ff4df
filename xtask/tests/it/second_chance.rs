//! The script behind `make test` that gives a failed test one more try: tried on throw-away crates.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::workspace::root;

const MANIFEST: &str =
    "[package]\nname = \"thrown-away\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";

const FAILS_ONCE: &str = r#"
#[test]
fn fails_once() {
    let marker = concat!(env!("CARGO_MANIFEST_DIR"), "/marker");
    let is_first = !std::path::Path::new(marker).exists();
    std::fs::write(marker, "").unwrap();
    assert!(!is_first, "test of_something_else ... FAILED\n\nfailures:\n    of_something_else\n");
}
"#;

/// Runs the tests of a crate with this source as `make test` does.
fn tests_of(source: &str) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("src")).expect("a directory");
    fs::write(directory.path().join("Cargo.toml"), MANIFEST).expect("a manifest");
    fs::write(directory.path().join("src/lib.rs"), source).expect("a source");
    run_script(directory.path())
}

fn run_script(directory: &Path) -> Output {
    let script = "set -euo pipefail; . scripts/lib.sh; . scripts/second-chance.sh; cd \"$1\"
        phase tests tests_with_second_chance --offline";
    Command::new("bash")
        .args(["-c", script, "bash"])
        .arg(directory)
        .current_dir(root())
        .env("CARGO_TARGET_DIR", directory.join("target"))
        .output()
        .expect("bash runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_test_that_passes_the_second_time_is_named_and_sinks_nothing() {
    let output = tests_of(FAILS_ONCE);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("FLAKY: failed once, passed alone:\n##########   fails_once ("), "{said}");
    assert!(!said.contains("##########   of_something_else"), "{said}");
}

#[test]
fn a_test_that_fails_twice_sinks_the_run_and_says_why_at_the_end() {
    let output = tests_of(&format!("{FAILS_ONCE}\n#[test]\nfn fails() {{ panic!(\"the reason\") }}\n"));
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let (_, end) = said.split_once("== what the failing tests said").expect("the output again");
    assert!(end.contains("the reason"), "{said}");
    assert!(end.contains("FAILED twice:\n##########   fails ("), "{said}");
}

#[test]
fn what_is_no_failed_test_sinks_the_run_at_once() {
    for source in [
        "#[test]\nfn crashes() { std::process::abort() }",
        "#[test]\nfn does_not_compile() { let number: u32 = \"\"; }",
    ] {
        let output = tests_of(source);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("not by tests that failed alone"), "{said}");
        assert!(!said.contains("FLAKY"), "{said}");
    }
}

#[test]
fn documentation_tests_get_no_free_pass() {
    let output = tests_of("/// ```\n/// assert_eq!(1, 2);\n/// ```\npub fn documented() {}\n");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("##########   documentation tests ("), "{said}");
}
