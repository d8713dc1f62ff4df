//! Help, version, completions and man page, as they are printed.

use std::process::Command;

use crate::support::PORTHOLE;

fn stdout(arguments: &[&str]) -> String {
    let output =
        Command::new(PORTHOLE).args(arguments).env("COLUMNS", "100").output().expect("porthole runs");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn every_command_has_a_help_with_examples() {
    let help = stdout(&["--help"]);
    assert!(help.contains("Exit codes:"), "{help}");
    for command in [
        "doctor",
        "explain",
        "topology",
        "sockets",
        "ports",
        "api",
        "tap",
        "traffic",
        "snapshot",
        "gc",
        "completions",
        "man",
    ] {
        assert!(help.contains(command), "{command}");
        let help = stdout(&[command, "--help"]);
        assert!(help.contains("Usage:") && help.contains("--timeout"), "{help}");
        assert!(help.contains("Examples:") || command == "man", "{help}");
    }
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(stdout(&["--version"]), format!("porthole {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_man_page() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(stdout(&["completions", shell]).contains("porthole"), "{shell}");
    }
    let page = stdout(&["man"]);
    assert!(page.contains(".TH porthole") && page.contains("PORTHOLE DOCTOR"), "{page}");
}

#[test]
fn every_code_is_explained() {
    let list = stdout(&["explain"]);
    for code in
        ["PH001", "PH009", "PH010", "PH011", "PH012", "PH032", "PH033", "PH035", "PH040", "PH101", "PH105"]
    {
        assert!(list.contains(code), "{code} in\n{list}");
        let text = stdout(&["explain", code]);
        assert!(text.contains(code) && text.lines().count() > 10, "{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&stdout(&["explain", "ph011", "-o", "json"])).unwrap();
    assert_eq!(json["checks"][0]["code"], "PH011", "{json:#}");
}
