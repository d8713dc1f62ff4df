//! A lab's control groups: one directory `porthole-lab-NAME` in every hierarchy that lets us make one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::process::wait_until;

const REMOVAL: Duration = Duration::from_secs(15);

/// The directories of one lab. Where a hierarchy refuses, the lab goes without it.
#[derive(Debug)]
pub(crate) struct Cgroups {
    directories: Vec<PathBuf>,
    unified: bool,
}

impl Cgroups {
    pub(crate) fn make(name: &str) -> Self {
        let (mounts, unified) = hierarchies();
        let directories = mounts.iter().filter_map(|mount| make_in(mount, name, unified)).collect();
        Self { directories, unified }
    }

    /// Where the first process of the lab goes; its cgroup namespace is rooted there.
    pub(crate) fn roots(&self) -> &[PathBuf] {
        &self.directories
    }

    /// Where every later process of the lab goes.
    ///
    /// A version 2 group that hands controllers down may hold no processes itself, so there all move to a leaf.
    pub(crate) fn settle(&self) -> Vec<PathBuf> {
        if !self.unified {
            return self.directories.clone();
        }
        self.directories.iter().map(|root| move_to_leaf(root).unwrap_or_else(|| root.clone())).collect()
    }
}

/// Ends everything that runs in the lab's groups and removes them; true when none is left.
pub(crate) fn remove(name: &str) -> bool {
    let (mounts, _) = hierarchies();
    let roots: Vec<PathBuf> = mounts.iter().map(|mount| place(mount, name)).collect();
    wait_until(REMOVAL, || {
        for root in roots.iter().filter(|root| root.exists()) {
            end_all(root);
            remove_tree(root);
        }
        roots.iter().all(|root| !root.exists())
    })
}

/// Lets frozen (paused) processes run, for those cannot die.
pub(crate) fn thaw(name: &str) {
    for mount in hierarchies().0 {
        each_below(&place(&mount, name), &mut |group| {
            write_existing(&group.join("freezer.state"), "THAWED");
            write_existing(&group.join("cgroup.freeze"), "0");
        });
    }
}

/// The mount points of all hierarchies, and whether version 2 is the only one.
fn hierarchies() -> (Vec<PathBuf>, bool) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let found: Vec<(String, PathBuf)> = mounts.lines().filter_map(cgroup_mount).collect();
    let unified = found.iter().all(|(kind, _)| kind == "cgroup2");
    let mut points: Vec<PathBuf> = found.into_iter().map(|(_, point)| point).collect();
    points.sort();
    points.dedup();
    (points, unified)
}

/// Type and mount point of one line of proc(5) `mountinfo`, if it is a cgroup file system in the usual place.
fn cgroup_mount(line: &str) -> Option<(String, PathBuf)> {
    let (before, after) = line.split_once(" - ")?;
    let kind = after.split(' ').next().filter(|kind| kind.starts_with("cgroup"))?;
    let point = Path::new(before.split(' ').nth(4)?);
    point.starts_with("/sys/fs/cgroup").then(|| (kind.to_owned(), point.to_owned()))
}

fn make_in(mount: &Path, name: &str, unified: bool) -> Option<PathBuf> {
    let directory = place(mount, name);
    fs::create_dir_all(&directory).ok()?;
    if unified {
        hand_down(mount);
    }
    inherit_cpus(mount, &directory);
    Some(directory)
}

fn place(mount: &Path, name: &str) -> PathBuf {
    mount.join(format!("porthole-lab-{name}"))
}

/// A version 1 cpuset is born empty, and takes no process before it has what its parent has.
fn inherit_cpus(parent: &Path, child: &Path) {
    for file in ["cpuset.cpus", "cpuset.mems"] {
        let own = fs::read_to_string(child.join(file)).unwrap_or_default();
        if own.trim().is_empty()
            && let Ok(value) = fs::read_to_string(parent.join(file))
        {
            write_existing(&child.join(file), value.trim());
        }
    }
    write_existing(&child.join("cgroup.clone_children"), "1");
}

/// Gives the children of a version 2 group all controllers, one by one: some may be refused.
fn hand_down(group: &Path) {
    let controllers = fs::read_to_string(group.join("cgroup.controllers")).unwrap_or_default();
    for controller in controllers.split_whitespace() {
        write_existing(&group.join("cgroup.subtree_control"), &format!("+{controller}"));
    }
}

fn move_to_leaf(root: &Path) -> Option<PathBuf> {
    let leaf = root.join("init");
    fs::create_dir_all(&leaf).ok()?;
    for pid in processes(root) {
        write_existing(&leaf.join("cgroup.procs"), &pid.to_string());
    }
    hand_down(root);
    Some(leaf)
}

fn end_all(root: &Path) {
    each_below(root, &mut |group| {
        write_existing(&group.join("freezer.state"), "THAWED");
        write_existing(&group.join("cgroup.freeze"), "0");
        for pid in processes(group) {
            kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
        }
    });
}

/// Processes of a group as numbered here; 0 stands for one of a foreign process namespace.
fn processes(group: &Path) -> Vec<i32> {
    let listed = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    listed.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 1).collect()
}

fn remove_tree(group: &Path) {
    for child in subgroups(group) {
        remove_tree(&child);
    }
    fs::remove_dir(group).ok();
}

fn each_below(group: &Path, act: &mut dyn FnMut(&Path)) {
    act(group);
    for child in subgroups(group) {
        each_below(&child, act);
    }
}

fn subgroups(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

/// Writes to a control file if this version of control groups has it; a refusal costs a feature, not the lab.
fn write_existing(file: &Path, value: &str) {
    if let Ok(mut open) = fs::OpenOptions::new().write(true).open(file) {
        std::io::Write::write_all(&mut open, value.as_bytes()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_told_apart() {
        let line =
            |kind: &str, point: &str| format!("35 31 0:32 / {point} rw,relatime shared:9 - {kind} cgroup rw");
        let found = cgroup_mount(&line("cgroup", "/sys/fs/cgroup/memory")).unwrap();
        assert_eq!(found, ("cgroup".to_owned(), PathBuf::from("/sys/fs/cgroup/memory")));
        assert_eq!(cgroup_mount(&line("tmpfs", "/sys/fs/cgroup")), None);
        assert_eq!(cgroup_mount(&line("cgroup2", "/elsewhere")), None);
    }
}
