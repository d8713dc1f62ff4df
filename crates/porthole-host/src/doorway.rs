//! Whether this process may enter another one's namespaces, before it is tried.

use std::fs::{self, File};

use porthole_model::{Gap, GapKind, Pid};
use porthole_wire::proc_stat;

use crate::LinuxHost;
use crate::failure::{Right, gap};

/// A process that can be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doorway {
    /// Its number.
    pub process: Pid,
    /// When it started, in clock ticks since boot, by which it is told from a later one of the same number.
    pub started: u64,
}

impl LinuxHost {
    /// The way into a process, or why there is none.
    pub fn doorway(&self, process: Pid) -> Result<Doorway, Gap> {
        let what = || format!("way into process {process}");
        let refused =
            |file: &str, error| gap(what(), &format!("/proc/{process}/{file}"), error, Right::Tracing);
        let stat = self.proc.read(process, "stat").map_err(|error| refused("stat", error))?;
        let stat =
            proc_stat::parse(&stat).map_err(|error| Gap::new(GapKind::Failed, what(), error.to_string()))?;
        if stat.zombie || stat.kernel_thread {
            return Err(Gap::new(GapKind::Vanished, what(), "it is no living process of a user"));
        }
        File::open(self.proc.process_path(process, "ns/mnt")).map_err(|error| refused("ns/mnt", error))?;
        let users = |path| fs::read_link(path).map_err(|error| refused("ns/user", error));
        let is_same =
            users(self.proc.process_path(process, "ns/user"))? == users(self.proc.path("self/ns/user"))?;
        // In a user namespace that one made, one has every right; in one's own, those that one has.
        if is_same && !self.privilege().capabilities.iter().any(|name| name == "CAP_SYS_ADMIN") {
            return Err(gap(what(), "setns", rustix::io::Errno::PERM, Right::SystemAdministration));
        }
        Ok(Doorway { process, started: stat.started })
    }
}
