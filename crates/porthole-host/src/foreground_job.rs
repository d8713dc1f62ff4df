//! The job in the foreground of the shell's terminal, and who learns that it stopped.
//!
//! brush (brush-core 0.5, `processes.rs`) asks for the stops of all children in every task that waits for one, in those of
//! background jobs as well, and the kernel tells each stop once. Where a background job's task is told, the shell waits
//! for ever for a command that is stopped. So the `waitid` that brush is linked with is the one here: while a job has
//! the terminal, the thread that waits for it alone learns of stops, and of none but that job's.

use std::io;

use libc::{c_int, id_t, idtype_t, siginfo_t};
use rustix::process::{Pid, WaitId, WaitIdOptions, getpid};
use rustix::termios::tcgetpgrp;
use rustix::thread::gettid;

use crate::terminal::own_group;

/// Whether the job in the foreground stopped and nobody has asked for it.
pub fn has_untold_stop() -> bool {
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // Without a child in that group, there is none that stopped.
    foreground_job().is_some_and(|job| {
        rustix::process::waitid(WaitId::Pgid(Some(job)), options).is_ok_and(|stop| stop.is_some())
    })
}

/// From now on a ^Z while this process has the terminal does nothing. The signal is caught, by a handler that is empty: what
/// is ignored would be ignored by the commands as well. A handler of before is forgotten.
#[expect(unsafe_code, reason = "rustix sets no handlers")]
pub fn disregard_stop_key() -> io::Result<()> {
    extern "C" fn nothing(_signal: c_int) {}
    // SAFETY: zeros are no flags and an empty set.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as extern "C" fn(c_int) as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the action is whole, and its handler may interrupt anything.
    let outcome = unsafe { libc::sigaction(libc::SIGTSTP, &raw const action, std::ptr::null_mut()) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The process group that has the terminal of standard input, where this process gave it away.
fn foreground_job() -> Option<Pid> {
    let group = tcgetpgrp(io::stdin()).ok()?;
    (group != own_group()?).then_some(group)
}

/// waitid(2), with the exception above.
#[expect(unsafe_code, reason = "the name that brush asks for")]
#[unsafe(export_name = "waitid")]
unsafe extern "C" fn waitid(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int {
    let is_of_any_stop = kind == libc::P_ALL && options & (libc::WSTOPPED | libc::WEXITED) == libc::WSTOPPED;
    match is_of_any_stop.then(foreground_job).flatten() {
        // SAFETY: the caller promises what waitid(2) asks for.
        None => unsafe { ask(kind, id, info, options) },
        // brush waits for what is in the foreground where the program began, and for the rest in threads of its own.
        Some(job) if gettid() == getpid() => {
            // SAFETY: as above.
            unsafe { ask(libc::P_PGID, job.as_raw_nonzero().get().unsigned_abs(), info, options) }
        }
        Some(_) => {
            // SAFETY: the caller gives a place for the answer; zeros are "none", as of WNOHANG.
            unsafe { info.write_bytes(0, 1) };
            0
        }
    }
}

#[expect(unsafe_code, reason = "waitid of the C library is hidden by the one above")]
unsafe fn ask(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int {
    let no_usage = std::ptr::null_mut::<libc::rusage>();
    // SAFETY: the caller promises what waitid(2) asks for.
    let outcome = unsafe { libc::syscall(libc::SYS_waitid, kind, id, info, options, no_usage) };
    // It is 0 or -1.
    if outcome == 0 { 0 } else { -1 }
}
