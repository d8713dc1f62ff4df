//! A running program, how it was started, and the same again: stopped, waited for, and started in the same place.

mod origin;
mod place;
mod start;

use std::time::{Duration, Instant};

use porthole_model::{Gap, GapKind, Pid};
use porthole_wire::proc_stat;
use rustix::process::{Signal, kill_process};

pub use origin::RunningProgram;
pub use start::StartedProgram;

use crate::LinuxHost;
use crate::procfs::ProcFs;

/// How often a process is looked at that is asked to end.
const PAUSE: Duration = Duration::from_millis(50);

/// A process that is not mistaken for a later one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identified {
    pub(crate) pid: Pid,
    pub(crate) started: u64,
}

impl Identified {
    pub(crate) fn of(proc: &ProcFs, pid: Pid) -> Option<Self> {
        let stat = proc_stat::parse(&proc.read(pid, "stat").ok()?).ok()?;
        (!stat.zombie).then_some(Self { pid, started: stat.started })
    }

    fn is_there(self, proc: &ProcFs) -> bool {
        Self::of(proc, self.pid) == Some(self)
    }
}

impl LinuxHost {
    /// Asks a program to end (SIGTERM) and waits until it and the helpers that end with it are gone.
    ///
    /// The gap says that it is still there at the end of `limit`.
    pub fn end_program(&self, program: &RunningProgram, limit: Duration) -> Result<(), Gap> {
        let what = || format!("end of process {}", program.identity.pid);
        if program.identity.is_there(&self.proc) {
            let number = i32::try_from(program.identity.pid.0).ok().and_then(rustix::process::Pid::from_raw);
            let number = number.ok_or_else(|| Gap::new(GapKind::Failed, what(), "it has no number"))?;
            kill_process(number, Signal::TERM)
                .map_err(|error| crate::failure::gap(what(), "kill", error, crate::failure::Right::Root))?;
        }
        self.await_end(program, limit)
    }

    /// Waits until a program and the helpers that end with it are gone.
    pub fn await_end(&self, program: &RunningProgram, limit: Duration) -> Result<(), Gap> {
        let deadline = Instant::now() + limit;
        let mut left = program.helpers.clone();
        left.push(program.identity);
        loop {
            left.retain(|process| process.is_there(&self.proc));
            let Some(first) = left.first() else { return Ok(()) };
            if Instant::now() >= deadline {
                let what = format!("end of process {}", first.pid);
                let cause = format!("it is still there after {} s", limit.as_secs());
                return Err(Gap::new(GapKind::Failed, what, cause));
            }
            std::thread::sleep(PAUSE);
        }
    }
}
