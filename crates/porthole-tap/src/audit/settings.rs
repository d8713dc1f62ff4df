//! What an audit says of itself, what it may refuse, and how it tells of trouble.

use std::fmt;
use std::sync::Arc;

use porthole_model::ContainerNames;

/// What an audit says of itself, what it may refuse, and how it tells of trouble.
#[derive(Clone)]
pub struct AuditSettings {
    /// The version of porthole.
    pub porthole_version: String,
    /// The engine behind the relay.
    pub endpoint: String,
    /// Whether a call that changes something is refused when its line cannot be written.
    pub required: bool,
    /// The names of the containers that there are.
    pub names: ContainerNames,
    /// Told of trouble, from whatever thread notices.
    pub notify: Arc<dyn Fn(AuditNotice) + Send + Sync>,
}

impl fmt::Debug for AuditSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AuditSettings").field("required", &self.required).finish_non_exhaustive()
    }
}

/// Trouble of an audit that goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditNotice {
    /// A place cannot be written; told once. It is tried again every second, and with each call that must be asked for.
    Stalled {
        /// The place.
        place: String,
        /// Why.
        cause: String,
    },
    /// Writing goes on.
    Resumed {
        /// The place.
        place: String,
        /// The calls whose lines were lost meanwhile.
        lost: u64,
    },
    /// A call was not let through.
    Refused {
        /// Its method and target.
        call: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for AuditNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stalled { place, cause } => {
                write!(formatter, "the audit {place} cannot be written: {cause}")
            }
            Self::Resumed { place, lost: 0 } => {
                write!(formatter, "the audit {place} goes on, nothing was lost")
            }
            Self::Resumed { place, lost } => {
                write!(formatter, "the audit {place} goes on, {lost} calls were lost")
            }
            Self::Refused { call, reason } => write!(formatter, "{call} was refused: {reason}"),
        }
    }
}
