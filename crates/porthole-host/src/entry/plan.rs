//! What is to be done: whose namespaces, which tools, which command, and as whom.

use std::ffi::OsString;
use std::path::PathBuf;

use porthole_model::Pid;
use serde::{Deserialize, Serialize};

/// A session within a process's namespaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPlan {
    /// The process, as it is numbered in this `/proc`.
    pub process: Pid,
    /// When it started, in clock ticks since boot. Another process of the same number is not entered.
    pub started: Option<u64>,
    /// The names that this program is called by inside; it tells from its name what it is to be.
    pub tools: Vec<String>,
    /// How the tools get in.
    pub placement: Placement,
    /// What is run, found on the `PATH` of toolbox and process; `sh` when it is empty.
    pub command: Vec<OsString>,
    /// `USER[:GROUP]`, names of the process's own files or numbers. Without it, root.
    pub user: Option<String>,
    /// Capabilities that another user than root has as well, as bits.
    pub capabilities: u64,
    /// Where the command starts; else where the process is.
    pub directory: Option<PathBuf>,
    /// What is added to the environment of the process.
    pub environment: Vec<(OsString, OsString)>,
    /// What this session alone sees.
    pub mounts: Vec<SessionMount>,
    /// What becomes of the terminal.
    pub terminal: SessionTerminal,
    /// How much of what the process sees the session sees.
    pub extent: Extent,
}

impl EntryPlan {
    /// A shell beside `process`, without a terminal.
    pub fn new(process: Pid, tools: Vec<String>) -> Self {
        Self {
            process,
            started: None,
            tools,
            placement: Placement::Best,
            command: Vec::new(),
            user: None,
            capabilities: 0,
            directory: None,
            environment: Vec::new(),
            mounts: Vec::new(),
            terminal: SessionTerminal::Shared,
            extent: Extent::Namespaces,
        }
    }
}

/// A file or directory from outside that the session sees, and nobody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionMount {
    /// Outside.
    pub source: PathBuf,
    /// Inside; it must exist.
    pub destination: PathBuf,
    /// Whether nothing can be written there.
    pub read_only: bool,
}

/// How much of what a process sees a session sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extent {
    /// Everything: its namespaces are joined.
    Namespaces,
    /// Its root, beside the namespaces that the client was started in. The tools lie in the client's own root.
    Root,
    /// No more than the client sees.
    Client,
}

/// How the tools get in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Placement {
    /// The first of the others that this kernel and the process allow.
    #[default]
    Best,
    /// In a file system that is attached nowhere, with this program itself in it as a read-only mount (Linux 6.15).
    Bound,
    /// In a file system that is attached nowhere, with a copy of this program (Linux 5.2).
    Copied,
    /// Over an empty directory, in a mount namespace of the session's own, with a copy of this program.
    Mounted,
}

/// What becomes of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionTerminal {
    /// The command is in the process group of the client, as the commands of a pipeline are in one.
    Shared,
    /// Standard input is the terminal that the client is in the foreground of; the command takes its place there.
    HandedOver,
    /// Standard input is a terminal of the session's own.
    Own,
}
