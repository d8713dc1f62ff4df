//! Why there is no way inside, in words and with what can be done.

use porthole_host::{EntryFailure, FailureKind};
use porthole_model::{Gap, GapKind};

use crate::error::CommandError;

/// For a container that this host cannot be entered from.
pub(super) fn no_local_way(container: &str, reason: Gap) -> CommandError {
    let hint = match reason.kind {
        GapKind::Permission => reason.remedy,
        GapKind::Elsewhere => Some("run porthole on the engine's own host".to_owned()),
        GapKind::NotAsked => Some("leave --through-engine out".to_owned()),
        _ => Some("try again".to_owned()),
    };
    let error = CommandError::caused_by(format!("cannot enter {container} from here"), reason.cause);
    hint.into_iter().fold(error, CommandError::hint)
}

/// For a container that ran a moment ago.
pub(super) fn ended(name: &str) -> CommandError {
    CommandError::new(format!("{name} ended meanwhile")).hint("try again")
}

/// For a keeper that found no way in.
pub(super) fn not_entered(failure: EntryFailure) -> CommandError {
    let hint = match failure.kind {
        FailureKind::Refused => "porthole needs root, or CAP_SYS_ADMIN, CAP_SYS_PTRACE and CAP_SYS_CHROOT",
        FailureKind::Gone => "the container ended or started anew meanwhile: try again",
        FailureKind::Unsupported => {
            "porthole doctor shows the kernel's release; Linux 5.12 and newer can do all of it"
        }
        FailureKind::Absent => "ls and cat /etc/passwd inside show what is there",
        FailureKind::Other => return CommandError::caused_by("cannot get inside", failure),
    };
    CommandError::caused_by("cannot get inside", failure).hint(hint)
}
