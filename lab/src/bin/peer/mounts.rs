//! The lab host's file system: the engine's tree under an overlay, with everything a host has mounted.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::pivot_root;

/// Directories of the lab that must not lie on an overlay, and where the lab host has them.
const REAL: &[(&str, &str)] = &[
    ("run", "run"),
    ("docker", "var/lib/docker"),
    ("containerd", "var/lib/containerd"),
    ("containers", "var/lib/containers"),
];

/// One control group file system of the real machine.
struct Hierarchy {
    mount_point: PathBuf,
    version_2: bool,
    options: String,
}

/// Makes the file system in `directory/root` and leaves the real machine's for it.
///
/// `binds` holds pairs of a path here and the path that shows it, read-only, on the lab host.
pub(crate) fn enter(directory: &Path, tree: &str, binds: &[&str]) -> io::Result<()> {
    let hierarchies = hierarchies(&fs::read_to_string("/proc/self/mountinfo")?);
    let root = directory.join("root");
    attempt("make mounts private", plain(None, Path::new("/"), None, MsFlags::MS_REC | MsFlags::MS_PRIVATE))?;
    overlay(directory, tree, &root)?;
    devices(&root)?;
    attempt("mount sysfs", plain(Some("sysfs"), &root.join("sys"), Some("sysfs"), MsFlags::empty()))?;
    control_groups(&root.join("sys/fs/cgroup"), &hierarchies)?;
    for (from, to) in REAL {
        bind(&directory.join(from), &root.join(to), MsFlags::MS_BIND)?;
    }
    for pair in binds.chunks_exact(2) {
        bind_read_only(Path::new(pair[0]), &root.join(pair[1].trim_start_matches('/')))?;
    }
    change_root(&root)
}

fn overlay(directory: &Path, tree: &str, root: &Path) -> io::Result<()> {
    let options = format!(
        "lowerdir={tree},upperdir={},workdir={}",
        directory.join("upper").display(),
        directory.join("work").display()
    );
    attempt(
        "mount the overlay (its upper directory must be on a real file system)",
        mount(Some("overlay"), root, Some("overlay"), MsFlags::empty(), Some(options.as_str())),
    )
}

/// The real devices, but shared memory of its own: Podman keeps its locks there.
fn devices(root: &Path) -> io::Result<()> {
    bind(Path::new("/dev"), &root.join("dev"), MsFlags::MS_BIND | MsFlags::MS_REC)?;
    let shared_memory = root.join("dev/shm");
    if shared_memory.is_dir() {
        attempt("mount /dev/shm", plain(Some("tmpfs"), &shared_memory, Some("tmpfs"), MsFlags::empty()))?;
    }
    Ok(())
}

/// The same hierarchies as on the real machine, seen from this control group namespace.
///
/// One that cannot be mounted is left out: the engine says what it misses.
fn control_groups(place: &Path, hierarchies: &[Hierarchy]) -> io::Result<()> {
    if let [Hierarchy { version_2: true, .. }] = hierarchies {
        plain(Some("cgroup2"), place, Some("cgroup2"), MsFlags::empty()).ok();
        return Ok(());
    }
    attempt("mount a tmpfs for cgroups", plain(Some("tmpfs"), place, Some("tmpfs"), MsFlags::empty()))?;
    for hierarchy in hierarchies {
        let Some(name) = hierarchy.mount_point.file_name() else { continue };
        let own = place.join(name);
        fs::create_dir(&own)?;
        if hierarchy.version_2 {
            plain(Some("cgroup2"), &own, Some("cgroup2"), MsFlags::empty()).ok();
        } else {
            let options = hierarchy.options.as_str();
            mount(Some("cgroup"), &own, Some("cgroup"), MsFlags::empty(), Some(options)).ok();
        }
        link_parts(place, &name.to_string_lossy())?;
    }
    Ok(())
}

/// `cpu,cpuacct` is also to be found as `cpu` and as `cpuacct`.
fn link_parts(place: &Path, name: &str) -> io::Result<()> {
    if !name.contains(',') {
        return Ok(());
    }
    name.split(',').try_for_each(|part| symlink(name, place.join(part)))
}

fn hierarchies(mountinfo: &str) -> Vec<Hierarchy> {
    let found = mountinfo.lines().filter_map(hierarchy);
    found.filter(|hierarchy| hierarchy.mount_point.starts_with("/sys/fs/cgroup")).collect()
}

/// Reads one line of proc(5) `mountinfo`; of the options of version 1 those count that choose controllers.
fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (before, after) = line.split_once(" - ")?;
    let mut words = after.split(' ');
    let version_2 = match words.next()? {
        "cgroup" => false,
        "cgroup2" => true,
        _ => return None,
    };
    let choosing = words.nth(1)?.split(',').filter(|option| !matches!(*option, "rw" | "ro" | "xattr"));
    let choosing = choosing.filter(|option| !option.starts_with("release_agent"));
    let mut options: Vec<&str> = choosing.collect();
    if options.iter().any(|option| option.starts_with("name=")) {
        options.insert(0, "none");
    }
    let mount_point = PathBuf::from(before.split(' ').nth(4)?);
    Some(Hierarchy { mount_point, version_2, options: options.join(",") })
}

fn bind_read_only(from: &Path, to: &Path) -> io::Result<()> {
    bind(from, to, MsFlags::MS_BIND | MsFlags::MS_REC)?;
    let read_only = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    attempt(&format!("make {} read-only", to.display()), plain(None, to, None, read_only))
}

fn bind(from: &Path, to: &Path, flags: MsFlags) -> io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
    } else if !to.exists() {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(to, "")?;
    }
    let done = mount(Some(from), to, None::<&str>, flags, None::<&str>);
    attempt(&format!("bind {} on {}", from.display(), to.display()), done)
}

fn change_root(root: &Path) -> io::Result<()> {
    std::env::set_current_dir(root)?;
    // The old root ends up on top of the new one, and is taken off: see pivot_root(2), `pivot_root(".", ".")`.
    attempt("change the root", pivot_root(".", "."))?;
    attempt("leave the old root", umount2(".", MntFlags::MNT_DETACH))?;
    std::env::set_current_dir("/")?;
    attempt("mount proc", plain(Some("proc"), Path::new("/proc"), Some("proc"), MsFlags::empty()))
}

fn plain(source: Option<&str>, target: &Path, kind: Option<&str>, flags: MsFlags) -> nix::Result<()> {
    mount(source, target, kind, flags, None::<&str>)
}

fn attempt(what: &str, outcome: nix::Result<()>) -> io::Result<()> {
    outcome.map_err(|error| io::Error::other(format!("failed to {what}: {error}")))
}
