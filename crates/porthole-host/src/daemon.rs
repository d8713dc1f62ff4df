//! Finding a daemon: who listens on its socket, and in which network namespace it really works.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use porthole_model::{Gap, GapKind, NetnsId, Observed, Pid, SocketEndpoint, SocketState};
use porthole_wire::SocketStates;
use porthole_wire::netlink::unix_diag;

use crate::failure::{Right, gap, is_vanished};
use crate::netlink_client::NetlinkClient;
use crate::owners::OwnerTable;
use crate::procfs::ProcFs;
use crate::{LinuxHost, SocketFilter, enter, places, socket_source};

/// Daemons that serve a socket which something else opened for them (systemd's socket activation).
const DAEMONS: [&str; 2] = ["dockerd", "podman"];

impl LinuxHost {
    /// The process that listens on the unix socket at `path` of porthole's own mount namespace.
    ///
    /// The socket is told by the inode of its file, so links and bind mounts lead to it too. It is looked for in
    /// porthole's own network namespace, then in all others: a rootless engine listens in one of its own.
    /// Several processes may hold it: with socket activation systemd does, before and beside the daemon. An
    /// engine's daemon goes first, then the lowest id, which is the parent where a server has forked.
    pub fn listener_of(&self, path: &Path) -> Result<Pid, Gap> {
        let what = format!("the process that listens on {}", path.display());
        let target = Target::of(path).map_err(|error| gap(&what, "stat", error, Right::Root))?;
        let here = target
            .listeners(Whereabouts::Here)
            .map_err(|error| gap(&what, "sock_diag", error, Right::Root))?;
        let inodes = if here.is_empty() { self.listeners_elsewhere(&target, &what)? } else { here };
        let pids = self.proc.pids().map_err(|error| gap(&what, "/proc", error, Right::Root))?;
        let mut table = OwnerTable::new(&self.proc);
        table.scan(&pids);
        let mut holders = Vec::new();
        for inode in inodes {
            holders.extend(table.owners(inode).known()?.iter().cloned());
        }
        holders.sort_by_key(|owner| (!DAEMONS.contains(&owner.name.as_str()), owner.pid));
        let first = holders.first().map(|owner| owner.pid);
        first.ok_or_else(|| {
            Gap::new(GapKind::Vanished, what, "no process of this pid namespace holds the socket")
        })
    }

    /// Where porthole may not go, the files of `/proc/PID/net` still tell the names of sockets.
    fn listeners_elsewhere(&self, target: &Target, what: &str) -> Result<Vec<u64>, Gap> {
        let pids = self.proc.pids().map_err(|error| gap(what, "/proc", error, Right::Root))?;
        let members = pids.into_iter().filter_map(|pid| Some((pid, self.proc.network_namespace(pid).ok()?)));
        let places = places::of(&self.proc, members, None)?;
        let seen = enter::each(&self.proc, &places, &|_| target.listeners(Whereabouts::Elsewhere));
        let mut found = Vec::new();
        for (place, seen) in places.iter().zip(seen) {
            match (seen, place.processes.first()) {
                (Observed::Known(Ok(inodes)), _) => found.extend(inodes),
                (_, Some(pid)) => {
                    let directory = self.proc.process_path(*pid, "net");
                    let named = target.listeners_in_files(&directory);
                    found.extend(named.map_err(|error| gap(what, "/proc/PID/net/unix", error, Right::Root))?);
                }
                (_, None) => {}
            }
        }
        let absent = || Gap::new(GapKind::Vanished, what, "no socket that porthole can see listens there");
        if found.is_empty() {
            Err(absent().with_remedy("run porthole as root to see every socket"))
        } else {
            Ok(found)
        }
    }

    /// The network namespace that most threads of a process are in.
    ///
    /// A Go daemon enters namespaces of containers with single threads and may leave its first one there, so the
    /// first thread alone, which `/proc/PID/ns/net` shows, does not tell where the daemon works.
    pub fn network_namespace_of(&self, pid: Pid) -> Observed<NetnsId> {
        let read = prevailing_namespace(&self.proc, pid, usize::MAX);
        let what = format!("network namespace of process {pid}");
        read.map_err(|error| gap(what, &format!("/proc/{pid}/task/*/ns/net"), error, Right::Tracing)).into()
    }
}

/// The namespace of most of the first `limit` threads; of two that are equally frequent, the first thread's.
pub(crate) fn prevailing_namespace(proc: &ProcFs, pid: Pid, limit: usize) -> io::Result<NetnsId> {
    let first = proc.network_namespace(pid)?;
    let mut votes = BTreeMap::from([(first, 0usize)]);
    for thread in proc.threads(pid)?.into_iter().take(limit) {
        match proc.network_namespace_of_thread(pid, thread) {
            Ok(id) => *votes.entry(id).or_default() += 1,
            Err(error) if is_vanished(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let most = votes.into_iter().max_by_key(|(id, votes)| (*votes, *id == first));
    Ok(most.map_or(first, |(id, _)| id))
}

/// Whether a network namespace is porthole's own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whereabouts {
    Here,
    Elsewhere,
}

/// The file that a socket is bound to.
struct Target {
    device: u64,
    inode: u64,
    names: [PathBuf; 2],
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        let file = fs::metadata(path)?;
        let names = [path.to_path_buf(), fs::canonicalize(path)?];
        Ok(Self { device: file.dev(), inode: file.ino(), names })
    }

    /// The inodes in sockfs of the sockets that listen on it, in the calling thread's network namespace.
    ///
    /// The name counts only in porthole's own namespace and only where the file does not tell (btrfs): elsewhere
    /// the same name is likely another file.
    fn listeners(&self, place: Whereabouts) -> io::Result<Vec<u64>> {
        let (mut bound, mut named) = (Vec::new(), Vec::new());
        NetlinkClient::sockets()?.dump(&unix_diag::listeners_request(), &mut |payload| {
            let listener = unix_diag::decode_listener(payload)?;
            bound.extend(listener.is_bound_to(self.device, self.inode).then_some(listener.inode));
            named.extend(self.is_named(listener.path.as_deref()).then_some(listener.inode));
            Ok(())
        })?;
        Ok(if bound.is_empty() && place == Whereabouts::Here { named } else { bound })
    }

    fn listeners_in_files(&self, directory: &Path) -> io::Result<Vec<u64>> {
        let states = SocketStates::of(&[SocketState::Listening]);
        let filter = SocketFilter { protocols: Vec::new(), states, ..SocketFilter::everything() };
        let mut found = Vec::new();
        socket_source::from_files(directory, &filter, &mut |record| {
            if let SocketEndpoint::Unix(socket) = &record.endpoint {
                found.extend(self.is_named(socket.path.as_deref()).then_some(record.inode));
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    fn is_named(&self, path: Option<&str>) -> bool {
        path.is_some_and(|path| self.names.iter().any(|name| name == Path::new(path)))
    }
}
