//! The graft: porthole within a container's view of the files, which attaches the toolbox there for everybody, says
//! where, and takes it away again when its input ends.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;

use porthole_host::Graft;

use super::local::tools;
use crate::exit::Exit;
use crate::printer::Printer;

/// The name that it is started under, by which porthole knows that it is to be one.
pub(super) const NAME: &str = "porthole-graft";

/// Whether this process was started as one.
pub(crate) fn is_graft(mut arguments: impl Iterator<Item = OsString>) -> bool {
    arguments.next().is_some_and(|program| Path::new(&program).file_name().is_some_and(|name| name == NAME))
}

/// The graft itself.
pub(crate) fn run() -> Exit {
    match graft() {
        Ok(()) => Exit::Success,
        Err(error) => {
            Printer::plain_error(&error.to_string());
            Exit::Failure
        }
    }
}

fn graft() -> Result<(), Box<dyn std::error::Error>> {
    let graft = Graft::attach(&tools())?;
    Printer::write(|out| writeln!(out, "{}", graft.place().display()))
        .map_err(|error| error.message().to_owned())?;
    // Whatever ends the input ends the need for the tools.
    let _ended = io::stdin().lock().read_to_end(&mut Vec::new());
    Ok(())
}
