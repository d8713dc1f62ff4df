//! `find` and `xargs`, of uutils' findutils.

use std::ffi::OsString;

use findutils::find::StandardDependencies;

use crate::arguments::as_text;
use crate::trouble::say;

/// `find`.
pub(super) fn find(words: Vec<OsString>) -> i32 {
    with_text("find", words, |words| findutils::find::find_main(words, &StandardDependencies::new()))
}

/// `xargs`.
pub(super) fn xargs(words: Vec<OsString>) -> i32 {
    with_text("xargs", words, findutils::xargs::xargs_main)
}

fn with_text(tool: &str, words: Vec<OsString>, run: impl FnOnce(&[&str]) -> i32) -> i32 {
    match as_text(words) {
        Ok(words) => run(&words.iter().map(String::as_str).collect::<Vec<_>>()),
        Err(word) => {
            say(tool, format!("{}: not UTF-8", word.display()));
            2
        }
    }
}
