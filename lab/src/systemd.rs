//! A lab host whose first process is systemd, with the engine as its service, as Debian sets it up.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::command::run;
use crate::contents::Contents;
use crate::daemon;
use crate::host::Attached;
use crate::process::{ProcessId, children, program_pid, wait_until};
use crate::{LabError, fetch};

const READY: Duration = Duration::from_secs(90);

/// What such a host takes beside the engine. Without D-Bus, runc makes no groups in a version 2 hierarchy of systemd's.
const PACKAGES: [&str; 3] = ["systemd", "systemd-resolved", "dbus"];

/// Units that would change the machine below: its kernel's parameters and modules, its devices, its clock, its terminals.
const LEFT_OUT: &str = "systemd-sysctl.service systemd-modules-load.service systemd-binfmt.service \
    proc-sys-fs-binfmt_misc.automount systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
    systemd-udev-trigger.service systemd-hwdb-update.service kmod-static-nodes.service systemd-tmpfiles-setup-dev.service \
    systemd-random-seed.service systemd-timesyncd.service systemd-update-utmp.service systemd-remount-fs.service \
    dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    sys-fs-fuse-connections.mount getty.target console-getty.service systemd-journald.service systemd-journald.socket \
    systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journal-flush.service \
    systemd-tmpfiles-setup.service systemd-sysusers.service systemd-firstboot.service systemd-machine-id-commit.service";

/// Namespaces and mounts of its own: no device but the harmless ones, and no parameter of the kernel but the network's.
const BOOT: &str = "\
mount --make-rprivate /
mount -t proc proc /srv
mount -t proc proc /proc
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount --bind /srv/sys/net /proc/sys/net
umount /srv
mount -t tmpfs -o mode=755 tmpfs /dev
mkdir /dev/pts /dev/shm /dev/net
for device in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 /dev/${device%:*} c 1 ${device#*:}; done
mknod -m 666 /dev/tty c 5 0
mknod -m 666 /dev/net/tun c 10 200
mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s null /dev/console
for unit in $LEFT_OUT; do ln -sf /dev/null /etc/systemd/system/$unit; done
umount -R /sys/fs/cgroup
exec env -i container=lab PATH=\"$PATH\" /lib/systemd/systemd --log-target=console --show-status=0 --unit=docker.service";

/// The tree of such a host.
pub(crate) fn contents(engine: Contents) -> Contents {
    let name = match engine.name {
        "docker20" => "docker20-systemd",
        "docker26" => "docker26-systemd",
        _ => "docker28-systemd",
    };
    Contents { name, packages: [engine.packages, PACKAGES.to_vec()].concat(), ..engine }
}

/// Starts systemd on the lab host, which from then on is the host that it makes, and waits for its engine.
pub(crate) fn start(host: &mut Attached) -> Result<Child, LabError> {
    let log = daemon::log(&host.directory);
    let written = File::create(&log).map_err(LabError::at("create", &log))?;
    let copy = written.try_clone().map_err(LabError::at("open", &log))?;
    let mut command = host.command("unshare");
    command.args(["--pid", "--mount", "--cgroup", "--fork", "--kill-child", "--", "sh", "-ec", BOOT]);
    command.env("LEFT_OUT", LEFT_OUT).stdin(Stdio::null()).stdout(written).stderr(copy);
    let wrapper = command.spawn().map_err(LabError::io("start systemd"))?;
    let unshare = program_pid(&wrapper).unwrap_or_default();
    let mut first = None;
    wait_until(READY, || {
        first = children(unshare).first().copied().and_then(ProcessId::of);
        first.is_some_and(is_systemd) || ProcessId::of(unshare).is_none()
    });
    host.init = first.filter(|first| is_systemd(*first)).ok_or_else(|| failed(host))?;
    if wait_until(READY, || serves(host)) { Ok(wrapper) } else { Err(failed(host)) }
}

fn is_systemd(process: ProcessId) -> bool {
    std::fs::read_to_string(format!("/proc/{}/comm", process.pid)).is_ok_and(|name| name.trim() == "systemd")
}

fn serves(host: &Attached) -> bool {
    let mut command = host.command("docker");
    command.arg("version");
    run(command, "docker version", Duration::from_secs(30)).code == 0
}

fn failed(host: &Attached) -> LabError {
    LabError::Daemon {
        engine: host.engine,
        name: host.name.clone(),
        what: "did not start as a service of systemd".to_owned(),
        log: fetch::tail(&daemon::log(&host.directory)),
    }
}
