//! The shell and the tools that porthole takes into a container: many programs in one file, called by their names.
//!
//! *Invariant:* a tool trusts nothing that lies in the container: names are never looked up by the container's own
//! libraries (see `porthole_host::pin_name_services`).

mod applet;
mod coreutils;
mod net;
mod shell;

use std::ffi::{OsStr, OsString};
use std::path::Path;

pub use applet::{Applet, Group};

/// The tables, in the order of a list.
const TABLES: &[&[Applet]] = &[shell::APPLETS, coreutils::APPLETS, net::APPLETS];

/// All tools.
pub fn applets() -> impl Iterator<Item = &'static Applet> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The tool of that name.
pub fn applet(name: &str) -> Option<&'static Applet> {
    applets().find(|applet| applet.name == name)
}

/// The tool that a program was called as: the last part of its path, without the `-` of a login shell.
pub fn called_as(program: &OsStr) -> Option<&'static Applet> {
    let name = Path::new(program).file_name()?.to_str()?;
    applet(name.strip_prefix('-').unwrap_or(name))
}

impl Applet {
    /// Runs the tool with its words, the first of which is its name, and gives its exit code.
    pub fn run(&self, words: Vec<OsString>) -> u8 {
        porthole_host::pin_name_services();
        u8::try_from((self.run)(words)).unwrap_or(u8::MAX)
    }
}
