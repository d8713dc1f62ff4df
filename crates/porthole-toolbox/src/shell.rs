//! The shell: brush, a bash in Rust.

use std::ffi::OsString;

use crate::applet::{Applet, Group};

/// The shell under each of its names.
pub(crate) const APPLETS: &[Applet] = &[shell("sh"), shell("bash"), shell("brush")];

const fn shell(name: &'static str) -> Applet {
    Applet { name, group: Group::Shell, summary: "a shell in the manner of bash", run }
}

fn run(_words: Vec<OsString>) -> i32 {
    brush_shell::entry::run();
    0
}
