//! Which crate owns which outside library: an outside world is spoken to in one place.

use std::collections::BTreeMap;

use crate::workspace::packages;

/// Libraries with one owner.
const OWNERS: &[(&str, &str)] = &[
    ("anstyle", "porthole-render"),
    ("base64", "porthole-render"),
    ("brush-shell", "porthole-toolbox"),
    ("bytes", "porthole-engine"),
    ("clap_complete", "porthole"),
    ("clap_mangen", "porthole"),
    ("diffutils", "porthole-toolbox"),
    ("findutils", "porthole-toolbox"),
    ("futures-util", "porthole-engine"),
    ("grep", "porthole-toolbox"),
    ("hdrhistogram", "porthole-analysis"),
    ("hickory-resolver", "porthole-toolbox"),
    ("http-body-util", "porthole-engine"),
    ("httparse", "porthole-wire"),
    ("hyper", "porthole-engine"),
    ("hyper-util", "porthole-engine"),
    ("itoa", "porthole-render"),
    ("jaq-all", "porthole-toolbox"),
    ("kibi", "porthole-toolbox"),
    ("libc", "porthole-host"),
    ("memchr", "porthole-wire"),
    ("minus", "porthole-toolbox"),
    ("nix", "porthole-lab"),
    ("opentelemetry", "porthole-tap"),
    ("opentelemetry-http", "porthole-tap"),
    ("opentelemetry-otlp", "porthole-tap"),
    ("opentelemetry-proto", "porthole-tap"),
    ("opentelemetry_sdk", "porthole-tap"),
    ("percent-encoding", "porthole-engine"),
    ("prost", "porthole-tap"),
    ("pulldown-cmark", "porthole-render"),
    ("pulldown-cmark-escape", "porthole-render"),
    ("regex", "porthole-analysis"),
    ("rusqlite", "porthole-tap"),
    ("rust-sugiyama", "porthole-render"),
    ("rustls-native-certs", "porthole-engine"),
    ("schemars", "porthole-render"),
    ("sed", "porthole-toolbox"),
    ("similar", "porthole-analysis"),
    ("strsim", "porthole-analysis"),
    ("surge-ping", "porthole-toolbox"),
    ("tar", "porthole-toolbox"),
    ("terminal_size", "porthole"),
    ("trippy-core", "porthole-toolbox"),
    ("unicode-segmentation", "porthole-render"),
    ("ureq", "porthole-toolbox"),
    ("uucore", "porthole-toolbox"),
    ("wait4", "porthole-bench"),
    ("x509-cert", "porthole-tap"),
];

/// Libraries that several crates use, each with its reason.
const SHARED: &[(&str, &[&str], &str)] = &[
    ("clap", &["porthole", "porthole-bench", "porthole-lab", "xtask"], "each program has arguments"),
    ("flate2", &["porthole-toolbox", "porthole-wire"], "a format, no outside world"),
    ("form_urlencoded", &["porthole-analysis", "porthole-render"], "a format, no outside world"),
    (
        "jiff",
        &["porthole", "porthole-engine", "porthole-render", "porthole-tap"],
        "the clock is read, parsed and printed apart",
    ),
    ("rustix", &["porthole-bench", "porthole-host", "porthole-tap"], "system calls without unsafe code"),
    ("rustls", &["porthole-engine", "porthole-tap"], "TLS to an engine, and TLS before one"),
    ("rustls-pki-types", &["porthole-engine", "porthole-tap"], "the files of both"),
    ("serde", &[], "derives, no outside world"),
    ("serde_json", &[], "a format, no outside world"),
    ("sha2", &["porthole-engine", "porthole-tap"], "a digest, no outside world"),
    ("thiserror", &[], "derives, no outside world"),
    (
        "tokio",
        &["porthole", "porthole-bench", "porthole-engine", "porthole-tap"],
        "programs start the event loop that the engine's client and the relays run on",
    ),
    ("tokio-rustls", &["porthole-engine", "porthole-tap"], "TLS to an engine, and TLS before one"),
    ("unicode-width", &["porthole-analysis", "porthole-render"], "a table, no outside world"),
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
