//! Small files as a process sees them, and the engine's process.

use std::fs::Metadata;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use porthole_model::{Gap, GapKind, Observed, Pid, Timestamp};

use crate::LinuxHost;
use crate::door::read_within;
use crate::failure::{Right, gap};

/// No file of settings is longer.
const LONGEST: u64 = 1 << 20;

/// A small file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFile {
    /// What is in it.
    pub content: Vec<u8>,
    /// When it was last written.
    pub modified: Option<Timestamp>,
}

impl LinuxHost {
    /// A file as the process sees it, without leaving its root; `None` where there is none.
    pub fn settings_file_of(&self, pid: Pid, path: &str) -> Observed<Option<SettingsFile>> {
        let what = || format!("{path} of process {pid}");
        let file = match read_within(&self.proc, pid, Path::new(path)) {
            Ok(file) => file,
            Err(error) if is_absent(&error) => return self.absent(pid, &what()),
            Err(error) => return Observed::Missing(gap(what(), "open", error, Right::Tracing)),
        };
        let mut content = Vec::new();
        let Some(metadata) = file.metadata().ok().filter(Metadata::is_file) else {
            return Observed::Missing(Gap::new(GapKind::Failed, what(), "it is not a regular file"));
        };
        let modified =
            metadata.mtime().checked_mul(1000).map(|seconds| seconds + metadata.mtime_nsec() / 1_000_000);
        match file.take(LONGEST + 1).read_to_end(&mut content) {
            Ok(length) if length as u64 <= LONGEST => {
                Observed::Known(Some(SettingsFile { content, modified: modified.map(Timestamp) }))
            }
            Ok(_) => Observed::Missing(Gap::new(GapKind::Failed, what(), "it is longer than 1 MiB")),
            Err(error) => Observed::Missing(gap(what(), "read", error, Right::Tracing)),
        }
    }

    /// The only process of that name.
    pub fn process_named(&self, name: &str) -> Result<Pid, Gap> {
        let what = || format!("process named {name}");
        let pids = self.proc.pids().map_err(|error| gap(what(), "/proc", error, Right::Root))?;
        let is_named =
            |pid: &Pid| self.proc.read(*pid, "comm").is_ok_and(|comm| comm.trim_ascii() == name.as_bytes());
        let mut named = pids.into_iter().filter(is_named);
        match (named.next(), named.next()) {
            (Some(pid), None) => Ok(pid),
            (None, _) => Err(Gap::new(GapKind::Vanished, what(), "there is none on this host")),
            (Some(_), Some(_)) => Err(Gap::new(GapKind::Failed, what(), "there are several on this host")),
        }
    }

    /// A file that is not there, if the process is.
    fn absent<T>(&self, pid: Pid, what: &str) -> Observed<Option<T>> {
        match self.proc.read(pid, "stat") {
            Ok(_) => Observed::Known(None),
            Err(error) => Observed::Missing(gap(what, "/proc", error, Right::Tracing)),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
