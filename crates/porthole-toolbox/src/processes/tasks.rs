//! The processes as procfs has them, and what the machine adds to their numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use procfs::process::{Process, Stat};
use procfs::{Current, CurrentSI, KernelStats, Meminfo, ProcError, ProcResult, Uptime};

use crate::accounts::Users;
use crate::trouble::Trouble;

/// A process.
pub(super) struct Task {
    pub(super) stat: Stat,
    pub(super) uid: u32,
    /// Its arguments; none for a thread of the kernel and a zombie.
    pub(super) arguments: Vec<String>,
}

/// What the machine adds to the numbers of processes.
pub(super) struct Machine {
    pub(super) users: Users,
    pub(super) ticks: u64,
    pub(super) page: u64,
    pub(super) memory: u64,
    /// Seconds since the machine was started.
    pub(super) uptime: f64,
    /// Seconds since 1970 when the machine was started.
    pub(super) booted: u64,
    pub(super) now: u64,
}

impl Machine {
    /// Reads it.
    pub(super) fn read() -> Result<Self, Trouble> {
        Ok(Self {
            users: Users::read(),
            ticks: procfs::ticks_per_second(),
            page: procfs::page_size(),
            memory: Meminfo::current()?.mem_total,
            uptime: Uptime::current()?.uptime,
            booted: KernelStats::current()?.btime,
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_err(Trouble::new)?.as_secs(),
        })
    }
}

impl Task {
    /// Processor time in ticks.
    pub(super) fn ticks(&self) -> u64 {
        self.stat.utime + self.stat.stime
    }

    /// The arguments in one line, or the name in brackets.
    pub(super) fn command_line(&self) -> String {
        if self.arguments.is_empty() { format!("[{}]", self.stat.comm) } else { self.arguments.join(" ") }
    }

    /// Seconds since it was started.
    pub(super) fn age(&self, machine: &Machine) -> u64 {
        seconds(machine.uptime).saturating_sub(self.stat.starttime / machine.ticks)
    }
}

/// Whole seconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an uptime is neither so long nor negative"
)]
fn seconds(uptime: f64) -> u64 {
    uptime as u64
}

/// All processes, lowest id first. One that ends meanwhile is left out.
pub(super) fn tasks() -> Result<Vec<Task>, Trouble> {
    let mut tasks = Vec::new();
    for process in processes()? {
        tasks.extend(unless_ended(task(&process))?);
    }
    Ok(tasks)
}

/// All processes, lowest id first.
pub(super) fn processes() -> Result<Vec<Process>, Trouble> {
    let found = procfs::process::all_processes()
        .map_err(|error| Trouble::new(format!("{error}; is /proc mounted here?")))?;
    let mut processes = Vec::new();
    for process in found {
        processes.extend(unless_ended(process)?);
    }
    processes.sort_by_key(Process::pid);
    Ok(processes)
}

/// What was read of a process, `None` where it ended meanwhile.
pub(super) fn unless_ended<T>(read: ProcResult<T>) -> Result<Option<T>, Trouble> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(ProcError::NotFound(_)) => Ok(None),
        Err(ProcError::Io(error, _))
            if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn task(process: &Process) -> ProcResult<Task> {
    Ok(Task { stat: process.stat()?, uid: process.uid()?, arguments: process.cmdline()? })
}
