//! What can go wrong between asking for a lab and having one.

use std::path::Path;
use std::{io, time::Duration};

use crate::{Engine, Output};

/// Why a lab, or something in it, could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file, directory or program of the machine refused.
    #[error("failed to {attempt}: {source}")]
    Io {
        /// What was tried, as it completes "failed to".
        attempt: String,
        /// What the machine said.
        source: io::Error,
    },
    /// A file tree, such as that of an engine, is not in the cache and could not be fetched.
    #[error("no {name} to be had: {reason}")]
    NoTree {
        /// The engine, or the clients, asked for.
        name: &'static str,
        /// Why not.
        reason: String,
    },
    /// The lab host itself (namespaces, mounts, links) did not come up.
    #[error("lab {name} did not come up: {reason}")]
    Host {
        /// The lab.
        name: String,
        /// What its first process said.
        reason: String,
    },
    /// The engine ended, or did not answer in time.
    #[error("{engine} in lab {name} {what}; the end of its log:\n{log}")]
    Daemon {
        /// The engine.
        engine: Engine,
        /// The lab.
        name: String,
        /// What happened.
        what: String,
        /// The last lines it wrote.
        log: String,
    },
    /// A command failed that had to succeed.
    #[error("`{command}` failed with {output}")]
    Command {
        /// The command, as typed.
        command: String,
        /// What it left.
        output: Box<Output>,
    },
    /// As many labs as allowed ran all the time.
    #[error("no slot for a lab within {} s (PORTHOLE_LAB_SLOTS allows {slots} at once)", waited.as_secs())]
    NoSlot {
        /// How many labs may run at once.
        slots: usize,
        /// How long this one waited.
        waited: Duration,
    },
    /// The helper program `peer` is not there and could not be built.
    #[error("no `peer` program: {0}")]
    NoPeer(String),
    /// The name is in use, not known, or not fit for a lab.
    #[error("lab `{name}` {problem}")]
    Name {
        /// The name as given.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl LabError {
    pub(crate) fn io(attempt: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::Io { attempt, source }
    }

    pub(crate) fn at(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{verb} {}", path.display()))
    }
}
