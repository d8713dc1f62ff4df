//! Wrong input gets a clear error that says what to do, and exit code 2.

use std::fs;
use std::process::{Command, Output};

use porthole_lab::Engine;

use crate::support::{PORTHOLE, lab, porthole};

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(PORTHOLE);
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").output().expect("porthole runs")
}

fn error_of(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    error
}

#[test]
fn files_that_are_no_snapshots() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    let path = file.to_str().unwrap();
    fs::write(&file, b"PK\x03\x04").unwrap();
    let error = error_of(&["doctor", "--from", path]);
    assert!(error.contains("not a snapshot of porthole") && error.contains("hint"), "{error}");
    fs::write(&file, b"").unwrap();
    assert!(error_of(&["topology", "--from", path]).contains("empty"));
    assert!(error_of(&["sockets", "--from", "/nonexistent/file"]).contains("/nonexistent/file"));
}

#[test]
fn a_snapshot_that_is_cut_off() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("host.zst");
    let path = file.to_str().unwrap();
    assert_eq!(run(&["snapshot", "--no-engine", "-o", path]).status.code(), Some(0));
    assert_eq!(run(&["topology", "--from", path]).status.code(), Some(0));
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(error_of(&["doctor", "--from", path]).contains("damaged or cut off"));
}

#[test]
fn unknown_codes_options_and_endpoints() {
    assert!(error_of(&["explain", "PH999"]).contains("PH999"));
    assert!(error_of(&["explain", "nonsense"]).contains("nonsense"));
    assert!(error_of(&["doctor", "--fail-on", "never-ever"]).contains("never-ever"));
    assert!(error_of(&["-H", "ftp://x", "topology"]).contains("ftp"));
    assert!(error_of(&["-c", "nowhere", "topology"]).contains("nowhere"));
    assert!(error_of(&["-c", "a", "-H", "unix:///x", "doctor"]).contains("either"));
    assert!(error_of(&["--timeout", "0", "doctor"]).contains("timeout"));
}

#[test]
fn containers_that_are_unknown_ambiguous_or_stopped() {
    let lab = lab(Engine::newest());
    for name in ["shop-web", "shop-api"] {
        lab.run(name, &[], "peer:1", &["idle"]);
    }
    lab.docker_ok(&["create", "--name", "asleep", "peer:1", "idle"]);
    let said = |arguments: &[&str]| {
        let output = porthole(&lab, arguments);
        assert_eq!(output.code, 2, "{arguments:?}: {output}");
        output.stderr
    };
    let ambiguous = said(&["sockets", "shop"]);
    assert!(ambiguous.contains("shop-web") && ambiguous.contains("shop-api"), "{ambiguous}");
    let unknown = said(&["topology", "shop-wep"]);
    assert!(
        unknown.contains("shop-wep") && unknown.contains("shop-web"),
        "near names are offered: {unknown}"
    );
    let stopped = said(&["sockets", "asleep"]);
    assert!(stopped.contains("created") && stopped.contains("docker start asleep"), "{stopped}");
    let gone = said(&["sockets", "pid:4000000"]);
    assert!(gone.contains("4000000"), "{gone}");
    assert!(said(&["sockets", "pid:x"]).contains("pid:x"));
}
