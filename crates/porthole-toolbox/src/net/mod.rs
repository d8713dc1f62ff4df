//! The tools for networks, a file or a directory each.

mod http;
mod testbox;
mod tool;

use crate::applet::{Applet, Group};

/// A row for each tool.
pub(crate) const APPLETS: &[Applet] = &[
    row("testbox", "a page that says where it runs and what it saw, and echo servers", testbox::run),
];

const fn row(name: &'static str, summary: &'static str, run: fn(Vec<std::ffi::OsString>) -> i32) -> Applet {
    Applet { name, group: Group::Network, summary, run }
}
