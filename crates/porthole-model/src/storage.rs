//! What the files are like that an engine names, on its own host.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Observed, Timestamp};

/// The file system of the engine's data, and the files that its containers name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// The file system of the engine's data root.
    pub data_root: Observed<Space>,
    /// Sources of bind mounts, and logs, by their paths as the engine names them.
    pub paths: BTreeMap<String, Observed<PathFacts>>,
}

/// How full a file system is (statvfs(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes that root can still write.
    pub free_bytes: u64,
    /// How many files it can hold; 0 where it has no such limit.
    pub inodes: u64,
    /// How many more it can hold.
    pub free_inodes: u64,
}

/// What is at a path, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathFacts {
    /// Its kind.
    pub kind: PathKind,
    /// Its size in bytes.
    pub size: u64,
    /// When its content last changed.
    pub modified: Option<Timestamp>,
}

/// The kinds of what is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    /// Nothing.
    Missing,
    /// A file.
    File,
    /// A directory.
    Directory {
        /// Whether nothing is in it.
        is_empty: bool,
    },
    /// A socket, a device or another special file.
    Special,
}
