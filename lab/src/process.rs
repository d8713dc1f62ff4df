//! Processes of the real machine: who they are, whether they still live, and their children.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessId {
    pub(crate) pid: i32,
    start: u64,
}

impl ProcessId {
    /// The process that has this number now.
    pub(crate) fn of(pid: i32) -> Option<Self> {
        let (state, start) = state_and_start(pid)?;
        (state != 'Z' && state != 'X').then_some(Self { pid, start })
    }

    pub(crate) fn own() -> Option<Self> {
        Self::of(i32::try_from(std::process::id()).ok()?)
    }

    pub(crate) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Signals it if it still lives; a process that is gone already is no error.
    pub(crate) fn signal(self, signal: Signal) {
        if self.is_alive() {
            kill(Pid::from_raw(self.pid), signal).ok();
        }
    }

    /// Waits until it is gone; false when it still lives at the end of `limit`.
    pub(crate) fn wait_gone(self, limit: Duration) -> bool {
        wait_until(limit, || !self.is_alive())
    }
}

/// The process that `child`, made by one of the lab's commands, stands for, as numbered on the real machine.
///
/// A command enters the lab through a wrapper, whose only child it is.
/// `None` when there is none within five seconds, or `child` has ended.
pub fn program_pid(child: &Child) -> Option<i32> {
    let wrapper = i32::try_from(child.id()).ok()?;
    let mut found = None;
    wait_until(Duration::from_secs(5), || {
        found = children(wrapper).first().copied();
        found.is_some() || ProcessId::of(wrapper).is_none()
    });
    found
}

pub(crate) fn children(pid: i32) -> Vec<i32> {
    let listed = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// Asks `done` again and again, ever more slowly, until it says yes or `limit` is over.
pub(crate) fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_micros(500);
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Field 3 and field 22 of proc(5) `stat`; the name in between may hold spaces and brackets.
fn state_and_start(pid: i32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_a_number_reused_is_another_process() {
        let own = ProcessId::own().unwrap();
        assert!(own.is_alive());
        assert!(!ProcessId { start: own.start + 1, ..own }.is_alive());
    }
}
