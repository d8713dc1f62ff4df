//! `sed`, of uutils.

use std::ffi::OsString;

/// `sed`.
pub(super) fn sed(words: Vec<OsString>) -> i32 {
    crate::coreutils::with_messages("sed", || sed::sed::uumain(words.into_iter()))
}
