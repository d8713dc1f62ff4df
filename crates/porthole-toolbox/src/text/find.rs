//! `find`, of uutils' findutils. It takes what it searches for as text; names that it finds and are none are given to
//! `-exec` and `-delete` byte for byte, and printed with U+FFFD for what is no UTF-8.

use std::ffi::OsString;

use findutils::find::StandardDependencies;

use crate::arguments::as_text;
use crate::trouble::say;

/// `find`.
pub(super) fn find(words: Vec<OsString>) -> i32 {
    match as_text(words) {
        Ok(words) => {
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            findutils::find::find_main(&words, &StandardDependencies::new())
        }
        Err(word) => {
            say("find", format!("{}: not UTF-8", word.display()));
            2
        }
    }
}
