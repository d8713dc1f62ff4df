//! Who the host is and with which rights it is read.

use std::fs;
use std::path::Path;

use porthole_model::{Observed, Privilege, Uid};
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
