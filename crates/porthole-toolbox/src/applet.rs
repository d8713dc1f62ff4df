//! What a tool is: a name, a line about it, and a function.

use std::ffi::OsString;

/// A tool of the toolbox.
#[derive(Clone, Copy, Debug)]
pub struct Applet {
    /// What it is called as.
    pub name: &'static str,
    /// Where it stands in a list.
    pub group: Group,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// Runs it with its words, the first of which is its name, and gives its exit code.
    pub(crate) run: fn(Vec<OsString>) -> i32,
}

/// What a tool is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The shell.
    Shell,
    /// Files, text and the odds and ends of coreutils.
    Files,
    /// Search, compare, edit and pack.
    Text,
    /// Processes, memory and mounts.
    Processes,
    /// Addresses, routes, sockets, names and what speaks over them.
    Network,
}

impl Group {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Files => "coreutils",
            Self::Text => "text and files",
            Self::Processes => "processes",
            Self::Network => "network",
        }
    }
}
