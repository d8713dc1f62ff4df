//! The shell and the tools that porthole takes into a container: many programs in one file, called by their names.
//!
//! *Invariant:* a tool trusts nothing that lies in the container: names are never looked up by the container's own
//! libraries (see `porthole_host::pin_name_services`), and no tool reads settings that lie there.

mod accounts;
mod applet;
mod arguments;
mod coreutils;
mod input;
mod net;
mod own_id;
mod pack;
mod printable;
mod processes;
mod shell;
mod text;
mod trouble;

use std::ffi::{OsStr, OsString};
use std::path::Path;

pub use applet::{Applet, Group};

/// The tables, in the order of a list.
const TABLES: &[&[Applet]] =
    &[shell::APPLETS, coreutils::APPLETS, text::APPLETS, pack::APPLETS, processes::APPLETS, net::APPLETS];

/// How alike a name must be to be offered in place of one that there is not: one letter in five may differ.
const ALIKE: f64 = 0.8;

/// How many names are offered.
const NEAR_NAMES: usize = 3;

/// The program itself, whatever it is called and wherever it lies.
const ITSELF: &str = "/proc/self/exe";

/// All tools.
pub fn applets() -> impl Iterator<Item = &'static Applet> {
    TABLES.iter().flat_map(|table| table.iter())
}

/// The tool of that name.
pub fn applet(name: &str) -> Option<&'static Applet> {
    applets().find(|applet| applet.name == name)
}

/// The names that `name` may have been meant to be, likeliest first.
pub fn near(name: &str) -> Vec<&'static str> {
    let likeness = |applet: &Applet| strsim::jaro_winkler(name, applet.name);
    let mut near: Vec<_> = applets().map(|applet| (likeness(applet), applet.name)).collect();
    near.retain(|(alike, _)| *alike >= ALIKE);
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.into_iter().map(|(_, name)| name).take(NEAR_NAMES).collect()
}

/// The tool that a program was called as: the last part of its path, without the `-` of a login shell.
pub fn called_as(program: &OsStr) -> Option<&'static Applet> {
    let name = Path::new(program).file_name()?.to_str()?;
    applet(name.strip_prefix('-').unwrap_or(name))
}

impl Applet {
    /// Runs the tool that this process was called as, with its words, the first of which is its name, and gives its
    /// exit code. Many tools ask the process itself for its words, so they must be the process's own.
    pub fn run(&self, words: Vec<OsString>) -> u8 {
        porthole_host::pin_name_services();
        // Only listings of processes show it, and a name is never worth a failure.
        let _unnamed = porthole_host::be_called(self.name);
        u8::try_from((self.run)(words)).unwrap_or(u8::MAX)
    }
}
