//! What searches, compares, shows and changes text.

mod compare;
mod dump;
mod edit;
mod find;
mod grep;
mod json;
mod less;
mod small;
mod stream;
mod strings;
mod trees;
mod watch;
mod xargs;

use std::ffi::OsString;

use crate::applet::{Applet, Group};

/// The tools for text, and the small ones of a shell.
pub(crate) const APPLETS: &[Applet] = &[
    text("clear", "an empty screen", small::clear),
    text("cmp", "compare two files byte by byte", compare::cmp),
    text("diff", "compare two files line by line, or two directories", compare::diff),
    text("edit", "an editor", edit::run),
    text("egrep", "grep -E", grep::extended),
    text("fgrep", "grep -F", grep::fixed),
    text("find", "search a tree for files", find::find),
    text("grep", "lines that match", grep::run),
    text("hexdump", "bytes in hexadecimal and as text", dump::hexdump),
    text("jq", "take JSON apart and put it together", json::run),
    text("less", "page through text, forth and back", less::run),
    text("nano", "an editor", edit::run),
    text("sed", "change text line by line", stream::sed),
    text("strings", "text within binary files", strings::run),
    text("vi", "an editor", edit::run),
    text("watch", "run a command again and again", watch::run),
    text("which", "where a command lies", small::which),
    text("xargs", "run a command with arguments from its input", xargs::run),
    text("xxd", "bytes in hexadecimal and as text", dump::xxd),
];

const fn text(name: &'static str, summary: &'static str, run: fn(Vec<OsString>) -> i32) -> Applet {
    Applet { name, group: Group::Text, summary, run }
}
