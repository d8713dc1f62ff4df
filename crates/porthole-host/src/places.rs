//! The network namespaces of a host, and the files that lead into each.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use porthole_model::{Gap, NetnsId, Pid};
use porthole_wire::mount_info;

use crate::failure::{Right, gap};
use crate::procfs::ProcFs;

/// How many processes of a namespace are kept as ways into it: the first may end before it is used.
const PROCESS_DOORS: usize = 4;

/// How many threads of a process are kept as ways into a namespace that its first one is not in.
const THREAD_DOORS: usize = 16;

/// A network namespace that can be gone to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) id: NetnsId,
    pub(crate) processes: Vec<Pid>,
    pub(crate) names: Vec<String>,
    doors: Vec<PathBuf>,
}

impl Place {
    fn new(id: NetnsId) -> Self {
        Self { id, processes: Vec::new(), names: Vec::new(), doors: Vec::new() }
    }

    /// The namespace of one process.
    ///
    /// A daemon's first thread may stay where it once went for a container (Go cannot end it), and then others lead there.
    pub(crate) fn of_process(proc: &ProcFs, id: NetnsId, pid: Pid) -> Self {
        let mut place = Self::new(id);
        place.add_process(proc, pid);
        if proc.network_namespace(pid).is_ok_and(|first| first != id) {
            let threads = proc.threads(pid).unwrap_or_default().into_iter().take(THREAD_DOORS);
            place
                .doors
                .extend(threads.map(|thread| proc.process_path(pid, &format!("task/{thread}/ns/net"))));
        }
        place
    }

    /// The namespace of the calling thread.
    pub(crate) fn of_own_thread(proc: &ProcFs, id: NetnsId) -> Self {
        Self { doors: vec![proc.path("thread-self/ns/net")], ..Self::new(id) }
    }

    /// A namespace that this process holds open, by the number of the descriptor.
    pub(crate) fn of_descriptor(proc: &ProcFs, id: NetnsId, descriptor: i32) -> Self {
        Self { doors: vec![proc.path(&format!("self/fd/{descriptor}"))], ..Self::new(id) }
    }

    /// Another process that is in it.
    pub(crate) fn add_process(&mut self, proc: &ProcFs, pid: Pid) {
        if self.processes.len() < PROCESS_DOORS {
            self.doors.push(proc.process_path(pid, "ns/net"));
        }
        self.processes.push(pid);
    }

    fn add_name(&mut self, name: String, door: PathBuf) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        self.doors.push(door);
    }

    /// Opens the namespace. Each file is checked to lead there still: a process id may have been used again, a
    /// first thread may be elsewhere than its process.
    pub(crate) fn open(&self) -> io::Result<File> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no process and no name leads there any more");
        for door in &self.doors {
            match File::open(door).and_then(|file| Ok((file.metadata()?.ino(), file))) {
                Ok((inode, file)) if inode == self.id.0 => return Ok(file),
                Ok(_) => {}
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// The namespaces of these processes, those that are bound to a file, and porthole's own.
pub(crate) fn of(
    proc: &ProcFs,
    members: impl Iterator<Item = (Pid, NetnsId)>,
    own: Option<NetnsId>,
) -> Result<Vec<Place>, Gap> {
    let mut places = BTreeMap::new();
    let mut witnesses = Vec::new();
    for (pid, id) in members {
        places.entry(id).or_insert_with(|| Place::new(id)).add_process(proc, pid);
        witnesses.push(pid);
    }
    for bound in named(proc, &witnesses)? {
        places.entry(bound.id).or_insert_with(|| Place::new(bound.id)).add_name(bound.name, bound.door);
    }
    if let Some(own) = own {
        let place = places.entry(own).or_insert_with(|| Place::new(own));
        place.doors.push(proc.path("thread-self/ns/net"));
    }
    Ok(places.into_values().collect())
}

/// A namespace that is bound to a file: its name, and the file as porthole reaches it.
struct Bound {
    id: NetnsId,
    name: String,
    door: PathBuf,
}

/// The bound ones of porthole's own mount namespace and of every other that a process shows: an engine may bind
/// its namespaces where only itself sees them.
fn named(proc: &ProcFs, witnesses: &[Pid]) -> Result<Vec<Bound>, Gap> {
    let path = proc.path("self/mountinfo");
    let own = fs::read(&path)
        .map_err(|error| gap("named network namespaces", &path.display().to_string(), error, Right::Root))?;
    let mut found = bound(&own, Path::new("/"));
    let mut seen = BTreeSet::new();
    for pid in witnesses {
        // A process that ended or that porthole may not look into shows no mounts; it is a gap of its own there.
        let is_new = proc.mount_namespace(*pid).is_ok_and(|namespace| seen.insert(namespace));
        if let Some(Ok(text)) = is_new.then(|| proc.read(*pid, "mountinfo")) {
            found.extend(bound(&text, &proc.process_path(*pid, "root")));
        }
    }
    Ok(found)
}

fn bound(mount_info: &[u8], root: &Path) -> Vec<Bound> {
    let named = mount_info::network_namespaces(mount_info);
    named
        .map(|named| Bound {
            id: named.id,
            door: root.join(named.path.trim_start_matches('/')),
            name: named.path,
        })
        .collect()
}
