//! Which container is meant, in words when it cannot be told.

use porthole_analysis::target::{self, Named, Target, TargetError};
use porthole_model::Snapshot;

use crate::error::CommandError;

/// The running container or process that `text` names in a snapshot.
pub(crate) fn in_snapshot(snapshot: &Snapshot, text: &str) -> Result<Target, CommandError> {
    if is_process(text) {
        return among(&[], text);
    }
    let containers = snapshot.engine.known()?.containers.known()?;
    among(&containers.iter().map(Named::from).collect::<Vec<_>>(), text)
}

/// The running container or process that `text` names among these.
pub(crate) fn among(containers: &[Named], text: &str) -> Result<Target, CommandError> {
    target::resolve_running(containers, text).map_err(CommandError::from)
}

/// Whether `text` names a process, which needs no engine.
pub(crate) fn is_process(text: &str) -> bool {
    text.starts_with("pid:")
}

impl From<TargetError> for CommandError {
    fn from(error: TargetError) -> Self {
        error.hints().into_iter().fold(Self::new(error.to_string()), Self::hint)
    }
}
