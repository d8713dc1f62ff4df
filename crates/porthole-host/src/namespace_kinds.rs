//! The kinds of namespaces that a process can join.

use rustix::thread::LinkNameSpaceType;

/// The namespaces besides that of users, in the order in which they are joined: the view of the files is the last, since
/// it changes what a path means.
pub(crate) const KINDS: [(&str, LinkNameSpaceType); 6] = [
    ("cgroup", LinkNameSpaceType::ControlGroup),
    ("ipc", LinkNameSpaceType::InterProcessCommunication),
    ("uts", LinkNameSpaceType::HostNameAndNISDomainName),
    ("net", LinkNameSpaceType::Network),
    ("pid", LinkNameSpaceType::ProcessID),
    ("mnt", LinkNameSpaceType::Mount),
];
