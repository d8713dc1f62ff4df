//! Who the host is and with which rights it is read.

use std::fs;
use std::io;
use std::path::Path;

use porthole_model::{Gap, KernelModules, Observed, Privilege, Uid};
use porthole_wire::{capability, os_release, proc_status};

use crate::failure::{Right, gap};
use crate::procfs::ProcFs;

pub(crate) fn hostname(proc: &ProcFs) -> Observed<String> {
    line("host name", &proc.path("sys/kernel/hostname"))
}

pub(crate) fn kernel_release(proc: &ProcFs) -> Observed<String> {
    line("kernel release", &proc.path("sys/kernel/osrelease"))
}

pub(crate) fn boot_id(proc: &ProcFs) -> Observed<String> {
    line("boot id", &proc.path("sys/kernel/random/boot_id"))
}

/// `uname -m`.
pub(crate) fn architecture() -> String {
    rustix::system::uname().machine().to_string_lossy().into_owned()
}

/// The modules that the host's first process sees, which is in the host's own mount namespace.
pub(crate) fn kernel_modules(proc: &ProcFs) -> Result<KernelModules, Gap> {
    let running = kernel_release(proc);
    let running = running.known()?;
    let directory = proc.path("1/root/lib/modules");
    let releases = match fs::read_dir(&directory) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let mut releases: Vec<String> = releases.map_err(|error: io::Error| {
        gap("modules of the kernel", &directory.display().to_string(), error, Right::Tracing)
    })?;
    releases.sort();
    Ok(KernelModules { has_running: releases.contains(running), releases })
}

/// The file in `/etc` is usually a link to the one in `/usr/lib`, which counts where the first is missing.
pub(crate) fn operating_system(etc: &Path) -> Observed<String> {
    let path = etc.join("os-release");
    let text =
        fs::read(&path).or_else(|first| fs::read(etc.join("../usr/lib/os-release")).map_err(|_| first));
    let text = text.map_err(|error| gap("operating system", &path.display().to_string(), error, Right::Root));
    text.map(|text| os_release::pretty_name(&text)).into()
}

/// The rights of the calling thread. Where they cannot be read there are none to speak of.
pub(crate) fn privilege(proc: &ProcFs) -> Privilege {
    let uid = Uid(rustix::process::geteuid().as_raw());
    let status = fs::read(proc.path("thread-self/status")).map(|text| proc_status::parse(&text));
    let capabilities = match status {
        Ok(Ok(status)) => capability::names(status.effective_capabilities),
        _ => Vec::new(),
    };
    Privilege { uid, capabilities }
}

fn line(what: &str, path: &Path) -> Observed<String> {
    let text = fs::read_to_string(path).map(|text| text.trim().to_owned());
    text.map_err(|error| gap(what, &path.display().to_string(), error, Right::Root)).into()
}
