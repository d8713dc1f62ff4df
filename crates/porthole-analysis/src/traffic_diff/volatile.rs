//! What is new in every run: ids and times of day in texts.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// UUIDs, the engine's ids long and short, the ids of sessions and of swarm, times as RFC 3339 writes them.
static VOLATILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?<id> \b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b | \b[0-9a-f]{12,64}\b | \b[0-9a-z]{25}\b )
        | \b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})",
    )
    .ok()
});

/// The text with a mark in place of each id and time in it.
pub(super) fn steady(text: &str) -> Cow<'_, str> {
    let Some(pattern) = VOLATILE.as_ref() else { return Cow::Borrowed(text) };
    pattern.replace_all(text, |found: &Captures<'_>| match found.name("id") {
        // A word of letters alone is no id.
        Some(id) if !id.as_str().bytes().any(|byte| byte.is_ascii_digit()) => id.as_str().to_owned(),
        Some(_) => "<id>".to_owned(),
        None => "<time>".to_owned(),
    })
}

/// Whether the whole text is an id.
pub(super) fn is_id(text: &str) -> bool {
    steady(text) == "<id>"
}

/// Whether a field of that name holds something computed from what it stands for, which differs only if that does.
pub(super) fn is_digest(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("hash") || name.ends_with("digest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_times_are_taken_out() {
        let id = "4578d3395114c0aa3ecc4d7b722fd958d2c486dabbd6a9661efbcad74a0bf8fb";
        assert_eq!(steady(&format!("No such container: {id}")), "No such container: <id>");
        assert_eq!(steady("sha256:4578d3395114"), "sha256:<id>");
        assert_eq!(steady("2026-11-21T17:44:40.383Z"), "<time>");
        assert!(is_id("4578d3395114") && is_id("0b8j3zq5wnm1x7d2k4r6t9y0a"));
        assert!(is_id("2b7e1516-28ae-d2a6-abf7-158809cf4f3c"));
    }

    #[test]
    fn names_stay() {
        for name in
            ["web", "deadbeef", "com.docker.compose.project", "internationalizationsworks", "10.0.0.1", ""]
        {
            assert_eq!(steady(name), name);
        }
    }
}
