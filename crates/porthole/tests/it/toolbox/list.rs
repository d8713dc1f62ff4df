//! `porthole toolbox`: the list, and tools by their names.

use std::process::{Command, Output};

use super::root::Root;
use crate::support::{PORTHOLE, parse};

fn toolbox(arguments: &[&str]) -> Output {
    Command::new(PORTHOLE).arg("toolbox").args(arguments).output().expect("porthole runs")
}

#[test]
fn the_list_is_a_table_or_a_document() {
    let text = String::from_utf8(toolbox(&["ls"]).stdout).unwrap();
    assert!(text.lines().next().unwrap().starts_with("TOOL"), "{text}");
    assert!(
        text.lines().any(|line| line.starts_with("grep ") && line.contains("lines that match")),
        "{text}"
    );
    let list = parse(&String::from_utf8(toolbox(&["ls", "-o", "json"]).stdout).unwrap());
    assert_eq!(list["schema_version"], 1);
    assert!(list["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "ps"), "{list:#}");
}

#[test]
fn a_tool_that_there_is_not_is_answered_with_near_names() {
    let output = toolbox(&["run", "grpe"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error.contains("there is no tool grpe") && error.contains("grep"), "{error}");
}

#[test]
fn run_passes_words_and_exit_codes_on() {
    let output = toolbox(&["run", "sh", "-c", "printf '%s|' \"$@\"; exit 7", "name", "a b", "", "-x"]);
    assert_eq!((output.stdout.as_slice(), output.status.code()), (&b"a b||-x|"[..], Some(7)));
}

#[test]
fn every_tool_has_help_and_none_takes_what_it_does_not_know() {
    let tools = [
        "sh", "cmp", "diff", "edit", "egrep", "fgrep", "find", "grep", "hexdump", "jq", "less", "sed",
        "strings", "watch", "which", "xargs", "xxd", "gunzip", "gzip", "tar", "zcat", "dmesg", "free",
        "lsof", "mount", "pgrep", "pidof", "pkill", "ps", "top", "umount", "clear", "vi", "nano",
    ];
    let root = Root::new();
    let commands = tools.map(|tool| format!("{tool} --help > /dev/null || echo {tool}")).join("\n");
    assert_eq!(root.shell(&commands), (String::new(), 0));
    // sed and find answer as those of other systems do.
    let strict = tools.iter().filter(|tool| !matches!(**tool, "find" | "sed" | "xargs"));
    let commands: Vec<_> =
        strict.map(|tool| format!("{tool} --no-such-option 2> /dev/null; echo $?")).collect();
    let (codes, _) = root.shell(&commands.join("\n"));
    assert!(codes.lines().all(|code| code == "2"), "{codes}");
}
