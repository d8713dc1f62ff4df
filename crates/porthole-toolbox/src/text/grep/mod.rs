//! `grep`, on ripgrep's library.

mod arguments;
mod files;
mod pattern;
mod search;

use std::ffi::OsString;

use crate::arguments as words_to;
use crate::trouble::exit;
use arguments::{GrepArguments, Syntax};

/// Nothing matched because something went wrong.
const WRONG: i32 = 2;

/// `grep`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    search_with(words, None)
}

/// `egrep`.
pub(super) fn extended(words: Vec<OsString>) -> i32 {
    search_with(words, Some(Syntax::Extended))
}

/// `fgrep`.
pub(super) fn fixed(words: Vec<OsString>) -> i32 {
    search_with(words, Some(Syntax::Fixed))
}

fn search_with(words: Vec<OsString>, syntax: Option<Syntax>) -> i32 {
    words_to::with(words, |arguments: &GrepArguments| {
        exit("grep", search::search(arguments, syntax.unwrap_or(arguments.syntax())), WRONG)
    })
}
