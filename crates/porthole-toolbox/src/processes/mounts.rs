//! `mount` and `umount`.

use std::collections::HashMap;
use std::ffi::{CString, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use procfs::process::{MountInfo, Process};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount_bind, mount_bind_recursive, mount_change,
    mount_remount, unmount,
};

use crate::arguments;
use crate::printable::one_line;
use crate::trouble::{Trouble, exit, say};

/// What a mount's options are to the kernel (mount(2)).
const FLAGS: &[(&str, MountFlags)] = &[
    ("ro", MountFlags::RDONLY),
    ("nosuid", MountFlags::NOSUID),
    ("nodev", MountFlags::NODEV),
    ("noexec", MountFlags::NOEXEC),
    ("noatime", MountFlags::NOATIME),
    ("nodiratime", MountFlags::NODIRATIME),
    ("relatime", MountFlags::RELATIME),
    ("strictatime", MountFlags::STRICTATIME),
    ("sync", MountFlags::SYNCHRONOUS),
    ("dirsync", MountFlags::DIRSYNC),
    ("lazytime", MountFlags::LAZYTIME),
    ("silent", MountFlags::SILENT),
];

/// Options that stand for what is so anyway.
const DEFAULTS: &[&str] = &["defaults", "rw", "suid", "dev", "exec", "atime", "async"];

/// What a mount shares with others.
const PROPAGATION: &[(&str, MountPropagationFlags)] = &[
    ("private", MountPropagationFlags::PRIVATE),
    ("shared", MountPropagationFlags::SHARED),
    ("slave", MountPropagationFlags::DOWNSTREAM),
    ("unbindable", MountPropagationFlags::UNBINDABLE),
    ("rprivate", MountPropagationFlags::PRIVATE.union(MountPropagationFlags::REC)),
    ("rshared", MountPropagationFlags::SHARED.union(MountPropagationFlags::REC)),
    ("rslave", MountPropagationFlags::DOWNSTREAM.union(MountPropagationFlags::REC)),
];

/// List mounts, or mount something
#[derive(Debug, Parser)]
#[command(
    name = "mount",
    after_help = "\
Examples:
  mount
  mount -t tmpfs none /mnt
  mount --bind /var/log /mnt
  mount -o remount,ro /data"
)]
struct MountArguments {
    /// The kind of file system; of a list, this kind alone
    #[arg(short = 't', long = "types", value_name = "TYPE")]
    kind: Option<String>,
    /// Options: ro, nosuid, nodev, noexec, bind, rbind, remount, private, …; the file system gets those left
    #[arg(short, long, value_name = "OPTIONS", value_delimiter = ',')]
    options: Vec<String>,
    /// A directory in a second place
    #[arg(long)]
    bind: bool,
    /// A directory and what is mounted below it in a second place
    #[arg(long)]
    rbind: bool,
    /// What is mounted, and where; of -o remount, the place alone
    #[arg(num_args = 0..=2, value_names = ["SOURCE", "TARGET"])]
    places: Vec<PathBuf>,
}

/// Unmount
#[derive(Debug, Parser)]
#[command(name = "umount")]
struct UmountArguments {
    /// Now from sight, later in truth
    #[arg(short, long)]
    lazy: bool,
    /// Even where its server does not answer
    #[arg(short, long)]
    force: bool,
    /// The places
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<PathBuf>,
}

/// `mount`.
pub(super) fn mount(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &MountArguments| {
        let outcome = match arguments.places.as_slice() {
            [] => list(arguments.kind.as_deref()),
            [target] => arguments.change(target),
            [source, target, ..] => arguments.mount(source, target),
        };
        exit("mount", outcome, 1)
    })
}

/// `umount`.
pub(super) fn umount(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &UmountArguments| {
        let mut flags = UnmountFlags::empty();
        flags.set(UnmountFlags::DETACH, arguments.lazy);
        flags.set(UnmountFlags::FORCE, arguments.force);
        let codes = arguments.targets.iter().map(|target| {
            let unmounted = unmount(target, flags).map_err(|errno| Trouble::at(target)(errno.into()));
            exit("umount", unmounted.map(|()| 0), 1)
        });
        codes.fold(0, Ord::max)
    })
}

fn list(kind: Option<&str>) -> Result<i32, Trouble> {
    let mounts = Process::myself()?.mountinfo()?;
    let mut out = io::stdout().lock();
    for mount in mounts
        .iter()
        .filter(|mount| kind.is_none_or(|kind| kind.split(',').any(|each| each == mount.fs_type)))
    {
        writeln!(out, "{}", one_line(&line(mount)))?;
    }
    Ok(0)
}

fn line(mount: &MountInfo) -> String {
    let source = mount.mount_source.as_deref().unwrap_or("none");
    let mut options = words(&mount.mount_options);
    options.extend(words(&mount.super_options).into_iter().filter(|word| word != "rw" && word != "ro"));
    options.dedup();
    format!("{source} on {} type {} ({})", mount.mount_point.display(), mount.fs_type, options.join(","))
}

/// The options in an order: whether it can be written first, then by their letters.
fn words(options: &HashMap<String, Option<String>>) -> Vec<String> {
    let word = |(name, value): (&String, &Option<String>)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.clone(),
    };
    let mut words: Vec<_> = options.iter().map(word).collect();
    words.sort_by_key(|word| (word != "rw" && word != "ro", word.clone()));
    words
}

impl MountArguments {
    fn has(&self, option: &str) -> bool {
        self.options.iter().any(|each| each == option)
    }

    /// A mount that is there is changed.
    fn change(&self, target: &Path) -> Result<i32, Trouble> {
        let at = |errno: rustix::io::Errno| Trouble::at(target)(errno.into());
        if self.has("remount") {
            let (flags, data) = self.flags_and_data()?;
            let flags = if self.has("bind") { flags | MountFlags::BIND } else { flags };
            mount_remount(target, flags, data).map_err(at)?;
            return Ok(0);
        }
        let shared = PROPAGATION.iter().find(|(name, _)| self.has(name));
        let (_, shared) = shared.ok_or_else(|| {
            Trouble::new(format!("{}: what is to be mounted there? /etc/fstab is not read", target.display()))
        })?;
        mount_change(target, *shared).map_err(at)?;
        Ok(0)
    }

    fn mount(&self, source: &Path, target: &Path) -> Result<i32, Trouble> {
        let at = |errno: rustix::io::Errno| Trouble::at(target)(errno.into());
        if self.has("remount") {
            return self.change(target);
        }
        let (flags, data) = self.flags_and_data()?;
        if self.rbind || self.has("rbind") || self.bind || self.has("bind") {
            let is_whole = self.rbind || self.has("rbind");
            let bound =
                if is_whole { mount_bind_recursive(source, target) } else { mount_bind(source, target) };
            bound.map_err(at)?;
            // The kernel binds first and takes other options after that alone.
            if !flags.is_empty() {
                mount_remount(target, flags | MountFlags::BIND, c"").map_err(at)?;
            }
            return Ok(0);
        }
        let Some(kind) = &self.kind else {
            return Err(Trouble::new("which kind of file system? name it with -t"));
        };
        rustix::mount::mount(source, target, kind.as_str(), flags, data.as_c_str()).map_err(at)?;
        self.say_what_is_left_out();
        Ok(0)
    }

    fn say_what_is_left_out(&self) {
        for (name, _) in PROPAGATION.iter().filter(|(name, _)| self.has(name)) {
            say("mount", format!("{name} is set apart, once it is mounted: mount -o {name} TARGET"));
        }
    }

    fn flags_and_data(&self) -> Result<(MountFlags, CString), Trouble> {
        let mut flags = MountFlags::empty();
        let mut data = Vec::new();
        for option in &self.options {
            let is_said_otherwise = matches!(option.as_str(), "bind" | "rbind" | "remount")
                || PROPAGATION.iter().any(|(name, _)| name == option);
            match FLAGS.iter().find(|(name, _)| name == option) {
                Some((_, flag)) => flags |= *flag,
                None if is_said_otherwise || DEFAULTS.contains(&option.as_str()) => {}
                None => data.push(option.as_str()),
            }
        }
        Ok((flags, CString::new(data.join(",")).map_err(Trouble::new)?))
    }
}
