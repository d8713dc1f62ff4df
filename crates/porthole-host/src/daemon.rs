//! Finding a daemon: who listens on its socket, and in which network namespace it really works.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use porthole_model::{Gap, GapKind, NetnsId, Observed, Pid};
use porthole_wire::netlink::unix_diag;

use crate::LinuxHost;
use crate::failure::{Right, gap, is_vanished};
use crate::netlink_client::NetlinkClient;
use crate::owners::OwnerTable;
use crate::procfs::ProcFs;

/// Daemons that serve a socket which something else opened for them (systemd's socket activation).
const DAEMONS: [&str; 2] = ["dockerd", "podman"];

impl LinuxHost {
    /// The process that listens on the unix socket at `path`, in porthole's own mount and network namespace.
    ///
    /// The socket is told by the inode of its file, so links and bind mounts lead to it too. Several processes may
    /// hold it: with socket activation systemd does, before and beside the daemon. An engine's daemon goes first,
    /// then the lowest id, which is the parent where a server has forked.
    pub fn listener_of(&self, path: &Path) -> Result<Pid, Gap> {
        let what = format!("the process that listens on {}", path.display());
        let inodes = listening_inodes(path).map_err(|error| gap(&what, "sock_diag", error, Right::Root))?;
        if inodes.is_empty() {
            return Err(Gap::new(
                GapKind::Vanished,
                what,
                "no socket of this network namespace listens there",
            ));
        }
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

/// The inodes in sockfs of the sockets that listen on the file.
fn listening_inodes(path: &Path) -> io::Result<Vec<u64>> {
    let file = std::fs::metadata(path)?;
    let names = [path.to_path_buf(), std::fs::canonicalize(path)?];
    let mut found = Vec::new();
    let mut client = NetlinkClient::sockets()?;
    client.dump(&unix_diag::listeners_request(), &mut |payload| {
        let listener = unix_diag::decode_listener(payload)?;
        let same_name =
            listener.path.as_deref().is_some_and(|name| names.iter().any(|path| path == Path::new(name)));
        if listener.is_bound_to(file.dev(), file.ino()) || same_name {
            found.push(listener.inode);
        }
        Ok(())
    })?;
    Ok(found)
}
