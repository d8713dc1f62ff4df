//! What porthole asks the kernel for itself: more file descriptors, a session of its own, an end by a signal, and the
//! end of a command that it started.

use std::ffi::CString;
use std::time::Duration;

use porthole_model::{Pid, Uid};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

/// Raises the soft limit of file descriptors to the hard one. Where that fails, the old limit stands.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _old_limit_stands = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Leaves the session and the directory that the process was started in, and takes another name, so that what is sent
/// to the terminal, to the process group or to all of that name does not reach it.
pub fn stand_alone(name: &str) -> std::io::Result<()> {
    rustix::process::setsid()?;
    rustix::process::chdir("/")?;
    be_called(name)
}

/// Takes a name for the listings of processes, of which the kernel keeps 15 bytes.
pub fn be_called(name: &str) -> std::io::Result<()> {
    Ok(rustix::thread::set_name(&CString::new(name)?)?)
}

/// Kills a process that porthole started; one that has ended is left alone.
pub fn kill(pid: Pid) {
    if let Some(pid) = i32::try_from(pid.0).ok().and_then(rustix::process::Pid::from_raw) {
        let _has_ended = kill_process(pid, Signal::KILL);
    }
}

/// The user that this process acts as.
pub fn own_user() -> Uid {
    Uid(rustix::process::geteuid().as_raw())
}

/// Ends this process as the signal does that nobody catches. The first process of a pid namespace, which no signal of its
/// own ends, exits as a shell tells of such an end.
#[expect(unsafe_code, reason = "rustix has no dispositions of signals")]
pub fn end_by(signal: Signal) -> ! {
    // SAFETY: the kernel's own way to handle a signal has no function that could be called.
    let _caught_still = unsafe { libc::signal(signal.as_raw(), libc::SIG_DFL) };
    let _not_ended = kill_process(rustix::process::getpid(), signal);
    // It comes to another thread, where this one blocks it; and never, where nothing of a namespace ends its first process.
    std::thread::sleep(Duration::from_millis(100));
    std::process::exit(128 + signal.as_raw())
}

/// Sends SIGTERM to a process that porthole started; one that has ended is left alone.
pub fn ask_to_end(pid: Pid) {
    if let Some(pid) = i32::try_from(pid.0).ok().and_then(rustix::process::Pid::from_raw) {
        let _has_ended = kill_process(pid, Signal::TERM);
    }
}
