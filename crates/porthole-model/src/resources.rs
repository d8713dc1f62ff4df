//! What containers use of what the kernel allows them.

use serde::{Deserialize, Serialize};

use crate::{ContainerId, Observed, Pid};

/// What one container uses, by the control group it lives in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerResources {
    /// The container that the control group names.
    pub container: ContainerId,
    /// Its memory.
    pub memory: Observed<MemoryUse>,
    /// Its processes and threads.
    pub tasks: Observed<TaskUse>,
    /// The process of it that is nearest to its limit of open files; `None` where none could be looked at.
    pub descriptors: Observed<Option<DescriptorUse>>,
}

/// The memory of a control group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryUse {
    /// Bytes in use, page cache included.
    pub used: u64,
    /// The limit; `None` without one.
    pub limit: Option<u64>,
    /// How many processes the kernel killed in it for want of memory, since it was made.
    pub kills: u64,
}

/// The processes and threads of a control group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskUse {
    /// How many there are.
    pub current: u64,
    /// How many there may be; `None` without a limit.
    pub limit: Option<u64>,
    /// How often one more was refused, since the group was made.
    pub refused: u64,
}

/// The open files of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescriptorUse {
    /// The process.
    pub pid: Pid,
    /// How many it has open.
    pub open: u64,
    /// How many it may have open: the soft limit `RLIMIT_NOFILE`.
    pub limit: u64,
}
