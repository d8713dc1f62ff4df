//! porthole under its other names: the process that a root is held by.

use std::ffi::OsString;
use std::path::Path;

use porthole_engine::{REPLICA_PROGRAM, REPLICA_READ_ONLY};

use crate::exit::Exit;

/// Holds a root until nobody needs it any more, where this process was started to do so.
pub(crate) fn held(mut arguments: impl Iterator<Item = OsString>) -> Option<Exit> {
    let program = arguments.next()?;
    let name = Path::new(&program).file_name()?;
    let held = if porthole_host::is_holder(name) {
        porthole_host::hold_root()
    } else if name == REPLICA_PROGRAM {
        porthole_host::hold_container(arguments.next().is_some_and(|word| word == REPLICA_READ_ONLY))
    } else {
        return None;
    };
    Some(if held.is_ok() { Exit::Success } else { Exit::Failure })
}
