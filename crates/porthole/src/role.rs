//! What porthole is besides the command line: by the name or the one word that another porthole started it with.

use std::ffi::OsString;

use crate::commands::{debug, dns, forward, tap};
use crate::exit::Exit;

/// Plays the part that these arguments name; `None` where they are a command line.
pub(crate) fn play(arguments: &[OsString]) -> Option<Exit> {
    let words = || arguments.iter().cloned();
    #[cfg(feature = "toolbox")]
    if let Some(applet) = arguments.first().and_then(|program| porthole_toolbox::called_as(program)) {
        return Some(Exit::Passed(applet.run(arguments.to_vec())));
    }
    if let Some(line) = porthole_host::kept_line(words()) {
        return Some(Exit::Passed(porthole_host::keep(line)));
    }
    if let Some(exit) = debug::held(words()) {
        return Some(exit);
    }
    if debug::graft::is_graft(words()) {
        return Some(debug::graft::run());
    }
    if debug::graft::is_sweeper(words()) {
        return Some(debug::graft::sweep());
    }
    if debug::agent::is_agent(words()) {
        return Some(debug::agent::run());
    }
    if debug::many::is_helper(words()) {
        return Some(debug::many::help());
    }
    if let Some(args) = forward::tunnel::helper(words()) {
        return Some(forward::tunnel::help(&args));
    }
    if let Some(socket) = debug::kept::process::kept_socket(words()) {
        return Some(debug::kept::process::run(&socket));
    }
    if let Some(socket) = debug::kept::relay::relayed_socket(words()) {
        return Some(debug::kept::relay::run(&socket));
    }
    if dns::is_reader(words()) {
        return Some(dns::play_reader(words()));
    }
    if let Some(container) = debug::thawed(words()) {
        return Some(debug::thaw(&container));
    }
    tap::guarded_socket(words()).map(|socket| tap::guard(&socket))
}
