//! The files by which the host, its engine and its containers find names.

use std::collections::BTreeMap;

use porthole_host::LinuxHost;
use porthole_model::{
    ContainerId, EngineKind, Gap, GapKind, Host, HostNames, NameFiles, NameServer, Observed, Pid, Process,
    ResolverFile,
};
use porthole_wire::dns;

use super::engine_settings::engine_settings;

const RESOLVER_FILE: &str = "/etc/resolv.conf";
/// What systemd-resolved itself asks.
const RESOLVED_FILE: &str = "/run/systemd/resolve/resolv.conf";

/// Those of all containers, and of the engine: as the caller knows it, or the only one by its name.
pub(super) fn read(host: &LinuxHost, facts: &Host, daemon: Option<Pid>) -> Result<NameFiles, Gap> {
    let processes = facts.processes.known()?;
    let daemon = daemon.or_else(|| only_daemon(processes));
    let containers = first_processes(processes);
    let files = containers.into_iter().map(|(container, pid)| (container.clone(), resolver_file(host, pid)));
    Ok(NameFiles { containers: files.collect(), host: of_host(host, daemon) })
}

/// Whom the engine and its host ask; without an engine's process, the host that porthole sees.
pub(crate) fn of_host(host: &LinuxHost, daemon: Option<Pid>) -> HostNames {
    let pid = daemon.unwrap_or(Pid(std::process::id()));
    HostNames {
        resolver_file: resolver_file(host, pid),
        resolved_file: parsed(host, pid, RESOLVED_FILE),
        engine_servers: engine_servers(host, daemon).into(),
    }
}

/// The resolv.conf that a process sees; `None` where there is none.
pub(crate) fn resolver_file(host: &LinuxHost, pid: Pid) -> Observed<Option<ResolverFile>> {
    parsed(host, pid, RESOLVER_FILE)
}

fn parsed(host: &LinuxHost, pid: Pid, path: &str) -> Observed<Option<ResolverFile>> {
    host.settings_file_of(pid, path).map(|file| {
        file.map(|file| ResolverFile { modified: file.modified, ..dns::resolver_file(&file.content) })
    })
}

/// The name servers in the engine's settings and on its command line.
fn engine_servers(host: &LinuxHost, daemon: Option<Pid>) -> Result<Vec<NameServer>, Gap> {
    let what = "name servers in the engine's settings";
    let daemon =
        daemon.ok_or_else(|| Gap::new(GapKind::NotAsked, what, "the engine's process is not known"))?;
    Ok(engine_settings(host, Some(daemon))?.name_servers)
}

/// The engine of a host of which none was asked.
fn only_daemon(processes: &[Process]) -> Option<Pid> {
    let is_daemon = |process: &&Process| {
        process.container == Observed::Known(None)
            && [EngineKind::Docker, EngineKind::Podman].iter().any(|kind| kind.process_name() == process.name)
    };
    let mut daemons = processes.iter().filter(is_daemon);
    daemons.next().filter(|_| daemons.next().is_none()).map(|process| process.pid)
}

/// The oldest process of each container: it sees the files that the engine made.
fn first_processes(processes: &[Process]) -> BTreeMap<&ContainerId, Pid> {
    let mut first: BTreeMap<&ContainerId, &Process> = BTreeMap::new();
    for process in processes {
        let Observed::Known(Some(container)) = &process.container else { continue };
        let oldest = first.entry(container).or_insert(process);
        if (process.started, process.pid) < (oldest.started, oldest.pid) {
            *oldest = process;
        }
    }
    first.into_iter().map(|(container, process)| (container, process.pid)).collect()
}
