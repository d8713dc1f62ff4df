//! What a tool was called with.

use std::ffi::OsString;

use clap::Parser;

/// The arguments; or, for one who asked for help or typed what there is not, the exit code after it was said.
fn parse<Arguments: Parser>(words: Vec<OsString>) -> Result<Arguments, i32> {
    Arguments::try_parse_from(words).map_err(|error| {
        // Where even standard error is closed nobody reads it.
        let _unread = error.print();
        error.exit_code()
    })
}

/// Runs a tool with its arguments.
pub(crate) fn with<Arguments: Parser>(words: Vec<OsString>, run: impl FnOnce(&Arguments) -> i32) -> i32 {
    match parse(words) {
        Ok(arguments) => run(&arguments),
        Err(code) => code,
    }
}

/// The words as text, for libraries that take nothing else.
pub(crate) fn as_text(words: Vec<OsString>) -> Result<Vec<String>, OsString> {
    words.into_iter().map(OsString::into_string).collect()
}
