//! `/proc/PID/mountinfo`: the mounts, and the files that network namespaces are bound to (`proc_pid_mountinfo(5)`).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use porthole_model::{ContainerId, NetnsId};

use crate::cgroup::{self, ControlGroup};
use crate::proc_error::{lines, words};

/// A network namespace that is bound to a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedNamespace {
    /// The namespace.
    pub id: NetnsId,
    /// The file, as processes of that mount namespace see it.
    pub path: String,
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its number, as statx(2) gives it.
    pub id: u64,
    /// The number of the mount it is mounted on.
    pub parent: u64,
    /// What is mounted: a path within its filesystem, without the mark of a removed file.
    pub root: PathBuf,
    /// Where it is mounted, as processes of that mount namespace see it.
    pub point: PathBuf,
    /// Whether what is mounted on it is also mounted elsewhere.
    pub shared: bool,
}

/// The mounts. A line that is none is skipped.
pub fn mounts(text: &[u8]) -> impl Iterator<Item = Mount> + '_ {
    lines(text).filter_map(mount)
}

/// The container whose engine gave the process its host name and name servers, as files of its own directory:
/// `…/containers/ID/hostname`, or Podman's `…/overlay-containers/ID/userdata/hostname`.
///
/// A container that shares the network of another one has that one's files.
pub fn container(text: &[u8]) -> Option<ContainerId> {
    let given = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];
    mounts(text).filter(|mount| given.iter().any(|point| mount.point == Path::new(point))).find_map(|mount| {
        mount.root.iter().rev().find_map(|component| cgroup::container_id(component.to_str()?))
    })
}

/// The fields: mount, parent, device, root, mount point, options, optional fields up to `-`.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = words(line);
    let mut number = || std::str::from_utf8(fields.next()?).ok()?.parse().ok();
    let (id, parent) = (number()?, number()?);
    let mut fields = fields.skip(1);
    let root = fields.next()?;
    // `seq_dentry` in fs/proc_namespace.c marks a file that was removed.
    let root = path(root.strip_suffix(b"//deleted").unwrap_or(root));
    let point = path(fields.next()?);
    let shared = fields.skip(1).take_while(|field| *field != b"-").any(|field| field.starts_with(b"shared:"));
    Some(Mount { id, parent, root, point, shared })
}

/// A mounted hierarchy of control groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlGroupMount {
    /// Its controllers; `None` for version 2, which has one hierarchy for all.
    pub controllers: Option<Vec<String>>,
    /// Which of its groups is mounted.
    pub root: PathBuf,
    /// Where it is mounted.
    pub point: PathBuf,
}

impl ControlGroupMount {
    /// Where `path` of the hierarchy that `group` tells of is to be found below this mount, if it is.
    pub fn directory(&self, group: &ControlGroup, path: &str) -> Option<PathBuf> {
        let is_its_own = match &self.controllers {
            None => group.hierarchy == 0,
            Some(controllers) => {
                group.hierarchy != 0 && group.controllers.iter().any(|name| controllers.contains(name))
            }
        };
        let below = Path::new(path).strip_prefix(&self.root).ok().filter(|_| is_its_own)?;
        Some(self.point.join(below))
    }
}

/// The mounted hierarchies of control groups.
pub fn control_groups(text: &[u8]) -> impl Iterator<Item = ControlGroupMount> + '_ {
    lines(text).filter_map(control_group)
}

/// Behind the `-`: type, source, options of the filesystem, among which version 1 names its controllers.
fn control_group(line: &[u8]) -> Option<ControlGroupMount> {
    let mut fields = words(line).skip(3);
    let (root, point) = (path(fields.next()?), path(fields.next()?));
    let mut filesystem = fields.skip_while(|field| *field != b"-").skip(1);
    let controllers = match filesystem.next()? {
        b"cgroup2" => None,
        b"cgroup" => {
            let options = String::from_utf8_lossy(filesystem.nth(1)?).into_owned();
            Some(options.split(',').map(str::to_owned).collect())
        }
        _ => return None,
    };
    Some(ControlGroupMount { controllers, root, point })
}

fn path(field: &[u8]) -> PathBuf {
    OsString::from_vec(unescaped(field)).into()
}

/// The network namespaces among the mounts. Other mounts are skipped, whatever they look like.
pub fn network_namespaces(text: &[u8]) -> impl Iterator<Item = NamedNamespace> + '_ {
    lines(text).filter_map(named_namespace)
}

/// The fields: mount, parent, device, root (`net:[4026532281]`), mount point, ….
fn named_namespace(line: &[u8]) -> Option<NamedNamespace> {
    let mut fields = words(line).skip(3);
    let root = std::str::from_utf8(fields.next()?).ok()?;
    let id = root.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()?;
    Some(NamedNamespace { id: NetnsId(id), path: text(fields.next()?) })
}

/// The kernel writes space, tab, newline and backslash as three octal digits (`mangle` in `fs/proc_namespace.c`).
fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((first, behind)) = rest.split_first() {
        let octal = if *first == b'\\' { behind.first_chunk::<3>().copied().and_then(octal) } else { None };
        plain.push(octal.unwrap_or(*first));
        rest = if octal.is_some() { &behind[3..] } else { behind };
    }
    plain
}

fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(&unescaped(path)).into_owned()
}

fn octal(digits: [u8; 3]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 8).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_network_namespaces_are_taken() {
        let text = b"22 1 0:21 / /proc rw shared:5 - proc proc rw\n\
            99 22 0:4 net:[4026532281] /run/netns/a\\040b rw shared:9 - nsfs nsfs rw\n\
            98 22 0:4 mnt:[4026532282] /run/x rw - nsfs nsfs rw\n";
        let found: Vec<_> = network_namespaces(text).collect();
        assert_eq!(found, [NamedNamespace { id: NetnsId(4_026_532_281), path: "/run/netns/a b".into() }]);
    }

    #[test]
    fn a_backslash_without_digits_stays() {
        assert_eq!(text(b"/a\\9\\134\\"), "/a\\9\\\\");
    }

    #[test]
    fn a_mount_tells_what_is_mounted_where_and_whether_it_is_shared() {
        let text = b"740 730 0:23 /docker.sock//deleted /run/my\\040sock rw,nosuid shared:7 master:1 - tmpfs tmpfs rw\n\
            741 740 0:23 /a /run/my\\040sock rw - tmpfs shared:1 rw\n\
            nonsense\n";
        let found: Vec<_> = mounts(text).collect();
        let first = Mount {
            id: 740,
            parent: 730,
            root: "/docker.sock".into(),
            point: "/run/my sock".into(),
            shared: true,
        };
        let second = Mount { id: 741, parent: 740, root: "/a".into(), shared: false, ..first.clone() };
        assert_eq!(found, [first, second]);
    }

    #[test]
    fn a_group_is_found_below_the_mount_of_its_hierarchy() {
        let text = b"30 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n\
            31 25 0:27 /lab /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n\
            32 25 0:28 / /sys rw - sysfs sysfs rw\n";
        let mounts: Vec<_> = control_groups(text).collect();
        assert_eq!(mounts.len(), 2);
        let groups = cgroup::parse(b"4:memory:/lab/x\n0::/lab/x\n3:cpu:/lab/x\n").unwrap();
        let found = |group: usize| {
            mounts.iter().find_map(|mount| mount.directory(&groups[group], &groups[group].path))
        };
        assert_eq!(found(0).unwrap(), Path::new("/sys/fs/cgroup/memory/x"));
        assert_eq!(found(1).unwrap(), Path::new("/sys/fs/cgroup/unified/lab/x"));
        assert_eq!(found(2), None);
    }

    #[test]
    fn the_files_that_an_engine_gives_name_the_container() {
        let id = "0123456789abcdef".repeat(4);
        let of = |root: &str, point: &str| {
            container(format!("1 2 254:0 {root} {point} rw,relatime - ext4 /dev/vda rw\n").as_bytes())
        };
        let expected = Some(ContainerId(id.clone()));
        assert_eq!(of(&format!("/home/u/docker/containers/{id}/hostname"), "/etc/hostname"), expected);
        assert_eq!(of(&format!("/overlay-containers/{id}/userdata/hosts"), "/etc/hosts"), expected);
        assert_eq!(of(&format!("/data/{id}"), "/data"), None, "a volume may be called anything");
        assert_eq!(of("/etc/hostname", "/etc/hostname"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = mounts(&[b"1 2 0:3 / ", &bytes[..]].concat()).count();
            let _ = network_namespaces(&[b"1 2 3 net:[5] ", &bytes[..]].concat()).count();
        }
    }
}
