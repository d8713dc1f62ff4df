//! Turns a refused or failed call into a gap: which call, which error, and which right would give the fact.

use std::io;

use porthole_model::{Gap, GapKind, NetnsId};
use rustix::io::Errno;

/// The right that a call needs when the kernel refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// To enter a namespace (setns(2)).
    SystemAdministration,
    /// To look into another user's process (ptrace(2), "access mode checking").
    Tracing,
    /// Root alone, or the owner of a file.
    Root,
}

impl Right {
    fn remedy(self) -> &'static str {
        match self {
            Self::SystemAdministration => "run porthole as root, or with CAP_SYS_ADMIN",
            Self::Tracing => "run porthole as root, or with CAP_SYS_PTRACE",
            Self::Root => "run porthole as root",
        }
    }
}

/// The gap that a failed call leaves. The call is named as a person would look it up: `setns`, a path.
pub(crate) fn gap(what: impl Into<String>, call: &str, error: impl Into<io::Error>, right: Right) -> Gap {
    let error = error.into();
    let kind = kind(&error);
    let gap = Gap::new(kind, what, format!("{call}: {error}"));
    if kind == GapKind::Permission { gap.with_remedy(right.remedy()) } else { gap }
}

/// Why a packet is not sent, or does not arrive, in words.
pub(crate) fn unreachable_words(error: &io::Error) -> String {
    match Errno::from_io_error(error) {
        Some(Errno::NETUNREACH) => "there is no route to it".to_owned(),
        Some(Errno::HOSTUNREACH) => "no host answers at that address".to_owned(),
        Some(Errno::PERM | Errno::ACCESS) => "a firewall rule of that network namespace drops it".to_owned(),
        _ => error.to_string(),
    }
}

/// Whether the process or thread that was read has ended.
pub(crate) fn is_vanished(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH))
}

/// How messages call a namespace.
pub(crate) fn namespace_name(id: NetnsId) -> String {
    format!("network namespace {id}")
}

fn kind(error: &io::Error) -> GapKind {
    match Errno::from_io_error(error) {
        Some(Errno::PERM | Errno::ACCESS) => GapKind::Permission,
        Some(Errno::NOENT | Errno::SRCH) => GapKind::Vanished,
        Some(
            Errno::OPNOTSUPP | Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT | Errno::NOSYS | Errno::NOPROTOOPT,
        ) => GapKind::Unsupported,
        _ => GapKind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_call_names_itself_its_error_and_its_right() {
        let gap = gap("sockets", "setns", Errno::PERM, Right::SystemAdministration);
        assert_eq!(gap.kind, GapKind::Permission);
        assert_eq!(gap.cause, "setns: Operation not permitted (os error 1)");
        assert!(gap.remedy.unwrap().contains("CAP_SYS_ADMIN"));
    }

    #[test]
    fn an_ended_process_needs_no_right() {
        let gap = gap("process 7", "/proc/7/stat", Errno::SRCH, Right::Tracing);
        assert_eq!((gap.kind, gap.remedy), (GapKind::Vanished, None));
    }
}
