//! What looks at processes, memory and mounts, and what sends signals.

mod files;
mod kernel_log;
mod layout;
mod matching;
mod memory;
mod mounts;
mod ps;
mod sockets;
mod tasks;
mod top;

use std::ffi::OsString;

use crate::applet::{Applet, Group};

/// The tools.
pub(crate) const APPLETS: &[Applet] = &[
    tool("dmesg", "messages of the kernel", kernel_log::run),
    tool("free", "memory that is free", memory::free),
    tool("lsof", "files and sockets that processes have open", files::lsof),
    tool("mount", "list mounts, and mount", mounts::mount),
    tool("pgrep", "find processes by name", matching::pgrep),
    tool("pidof", "the processes of a program", matching::pidof),
    tool("pkill", "send signals to processes by name", matching::pkill),
    tool("ps", "the processes", ps::run),
    tool("top", "the processes that work most", top::run),
    tool("umount", "unmount", mounts::umount),
];

const fn tool(name: &'static str, summary: &'static str, run: fn(Vec<OsString>) -> i32) -> Applet {
    Applet { name, group: Group::Processes, summary, run }
}
