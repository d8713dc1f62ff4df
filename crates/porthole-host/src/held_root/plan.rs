//! What a held root is put together from.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A root file system, before it is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootPlan {
    /// The directories that are only read, uppermost first.
    pub layers: Vec<PathBuf>,
    /// Where writes go.
    pub access: RootAccess,
    /// What is mounted into it, beside `/proc` and `/dev`.
    pub mounts: Vec<PlannedMount>,
    /// The name of the host there.
    pub hostname: String,
    /// The directory to begin in; `/`, where it is missing.
    pub working_directory: PathBuf,
}

/// Where writes to a held root go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RootAccess {
    /// They are refused.
    ReadOnly,
    /// Into memory, which is gone with the root; what is mounted into it is written to no more than the root.
    ThrowAway,
    /// Into a layer, and into what is mounted.
    WriteBack {
        /// The layer.
        upper: PathBuf,
        /// An empty directory beside it, which the kernel wants (`workdir` of overlayfs).
        work: PathBuf,
    },
}

/// Something that is mounted into a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMount {
    /// Where.
    pub destination: PathBuf,
    /// What.
    pub source: MountSource,
}

/// What is mounted into a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MountSource {
    /// A file or directory of the host.
    Host {
        /// Its path there.
        path: PathBuf,
        /// Whether the root may write to it, where the root may write at all.
        is_writable: bool,
    },
    /// An empty directory in memory.
    Memory,
}
