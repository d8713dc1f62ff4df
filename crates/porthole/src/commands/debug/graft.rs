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

/// The name of one that takes away what killed ones left.
pub(super) const SWEEPER: &str = "porthole-sweep";

/// Whether this process was started as one.
pub(crate) fn is_graft(arguments: impl Iterator<Item = OsString>) -> bool {
    is_called(arguments, NAME)
}

/// Whether this process was started to take away what killed ones left.
pub(crate) fn is_sweeper(arguments: impl Iterator<Item = OsString>) -> bool {
    is_called(arguments, SWEEPER)
}

fn is_called(mut arguments: impl Iterator<Item = OsString>, wanted: &str) -> bool {
    arguments.next().is_some_and(|program| Path::new(&program).file_name().is_some_and(|name| name == wanted))
}

/// The graft itself.
pub(crate) fn run() -> Exit {
    exit(graft())
}

/// Takes away what killed ones left, and says where.
pub(crate) fn sweep() -> Exit {
    let swept = Graft::sweep().map_err(Into::into);
    exit(swept.and_then(|places| {
        places.iter().try_for_each(|place| {
            Printer::write(|out| writeln!(out, "{}", place.display()))
                .map_err(|error| error.message().to_owned().into())
        })
    }))
}

fn exit(done: Result<(), Box<dyn std::error::Error>>) -> Exit {
    match done {
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
