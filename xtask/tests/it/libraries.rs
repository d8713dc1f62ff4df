//! Which crate owns which outside library: an outside world is spoken to in one place.

use std::collections::BTreeMap;

use crate::workspace::packages;

/// Libraries with one owner.
const OWNERS: &[(&str, &str)] = &[
    ("anstyle", "porthole-render"),
    ("brush-builtins", "porthole-toolbox"),
    ("brush-core", "porthole-toolbox"),
    ("brush-interactive", "porthole-toolbox"),
    ("clap_complete", "porthole"),
    ("clap_mangen", "porthole"),
    ("diffutils", "porthole-toolbox"),
    ("findutils", "porthole-toolbox"),
    ("futures-util", "porthole-engine"),
    ("globset", "porthole-toolbox"),
    ("grep", "porthole-toolbox"),
    ("hdrhistogram", "porthole-analysis"),
    ("hickory-proto", "porthole-wire"),
    ("hickory-resolver", "porthole-toolbox"),
    ("httparse", "porthole-wire"),
    ("itoa", "porthole-render"),
    ("jaq-all", "porthole-toolbox"),
    ("kibi", "porthole-toolbox"),
    ("libc", "porthole-host"),
    ("memchr", "porthole-wire"),
    ("mimalloc", "porthole"),
    ("minijinja", "porthole-render"),
    ("minus", "porthole-toolbox"),
    ("nix", "porthole-lab"),
    ("opentelemetry", "porthole-tap"),
    ("opentelemetry-http", "porthole-tap"),
    ("opentelemetry-otlp", "porthole-tap"),
    ("opentelemetry-proto", "porthole-tap"),
    ("opentelemetry_sdk", "porthole-tap"),
    ("percent-encoding", "porthole-engine"),
    ("procfs", "porthole-toolbox"),
    ("prost", "porthole-tap"),
    ("pulldown-cmark", "porthole-render"),
    ("pulldown-cmark-escape", "porthole-render"),
    ("rusqlite", "porthole-tap"),
    ("rust-sugiyama", "porthole-render"),
    ("schemars", "porthole-render"),
    ("sed", "porthole-toolbox"),
    ("similar", "porthole-analysis"),
    ("socket2", "porthole-toolbox"),
    ("surge-ping", "porthole-toolbox"),
    ("termcolor", "porthole-toolbox"),
    ("terminal_size", "porthole"),
    ("trippy-core", "porthole-toolbox"),
    ("unicode-segmentation", "porthole-render"),
    ("uucore", "porthole-toolbox"),
    ("wait4", "porthole-bench"),
    ("walkdir", "porthole-toolbox"),
];

/// Libraries that several crates use, each with its reason.
const SHARED: &[(&str, &[&str], &str)] = &[
    ("base64", &["porthole-engine", "porthole-render", "porthole-toolbox"], "a format, no outside world"),
    ("bytes", &["porthole-engine", "porthole-toolbox"], "a type, no outside world"),
    (
        "clap",
        &["porthole", "porthole-bench", "porthole-lab", "porthole-toolbox", "xtask"],
        "each program has arguments",
    ),
    ("flate2", &["porthole-toolbox", "porthole-wire"], "a format, no outside world"),
    ("form_urlencoded", &["porthole-analysis", "porthole-render"], "a format, no outside world"),
    ("http-body-util", &["porthole-engine", "porthole-toolbox"], "bodies of hyper"),
    ("hyper", &["porthole-engine", "porthole-toolbox"], "HTTP to an engine, and the tools that speak it"),
    ("hyper-util", &["porthole-engine", "porthole-toolbox"], "hyper on the event loop"),
    (
        "jiff",
        &["porthole", "porthole-engine", "porthole-render", "porthole-tap", "porthole-toolbox"],
        "the clock is read, parsed and printed apart",
    ),
    ("regex", &["porthole-analysis", "porthole-toolbox"], "patterns, no outside world"),
    (
        "rustix",
        &["porthole-bench", "porthole-host", "porthole-tap", "porthole-toolbox"],
        "system calls without unsafe code",
    ),
    (
        "rustls",
        &["porthole-engine", "porthole-tap", "porthole-toolbox"],
        "TLS to an engine, before one, and in the tools",
    ),
    ("rustls-native-certs", &["porthole-engine", "porthole-toolbox"], "the roots of the host"),
    (
        "rustls-pki-types",
        &["porthole-engine", "porthole-tap", "porthole-toolbox"],
        "the files of all of them",
    ),
    ("serde", &[], "derives, no outside world"),
    ("serde_json", &[], "a format, no outside world"),
    ("sha2", &["porthole-engine", "porthole-tap", "porthole-wire"], "a digest, no outside world"),
    ("strsim", &["porthole-analysis", "porthole-toolbox"], "a measure, no outside world"),
    ("tar", &["porthole-host", "porthole-toolbox"], "a format: what is copied, and the tool of that name"),
    ("thiserror", &[], "derives, no outside world"),
    (
        "tokio",
        &["porthole", "porthole-bench", "porthole-engine", "porthole-tap", "porthole-toolbox"],
        "programs start the event loop that the engine's client, the relays and the shell run on",
    ),
    (
        "tokio-rustls",
        &["porthole-engine", "porthole-tap", "porthole-toolbox"],
        "TLS to an engine, before one, and in the tools",
    ),
    ("unicode-width", &["porthole-analysis", "porthole-render"], "a table, no outside world"),
    ("x509-cert", &["porthole-tap", "porthole-toolbox"], "a format, no outside world"),
    ("zstd", &["porthole-tap", "porthole-wire"], "a format, no outside world"),
];

#[test]
fn every_outside_library_has_its_owner() {
    for (library, users) in users() {
        if let Some((_, allowed, reason)) = SHARED.iter().find(|(name, ..)| *name == library) {
            let stranger = users.iter().find(|user| !allowed.is_empty() && !allowed.contains(&user.as_str()));
            assert!(stranger.is_none(), "{library} is shared ({reason}), but not by {stranger:?}");
        } else {
            let owner = owner_of(&library);
            let owner =
                owner.unwrap_or_else(|| panic!("{library} (of {users:?}) has no owner: add a row here"));
            assert_eq!(users, [owner], "{library}");
        }
    }
}

/// Each utility of uutils is a crate.
fn owner_of(library: &str) -> Option<&'static str> {
    if library.starts_with("uu_") {
        return Some("porthole-toolbox");
    }
    OWNERS.iter().find(|(name, _)| *name == library).map(|(_, owner)| *owner)
}

#[test]
fn no_row_names_a_library_that_nobody_uses() {
    let used = users();
    for library in OWNERS.iter().map(|(name, _)| name).chain(SHARED.iter().map(|(name, ..)| name)) {
        assert!(used.contains_key(*library), "{library} is used by no crate: remove its row");
    }
}

/// The crates that use each outside library, tests left out.
fn users() -> BTreeMap<String, Vec<String>> {
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        for dependency in package.dependencies.iter().filter(|each| !each.is_ours && !each.is_for_tests) {
            users.entry(dependency.name.clone()).or_default().push(package.name.clone());
        }
    }
    users
}
