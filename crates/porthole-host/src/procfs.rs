//! The files of a procfs, below a root that is given.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use porthole_model::{NetnsId, Pid};

/// A mounted procfs.
#[derive(Clone, Debug)]
pub(crate) struct ProcFs {
    root: PathBuf,
}

impl ProcFs {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// A file of the procfs itself, or of `self`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A file of a process.
    pub(crate) fn process_path(&self, pid: Pid, name: &str) -> PathBuf {
        self.root.join(format!("{pid}/{name}"))
    }

    /// The content of a file of a process.
    pub(crate) fn read(&self, pid: Pid, name: &str) -> io::Result<Vec<u8>> {
        fs::read(self.process_path(pid, name))
    }

    /// The processes, lowest id first.
    pub(crate) fn pids(&self) -> io::Result<Vec<Pid>> {
        numbers(&self.root)
    }

    /// The number that this process has in the pid namespace of the procfs.
    pub(crate) fn own_pid(&self) -> io::Result<u32> {
        let link = fs::read_link(self.path("self"))?;
        link.to_string_lossy().parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// The threads of a process.
    pub(crate) fn threads(&self, pid: Pid) -> io::Result<Vec<Pid>> {
        numbers(&self.process_path(pid, "task"))
    }

    /// The children of a process's first thread, where the kernel lists them (`CONFIG_PROC_CHILDREN`).
    pub(crate) fn children(&self, pid: Pid) -> io::Result<Vec<Pid>> {
        let listed = fs::read_to_string(self.process_path(pid, &format!("task/{pid}/children")))?;
        Ok(listed.split_whitespace().filter_map(|number| number.parse().ok()).map(Pid).collect())
    }

    /// The network namespace of a process's first thread.
    pub(crate) fn network_namespace(&self, pid: Pid) -> io::Result<NetnsId> {
        network_namespace(&self.process_path(pid, "ns/net"))
    }

    /// The network namespace of one thread of a process.
    pub(crate) fn network_namespace_of_thread(&self, pid: Pid, thread: Pid) -> io::Result<NetnsId> {
        network_namespace(&self.process_path(pid, &format!("task/{thread}/ns/net")))
    }

    /// The network namespace of the calling thread.
    pub(crate) fn own_network_namespace(&self) -> io::Result<NetnsId> {
        network_namespace(&self.path("thread-self/ns/net"))
    }

    /// The mount namespace of a process, as its inode.
    pub(crate) fn mount_namespace(&self, pid: Pid) -> io::Result<u64> {
        namespace(&self.process_path(pid, "ns/mnt"), "mnt:[")
    }
}

fn network_namespace(link: &Path) -> io::Result<NetnsId> {
    namespace(link, "net:[").map(NetnsId)
}

/// namespaces(7): the link's content is `net:[4026531840]`.
fn namespace(link: &Path, prefix: &str) -> io::Result<u64> {
    let content = fs::read_link(link)?;
    let inode = content.to_str().and_then(|text| text.strip_prefix(prefix)?.strip_suffix(']')?.parse().ok());
    inode.ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} is no namespace", content.display()))
    })
}

fn numbers(directory: &Path) -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        found.extend(entry?.file_name().to_str().and_then(|name| name.parse().ok()).map(Pid));
    }
    found.sort_unstable();
    Ok(found)
}
