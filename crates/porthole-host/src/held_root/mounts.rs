//! What the holder mounts, and in which order, to make a plan its root.
//!
//! The sources are opened first, while their paths are those of the host. Then an empty directory in memory, the
//! *workshop*, is mounted, and the root within it. Nothing is made in the root to mount on: below its layers lies one
//! more, in memory, with every directory and file that something is mounted on.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};

use super::layers::{Overlay, name};
use super::plan::{MountSource, PlannedMount, RootAccess, RootPlan};

/// A directory that every host has; covered by the workshop in the holder's mount namespace alone.
const WORKSHOP: &str = "/dev";
/// What programs expect in `/dev`, beside what is theirs alone.
const DEVICES: [&str; 6] = ["full", "null", "random", "tty", "urandom", "zero"];
/// Links in `/dev`, as runc makes them (OCI runtime specification, "Default Devices" and `/dev` symbolic links).
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("/proc/self/fd", "fd"),
    ("/proc/self/fd/0", "stdin"),
    ("/proc/self/fd/1", "stdout"),
    ("/proc/self/fd/2", "stderr"),
    ("pts/ptmx", "ptmx"),
];
/// Directories that are mounted on in every root.
const ALWAYS: [&str; 2] = ["proc", "dev"];

/// Makes the plan the root of this process, whose mount namespace must be its own; gives what was left out, in words.
pub(super) fn change_root(plan: &RootPlan) -> io::Result<Vec<String>> {
    rustix::system::sethostname(plan.hostname.as_bytes())?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    let sources = Sources::open(plan)?;
    let workshop = set_up_workshop(&sources)?;
    root_overlay(plan, sources.layers.len()).mount_at(Path::new("root")).map_err(step("mount its layers"))?;
    rustix::process::chdir("root")?;
    rustix::process::pivot_root(".", ".").map_err(step("make it the root"))?;
    // Relative paths are the workshop's from here on, absolute ones those of the new root.
    rustix::process::fchdir(&workshop)?;
    mount_own(&sources)?;
    let left_out = mount_planned(plan, &sources);
    rustix::process::chdir("/")?;
    unmount(".", UnmountFlags::DETACH).map_err(step("let go of the host's root"))?;
    if rustix::process::chdir(&plan.working_directory).is_err() {
        rustix::process::chdir("/")?;
    }
    // Whoever enters must not find the host's directories among the descriptors of this process.
    drop((sources, workshop));
    Ok(left_out)
}

/// Everything of the host that goes into the root, open.
struct Sources {
    layers: Vec<OwnedFd>,
    /// The layer that is written to and its work directory.
    written: Option<(OwnedFd, OwnedFd)>,
    devices: Vec<(&'static str, OwnedFd)>,
    /// Those of the plan's mounts, ordered so that none covers an earlier one.
    mounts: Vec<(PlannedMount, Opened)>,
}

/// What a mount's source turned out to be.
enum Opened {
    Directory(OwnedFd),
    File(OwnedFd),
    Memory,
    Missing(io::Error),
}

impl Sources {
    fn open(plan: &RootPlan) -> io::Result<Self> {
        let written = match &plan.access {
            RootAccess::WriteBack { upper, work } => Some((directory(upper)?, directory(work)?)),
            RootAccess::ReadOnly | RootAccess::ThrowAway => None,
        };
        let devices = DEVICES.iter().filter_map(|name| {
            let device = path(&Path::new("/dev").join(name)).ok()?;
            Some((*name, device))
        });
        let mut mounts: Vec<_> = plan.mounts.iter().map(|mount| (mount.clone(), Opened::of(mount))).collect();
        mounts.sort_by_key(|(mount, _)| mount.destination.components().count());
        let layers = plan.layers.iter().map(|layer| directory(layer)).collect::<io::Result<_>>()?;
        Ok(Self { layers, written, devices: devices.collect(), mounts })
    }
}

impl Opened {
    fn of(mount: &PlannedMount) -> Self {
        let MountSource::Host { path: source, .. } = &mount.source else { return Self::Memory };
        let opened = path(source).and_then(|opened| {
            let is_directory = File::from(opened.try_clone()?).metadata()?.is_dir();
            Ok((opened, is_directory))
        });
        match opened {
            Ok((opened, true)) => Self::Directory(opened),
            Ok((opened, false)) => Self::File(opened),
            Err(error) => Self::Missing(error),
        }
    }
}

/// Mounts the workshop and goes there: links to the layers, directories for writes, and what is mounted on.
fn set_up_workshop(sources: &Sources) -> io::Result<OwnedFd> {
    mount("tmpfs", WORKSHOP, "tmpfs", MountFlags::empty(), c"mode=0755").map_err(step("mount memory"))?;
    let workshop = directory(Path::new(WORKSHOP))?;
    rustix::process::fchdir(&workshop)?;
    for directory in ["root", "upper", "work", "points"] {
        fs::create_dir(directory)?;
    }
    for (number, layer) in sources.layers.iter().enumerate() {
        name(layer, &number.to_string())?;
    }
    if let Some((upper, work)) = &sources.written {
        name(upper, "written")?;
        name(work, "working")?;
    }
    make_points(sources)?;
    Ok(workshop)
}

/// The lowest layer: what is there already in a layer above it stays as it is there.
fn make_points(sources: &Sources) -> io::Result<()> {
    for point in ALWAYS {
        fs::create_dir(Path::new("points").join(point))?;
    }
    for (mount, opened) in &sources.mounts {
        let Some(point) = within("points", &mount.destination) else { continue };
        match opened {
            Opened::Missing(_) => {}
            Opened::Directory(_) | Opened::Memory => fs::create_dir_all(point)?,
            Opened::File(_) => {
                fs::create_dir_all(point.parent().unwrap_or(Path::new("points")))?;
                File::create(point)?;
            }
        }
    }
    Ok(())
}

fn root_overlay(plan: &RootPlan, layers: usize) -> Overlay {
    let lower = (0..layers).map(|number| number.to_string()).chain(["points".to_owned()]);
    let overlay = Overlay::of(lower.collect());
    match plan.access {
        RootAccess::ReadOnly => overlay,
        RootAccess::ThrowAway => overlay.written_to("upper", "work"),
        RootAccess::WriteBack { .. } => overlay.written_to("written", "working"),
    }
}

/// `/proc` of the new pid namespace, and a `/dev` with what no program does without.
fn mount_own(sources: &Sources) -> io::Result<()> {
    let hardened = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", hardened, None).map_err(step("mount /proc"))?;
    mount("tmpfs", "/dev", "tmpfs", MountFlags::NOSUID, c"mode=0755").map_err(step("mount /dev"))?;
    for (device, opened) in &sources.devices {
        let point = Path::new("/dev").join(device);
        File::create(&point)?;
        mount_bind(by_descriptor(opened), &point).map_err(step("mount a device"))?;
    }
    for (target, link) in DEVICE_LINKS {
        symlink(target, Path::new("/dev").join(link))?;
    }
    for (kind, point, options) in
        [("devpts", "/dev/pts", c"newinstance,ptmxmode=0666,mode=0620"), ("tmpfs", "/dev/shm", c"mode=1777")]
    {
        fs::create_dir(point)?;
        mount(kind, point, kind, MountFlags::NOSUID | MountFlags::NOEXEC, options)
            .map_err(step("mount /dev"))?;
    }
    Ok(())
}

fn mount_planned(plan: &RootPlan, sources: &Sources) -> Vec<String> {
    let mut left_out = Vec::new();
    for (number, (planned, opened)) in sources.mounts.iter().enumerate() {
        if let Err(error) = mount_one(plan, number, planned, opened) {
            left_out.push(format!("{}: {error}", planned.destination.display()));
        }
    }
    left_out
}

fn mount_one(plan: &RootPlan, number: usize, planned: &PlannedMount, opened: &Opened) -> io::Result<()> {
    let point = planned.destination.as_path();
    match opened {
        Opened::Missing(error) => Err(io::Error::new(error.kind(), error.to_string())),
        Opened::Memory => Ok(mount("tmpfs", point, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, None)?),
        Opened::Directory(directory) if plan.access == RootAccess::ThrowAway && planned.is_writable() => {
            throw_away_copy(directory, number, point)
        }
        Opened::Directory(opened) | Opened::File(opened) => {
            let may_write = matches!(plan.access, RootAccess::WriteBack { .. }) && planned.is_writable();
            bind(opened, point, may_write)
        }
    }
}

impl PlannedMount {
    fn is_writable(&self) -> bool {
        matches!(self.source, MountSource::Host { is_writable: true, .. })
    }
}

/// The directory with writes going to memory.
fn throw_away_copy(directory: &OwnedFd, number: usize, point: &Path) -> io::Result<()> {
    let [lower, upper, work] = ["lower", "upper", "work"].map(|part| format!("{part}-{number}"));
    name(directory, &lower)?;
    fs::create_dir(&upper)?;
    fs::create_dir(&work)?;
    Overlay::of(vec![lower]).written_to(&upper, &work).mount_at(point)
}

fn bind(opened: &OwnedFd, point: &Path, may_write: bool) -> io::Result<()> {
    if may_write {
        return Ok(mount_bind_recursive(by_descriptor(opened), point)?);
    }
    // What is mounted below it would stay writable.
    mount_bind(by_descriptor(opened), point)?;
    Ok(mount_remount(point, MountFlags::BIND | MountFlags::RDONLY, "")?)
}

/// `path`, which is absolute, below `directory`; `None` for the root itself and for a way out.
fn within(directory: &str, path: &Path) -> Option<PathBuf> {
    let parts = path.strip_prefix("/").ok()?;
    let is_plain = parts.components().all(|part| matches!(part, Component::Normal(_)));
    (is_plain && parts.components().next().is_some()).then(|| Path::new(directory).join(parts))
}

fn directory(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let named = |error: rustix::io::Errno| io::Error::other(format!("{}: {error}", path.display()));
    open(path, flags, Mode::empty()).map_err(named)
}

fn path(path: &Path) -> io::Result<OwnedFd> {
    Ok(open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

fn by_descriptor(opened: &OwnedFd) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", opened.as_fd().as_raw_fd()).into()
}

/// Names what was tried.
fn step<E: Into<io::Error>>(what: &'static str) -> impl Fn(E) -> io::Error {
    move |error| io::Error::other(format!("cannot {what}: {}", error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_never_lies_outside() {
        assert_eq!(within("points", Path::new("/etc/hosts")), Some("points/etc/hosts".into()));
        for odd in ["/", "relative", "/a/../../b"] {
            assert_eq!(within("points", Path::new(odd)), None, "{odd}");
        }
    }
}
