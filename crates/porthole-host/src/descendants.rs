//! The processes that come from this one, orphans included, and their end.

use std::io;

use porthole_model::Pid;
use rustix::process::{Signal, WaitOptions, kill_process, kill_process_group, set_child_subreaper, wait};

use crate::procfs::ProcFs;

/// The processes that come from this one. Those whose parents end become its own children, so that none is lost to the
/// first process of the pid namespace, which may be one that never reaps.
#[derive(Debug)]
pub struct Descendants {
    proc: ProcFs,
}

impl Descendants {
    /// Adopts all orphans from now on.
    pub fn adopt() -> io::Result<Self> {
        set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self { proc: ProcFs::new("/proc".into()) })
    }

    /// Takes note of children that have ended, without waiting: who, and how as a shell tells it (128 + N after
    /// signal N).
    pub fn ended(&self) -> Vec<(Pid, u8)> {
        let mut ended = Vec::new();
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let code = status.exit_status().or(status.terminating_signal().map(|signal| 128 + signal));
            let code = code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX);
            ended.push((Pid(pid.as_raw_pid().unsigned_abs()), code));
        }
        ended
    }

    /// Kills them all and waits until none is left.
    pub fn end(&self) {
        loop {
            self.kill();
            // One whose parent is being killed becomes a child in a moment; one that forked meanwhile is found then.
            match wait(WaitOptions::empty()) {
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }

    /// Kills all that are to be seen now.
    fn kill(&self) {
        let mut parents = vec![Pid(std::process::id())];
        while let Some(parent) = parents.pop() {
            for child in self.proc.children(parent).unwrap_or_default() {
                signal(child, Signal::KILL);
                parents.push(child);
            }
        }
    }
}

/// Sends a signal to a process group, by the number of its leader; a signal that is none, and a group that is gone, are
/// left alone.
pub fn signal_group(leader: Pid, number: u8) {
    let group = i32::try_from(leader.0).ok().and_then(rustix::process::Pid::from_raw);
    if let (Some(group), Some(signal)) = (group, Signal::from_named_raw(i32::from(number))) {
        let _gone = kill_process_group(group, signal);
    }
}

fn signal(pid: Pid, signal: Signal) {
    if let Some(pid) = i32::try_from(pid.0).ok().and_then(rustix::process::Pid::from_raw) {
        // It has ended already, or belongs to another user and is the kernel's business.
        let _gone = kill_process(pid, signal);
    }
}
