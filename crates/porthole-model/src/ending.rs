//! How a container that does not run came to its end, as facts.

use crate::{ContainerState, MaskedText, Observed, Timestamp};

/// What is known of a container's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: ContainerState,
    /// The exit code, once it ran.
    pub exit_code: Option<i64>,
    /// Whether the kernel killed it for memory.
    pub out_of_memory: bool,
    /// Why the engine could not start it, in the engine's words.
    pub error: Option<String>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// How often its restart policy started it.
    pub restart_count: u64,
    /// Its command: path and arguments.
    pub command: Vec<MaskedText>,
    /// What the command's first word leads to in its root.
    pub program: Observed<Program>,
    /// The last lines of its log.
    pub log: Observed<Vec<String>>,
}

/// What a command's first word leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// To nothing.
    Missing {
        /// The word.
        name: String,
        /// The directories that were searched; none, where the word is a path.
        searched: Vec<String>,
    },
    /// To a file.
    Found {
        /// Its path, links followed.
        path: String,
        /// Whether any permission bit lets it be executed.
        is_executable: bool,
        /// What it is.
        kind: ExecutableKind,
        /// Whether the interpreter that it names is there too; `None`, where it names none.
        interpreter_is_there: Option<bool>,
    },
}

/// What the kernel sees in the first bytes of a file that is to be executed (execve(2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutableKind {
    /// `#!` and an interpreter, up to the line feed: a carriage return is a part of it.
    Script {
        /// The interpreter's path.
        interpreter: String,
    },
    /// An ELF program.
    Elf {
        /// The machine it is for.
        machine: String,
        /// Its dynamic linker; a static program has none.
        interpreter: Option<String>,
    },
    /// A directory.
    Directory,
    /// Nothing at all.
    Empty,
    /// None of these.
    Unknown,
}

impl ExecutableKind {
    /// The path of the interpreter that it names.
    pub fn interpreter(&self) -> Option<&str> {
        match self {
            Self::Script { interpreter } => Some(interpreter),
            Self::Elf { interpreter, .. } => interpreter.as_deref(),
            Self::Directory | Self::Empty | Self::Unknown => None,
        }
    }
}
