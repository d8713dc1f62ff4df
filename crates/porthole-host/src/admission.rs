//! Whether this process may enter another one's namespaces, before it is tried.

use std::fs::File;
use std::io;

use porthole_model::{Gap, GapKind, Pid};
use porthole_wire::proc_stat;
use rustix::io::Errno;

use crate::LinuxHost;
use crate::failure::{Right, gap};
use crate::user_namespace::{Standing, owner, standing};

/// What entering takes in one's own user namespace (`setns(2)`).
const NEEDED: [&str; 2] = ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"];

/// A process that may be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Its number.
    pub process: Pid,
    /// When it started, in clock ticks since boot, by which it is told from a later one of the same number.
    pub started: u64,
}

impl LinuxHost {
    /// The way into a process, or why there is none: which right is missing.
    ///
    /// What a security module or a seccomp filter forbids shows only when it is tried.
    pub fn admission(&self, process: Pid) -> Result<Admission, Gap> {
        let refused =
            |file: &str, error| gap(what(process), &format!("/proc/{process}/{file}"), error, Right::Tracing);
        let stat = self.proc.read(process, "stat").map_err(|error| refused("stat", error))?;
        let stat = proc_stat::parse(&stat)
            .map_err(|error| Gap::new(GapKind::Failed, what(process), error.to_string()))?;
        if stat.zombie || stat.kernel_thread {
            return Err(Gap::new(GapKind::Vanished, what(process), "it is no living process of a user"));
        }
        let view = File::open(self.proc.process_path(process, "ns/mnt"));
        let view = view.map_err(|error| self.not_to_be_traced(process, refused("ns/mnt", error)))?;
        self.may_join(process, &view)?;
        Ok(Admission { process, started: stat.started })
    }

    /// Who has the right to look into every process that is below it, and is refused nevertheless.
    fn not_to_be_traced(&self, process: Pid, refused: Gap) -> Gap {
        if refused.kind != GapKind::Permission || !self.has("CAP_SYS_PTRACE") {
            return refused;
        }
        let cause = format!(
            "{}, although porthole has CAP_SYS_PTRACE: the process is in a user namespace that is not below porthole's, \
             or a security module forbids it",
            refused.cause
        );
        Gap::new(GapKind::Permission, what(process), cause)
            .with_remedy("run porthole on the host itself, as root")
    }

    /// The user namespace that the view of the files belongs to is the one that decides (`user_namespaces(7)`).
    fn may_join(&self, process: Pid, view: &File) -> Result<(), Gap> {
        let asked = |error| gap(what(process), "ioctl_ns", error, Right::Root);
        let own = File::open(self.proc.path("self/ns/user")).map_err(asked)?;
        let standing = match owner(view).and_then(|users| standing(users, &own)) {
            Err(error) if Errno::from_io_error(&error) == Some(Errno::PERM) => Standing::Elsewhere,
            // Before Linux 4.9 nothing tells: it is seen when it is tried.
            Err(error) if is_unknown(&error) => Standing::Own,
            standing => standing.map_err(asked)?,
        };
        match standing {
            Standing::Own => self.has_all(process),
            Standing::Below { maker } => self.rules_below(process, maker),
            Standing::Elsewhere => {
                let cause = "its files belong to a user namespace that is not below porthole's own";
                Err(Gap::new(GapKind::Permission, what(process), cause)
                    .with_remedy("run porthole on the host itself, as root"))
            }
        }
    }

    fn has_all(&self, process: Pid) -> Result<(), Gap> {
        let missing: Vec<_> = NEEDED.into_iter().filter(|name| !self.has(name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.join(" and ");
        Err(Gap::new(GapKind::Permission, what(process), format!("porthole lacks {missing}"))
            .with_remedy(format!("run porthole as root, or with {missing}")))
    }

    fn rules_below(&self, process: Pid, maker: u32) -> Result<(), Gap> {
        let user = self.privilege().uid.0;
        if maker == user || self.has("CAP_SYS_ADMIN") {
            return Ok(());
        }
        let cause = format!(
            "its user namespace was made by user {maker}, and porthole, run by user {user}, lacks CAP_SYS_ADMIN"
        );
        Err(Gap::new(GapKind::Permission, what(process), cause)
            .with_remedy(format!("run porthole as root, or as user {maker}")))
    }

    fn has(&self, capability: &str) -> bool {
        self.privilege().capabilities.iter().any(|name| name == capability)
    }
}

fn what(process: Pid) -> String {
    format!("way into process {process}")
}

fn is_unknown(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOTTY | Errno::INVAL | Errno::NOSYS))
}
