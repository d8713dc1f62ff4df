//! What every file of the project keeps to.

use crate::workspace::{files, root, rust_sources};

/// Where `unsafe` may stand, each with its reason.
const UNSAFE: [(&str, &str); 1] = [("crates/porthole-host/", "system calls that no library offers safely")];

/// Where people may be made up, with directories of their own: tests and recordings.
const MAKES_PEOPLE_UP: [&str; 4] = ["bench/", "crates/", "fixtures/", "lab/"];

/// Package mirrors and registries: the project takes those that the machine is set up for.
const MIRRORS: [&str; 9] = [
    "deb.debian.org",
    "ftp.debian.org",
    "security.debian.org",
    "snapshot.debian.org",
    "archive.ubuntu.com",
    "index.crates.io",
    "static.crates.io",
    "registry-1.docker.io",
    "download.docker.com",
];

#[test]
fn every_source_file_says_what_lives_in_it() {
    for (path, text) in rust_sources() {
        assert!(text.starts_with("//! "), "{path} does not open with //!");
    }
}

#[test]
fn unsafe_stands_only_where_it_has_a_reason() {
    for (path, text) in rust_sources() {
        let is_allowed = UNSAFE.iter().any(|(directory, _)| path.starts_with(directory));
        assert!(is_allowed || !has_unsafe(&text), "{path} has unsafe code");
    }
}

/// The keyword, put together so that this file does not hold it.
const KEYWORD: &str = concat!("un", "safe");

fn has_unsafe(text: &str) -> bool {
    let forms = [" {", " fn ", " impl ", " trait ", " extern "].map(|end| format!("{KEYWORD}{end}"));
    let is_unsafe = |line: &str| forms.iter().any(|form| line.contains(form.as_str()));
    let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.any(|line| is_unsafe(line) || line.contains(&format!("#[{KEYWORD}(")))
}

#[test]
fn unsafe_code_is_told_from_words_about_it() {
    assert!(has_unsafe(&format!("let a = {KEYWORD} {{ b() }};")));
    assert!(has_unsafe(&format!("    {KEYWORD} fn a() {{}}")));
    assert!(has_unsafe(&format!("#[{KEYWORD}(no_mangle)]")));
    assert!(!has_unsafe(&format!("// {KEYWORD} {{ }}")));
    assert!(!has_unsafe("#![expect(unsafe_code, reason = \"x\")]"));
}

#[test]
fn no_file_holds_a_path_of_one_machine() {
    // Put together, so that this file does not hold them.
    let (here, root_home, home) =
        (format!("{}/", root().display()), ["/ro", "ot/"].concat(), ["/ho", "me/"].concat());
    for (path, bytes) in files() {
        let text = String::from_utf8_lossy(&bytes);
        let may_hold_people = MAKES_PEOPLE_UP.iter().any(|directory| path.starts_with(directory));
        assert!(
            !text.contains(&here) && !begins_with(&text, &root_home),
            "{path} holds {here} or {root_home}"
        );
        assert!(may_hold_people || !begins_with(&text, &home), "{path} holds {home}");
    }
}

/// Whether a path in `text` begins so; `/proc/7` and what follows is another path.
fn begins_with(text: &str, directory: &str) -> bool {
    let mut places = text.match_indices(directory);
    places.any(|(at, _)| !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '}'))
}

#[test]
fn no_script_chooses_a_mirror_or_a_registry() {
    let scripts = ["scripts/", ".ci/", "Makefile", "lab/", "bench/", ".cargo/"];
    for (path, bytes) in
        files().into_iter().filter(|(path, _)| scripts.iter().any(|begin| path.starts_with(begin)))
    {
        let text = String::from_utf8_lossy(&bytes);
        let found = MIRRORS.iter().find(|name| text.contains(**name));
        assert!(found.is_none(), "{path} names {found:?}");
    }
}
