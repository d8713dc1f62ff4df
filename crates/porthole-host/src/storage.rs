//! The files that an engine names, as its process sees them.
//!
//! A file system whose server is gone lets whoever looks at it wait for ever, so another thread looks, and is left
//! behind when time is up.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use porthole_model::{Gap, GapKind, Observed, PathFacts, PathKind, Pid, Space, Storage, Timestamp};

use crate::LinuxHost;
use crate::failure::{Right, gap, is_vanished};

/// What one look came to.
enum Seen {
    DataRoot(Result<Space, Gap>),
    Path(String, Result<PathFacts, Gap>),
}

impl LinuxHost {
    /// Looks at the file system of `data_root` and at what is at `paths`, as the process `engine` sees them, within
    /// `limit`. What takes longer is a gap.
    pub fn storage(
        &self,
        engine: Option<Pid>,
        data_root: &str,
        paths: &[String],
        limit: Duration,
    ) -> Storage {
        let root = engine.map_or_else(|| PathBuf::from("/"), |pid| self.proc.process_path(pid, "root"));
        let (sender, receiver) = mpsc::channel();
        let (own_data_root, own_paths) = (data_root.to_owned(), paths.to_vec());
        thread::spawn(move || look(&root, &own_data_root, own_paths, &sender));
        gathered(data_root, paths, &receiver, Instant::now() + limit)
    }
}

/// Looks at one thing after another, as long as somebody waits for it.
fn look(root: &Path, data_root: &str, paths: Vec<String>, sender: &Sender<Seen>) {
    let mut heard = sender.send(Seen::DataRoot(space(root, data_root)));
    for path in paths {
        if heard.is_err() {
            return;
        }
        let facts = facts(root, &path);
        heard = sender.send(Seen::Path(path, facts));
    }
}

fn gathered(data_root: &str, paths: &[String], receiver: &Receiver<Seen>, deadline: Instant) -> Storage {
    let mut storage = Storage { data_root: Observed::Missing(silent(data_root)), paths: BTreeMap::new() };
    while let Ok(seen) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        match seen {
            Seen::DataRoot(space) => storage.data_root = space.into(),
            Seen::Path(path, facts) => {
                storage.paths.insert(path, facts.into());
            }
        }
    }
    for path in paths {
        storage.paths.entry(path.clone()).or_insert_with(|| Observed::Missing(silent(path)));
    }
    storage
}

/// The first of them that is not known may be the only one that does not answer.
fn silent(path: &str) -> Gap {
    Gap::new(GapKind::Failed, path, "its file system, or one that was asked before it, does not answer")
}

fn space(root: &Path, path: &str) -> Result<Space, Gap> {
    let status = rustix::fs::statvfs(below(root, path))
        .map_err(|error| gap(format!("file system of {path}"), "statvfs", error, Right::Tracing))?;
    Ok(Space {
        bytes: status.f_blocks.saturating_mul(status.f_frsize),
        free_bytes: status.f_bfree.saturating_mul(status.f_frsize),
        inodes: status.f_files,
        free_inodes: status.f_ffree,
    })
}

fn facts(root: &Path, path: &str) -> Result<PathFacts, Gap> {
    let full = below(root, path);
    let refused = |error| gap(path, "stat", error, Right::Tracing);
    let metadata = match fs::metadata(&full) {
        Err(error) if is_vanished(&error) && root.exists() => {
            return Ok(PathFacts { kind: PathKind::Missing, size: 0, modified: None });
        }
        metadata => metadata.map_err(refused)?,
    };
    let kind = if metadata.is_dir() {
        PathKind::Directory { is_empty: is_empty(&full).map_err(refused)? }
    } else if metadata.is_file() {
        PathKind::File
    } else {
        PathKind::Special
    };
    Ok(PathFacts { kind, size: metadata.len(), modified: metadata.modified().ok().and_then(timestamp) })
}

fn is_empty(directory: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(directory)?.next().is_none())
}

fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

/// A path as whoever lives below `root` names it. The links of `/proc/PID/root` that are absolute lead out of it; the
/// paths of engines have none, as a rule.
fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Roots;

    fn looked(paths: &[&Path]) -> Storage {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        let own = Pid(std::process::id());
        LinuxHost::new(Roots::default()).storage(Some(own), "/tmp", &paths, Duration::from_secs(5))
    }

    #[test]
    fn files_directories_and_nothing_are_told_apart() {
        let place = tempfile::tempdir().unwrap();
        let (file, full, missing) = (place.path().join("file"), place.path(), place.path().join("missing"));
        let empty = place.path().join("empty");
        fs::write(&file, b"12345").unwrap();
        fs::create_dir(&empty).unwrap();
        let storage = looked(&[&file, &empty, full, &missing, Path::new("/dev/null")]);
        let kind = |path: &Path| storage.paths[path.to_str().unwrap()].known().unwrap().kind;
        assert_eq!(kind(&file), PathKind::File);
        assert_eq!(kind(&empty), PathKind::Directory { is_empty: true });
        assert_eq!(kind(full), PathKind::Directory { is_empty: false });
        assert_eq!(kind(&missing), PathKind::Missing);
        assert_eq!(kind(Path::new("/dev/null")), PathKind::Special);
        assert_eq!(storage.paths[file.to_str().unwrap()].known().unwrap().size, 5);
        let space = storage.data_root.known().unwrap();
        assert!(space.free_bytes > 0 && space.free_bytes <= space.bytes, "{space:?}");
    }

    #[test]
    fn what_does_not_answer_in_time_is_a_gap() {
        let (sender, receiver) = mpsc::channel();
        sender.send(Seen::DataRoot(Err(silent("/x")))).unwrap();
        let storage =
            gathered("/x", &["/y".to_owned()], &receiver, Instant::now() + Duration::from_millis(20));
        assert!(storage.paths["/y"].gap().unwrap().cause.contains("does not answer"));
    }
}
