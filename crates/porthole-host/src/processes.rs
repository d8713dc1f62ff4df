//! One pass over the processes.

use std::io;

use porthole_model::{ContainerId, Gap, GapKind, MaskedText, NetnsId, Observed, Pid, Process, Secrets};
use porthole_wire::{ProcError, cgroup, mount_info, proc_stat, proc_status};

use crate::LinuxHost;
use crate::daemon;
use crate::failure::{Right, gap, is_vanished};
use crate::procfs::ProcFs;

/// Every process of user space, lowest id first. One that ends meanwhile is left out.
pub(crate) fn read(proc: &ProcFs, secrets: Secrets, own: Option<NetnsId>) -> Result<Vec<Process>, Gap> {
    let pids = proc.pids().map_err(|error| gap("processes", "/proc", error, Right::Root))?;
    let reader = Reader { proc, secrets, own };
    pids.into_iter().filter_map(|pid| reader.process(pid).transpose()).collect()
}

impl LinuxHost {
    /// The container that a process's control group names, whichever engine runs it; `None` outside of any.
    pub fn container_of(&self, pid: Pid) -> Observed<Option<ContainerId>> {
        container_of(&self.proc, pid)
    }

    /// The process of a container that started first, among those to be seen here.
    pub fn first_process_of(&self, container: &ContainerId) -> Result<Pid, Gap> {
        let what = || format!("first process of container {container}");
        let pids = self.proc.pids().map_err(|error| gap(what(), "/proc", error, Right::Root))?;
        let is_theirs = |pid: &Pid| matches!(container_of(&self.proc, *pid), Observed::Known(Some(id)) if id == *container);
        let started = |pid: Pid| {
            let stat = proc_stat::parse(&self.proc.read(pid, "stat").ok()?).ok()?;
            (!stat.zombie).then_some((stat.started, pid))
        };
        let first = pids.into_iter().filter(is_theirs).filter_map(started).min();
        first.map(|(_, pid)| pid).ok_or_else(|| {
            Gap::new(GapKind::Vanished, what(), "no process that is to be seen here belongs to it")
        })
    }

    /// The program of a process, as a path in its own mount namespace.
    pub fn executable_of(&self, pid: Pid) -> Observed<String> {
        let link = std::fs::read_link(self.proc.process_path(pid, "exe"));
        link.map(|path| path.to_string_lossy().into_owned())
            .map_err(|error| failed(pid, "program", "exe", error))
            .into()
    }

    /// The arguments of a process, with what looks like a credential masked.
    pub fn arguments_of(&self, pid: Pid) -> Observed<Vec<MaskedText>> {
        masked_arguments(&self.proc, pid, self.secrets)
    }
}

struct Reader<'a> {
    proc: &'a ProcFs,
    secrets: Secrets,
    own: Option<NetnsId>,
}

impl Reader<'_> {
    /// The process; `None` for a thread of the kernel, a zombie, and one that has ended.
    fn process(&self, pid: Pid) -> Result<Option<Process>, Gap> {
        let Some(text) = self.text(pid, "stat")? else { return Ok(None) };
        let stat = proc_stat::parse(&text).map_err(|error| misread(pid, &error))?;
        if stat.kernel_thread || stat.zombie {
            return Ok(None);
        }
        let Some(status) = self.text(pid, "status")? else { return Ok(None) };
        let uid = proc_status::real_uid(&status).map_err(|error| misread(pid, &error))?;
        Ok(Some(Process {
            pid,
            parent: stat.parent,
            name: stat.name,
            arguments: masked_arguments(self.proc, pid, self.secrets),
            uid,
            started: stat.started,
            network_namespace: self.network_namespace(pid, stat.threads),
            container: container_of(self.proc, pid),
        }))
    }

    fn text(&self, pid: Pid, name: &str) -> Result<Option<Vec<u8>>, Gap> {
        match self.proc.read(pid, name) {
            Ok(text) => Ok(Some(text)),
            Err(error) if is_vanished(&error) => Ok(None),
            Err(error) => Err(failed(pid, "state", name, error)),
        }
    }

    /// The threads are only looked at where the first one is somewhere else than porthole: in the namespace that
    /// engines run in they say nothing new.
    fn network_namespace(&self, pid: Pid, threads: u64) -> Observed<NetnsId> {
        let read = match self.proc.network_namespace(pid) {
            Ok(id) if threads > 1 && Some(id) != self.own => daemon::prevailing_namespace(self.proc, pid, 16),
            read => read,
        };
        read.map_err(|error| failed(pid, "network namespace", "ns/net", error)).into()
    }
}

fn masked_arguments(proc: &ProcFs, pid: Pid, secrets: Secrets) -> Observed<Vec<MaskedText>> {
    let text = match proc.read(pid, "cmdline") {
        Ok(text) => text,
        Err(error) => return Observed::Missing(failed(pid, "arguments", "cmdline", error)),
    };
    let arguments: Vec<_> = arguments(&text).map(String::from_utf8_lossy).collect();
    Observed::Known(MaskedText::arguments(arguments.iter().map(AsRef::as_ref), secrets))
}

fn container_of(proc: &ProcFs, pid: Pid) -> Observed<Option<ContainerId>> {
    let text = proc.read(pid, "cgroup").map_err(|error| failed(pid, "control group", "cgroup", error));
    let groups = text.and_then(|text| cgroup::parse(&text).map_err(|error| misread(pid, &error)));
    groups.map(|groups| cgroup::container(&groups).or_else(|| container_of_files(proc, pid))).into()
}

/// An engine that an ordinary user runs may have no control groups to put its containers in: then their files tell, of
/// those who have others than porthole.
fn container_of_files(proc: &ProcFs, pid: Pid) -> Option<ContainerId> {
    let own = std::fs::read_link(proc.path("self/ns/mnt")).ok()?;
    let theirs = std::fs::read_link(proc.process_path(pid, "ns/mnt"));
    if theirs.is_ok_and(|theirs| theirs == own) {
        return None;
    }
    // Not to be read is as good as not there: the control groups named none.
    mount_info::container(&proc.read(pid, "mountinfo").ok()?)
}

/// `proc_pid_cmdline(5)`: each argument ends with NUL.
fn arguments(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let arguments = text.strip_suffix(b"\0").unwrap_or(text);
    arguments.split(|byte| *byte == 0).filter(|_| !text.is_empty())
}

fn failed(pid: Pid, what: &str, file: &str, error: io::Error) -> Gap {
    gap(format!("{what} of process {pid}"), &format!("/proc/{pid}/{file}"), error, Right::Tracing)
}

fn misread(pid: Pid, error: &ProcError) -> Gap {
    Gap::new(GapKind::Failed, format!("process {pid}"), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_arguments_are_kept_and_no_arguments_are_none() {
        assert_eq!(arguments(b"sh\0-c\0\0").collect::<Vec<_>>(), [&b"sh"[..], b"-c", b""]);
        assert_eq!(arguments(b"title of a daemon").count(), 1);
        assert_eq!(arguments(b"").count(), 0);
    }
}
