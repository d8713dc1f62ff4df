//! What a line of an audit says, in the shape that `docs/audit.md` promises.

use jiff::Timestamp as Moment;
use porthole_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::{Answer, Call};
use super::chain::Torn;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    Opened,
    Asked,
    Answered,
    Refused,
    Lost,
    Closed,
}

/// What a line says behind its place in the chain.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Line<'a> {
    /// The first line of a file.
    Opened(Opened<'a>),
    /// A call is about to pass.
    Asked {
        event: Word,
        #[serde(flatten)]
        call: &'a Call,
    },
    /// A call ended.
    Answered {
        event: Word,
        /// The number of the line that asked.
        asked: Option<u64>,
        #[serde(flatten)]
        call: &'a Call,
        #[serde(flatten)]
        answer: &'a Answer,
    },
    /// A call was not let through.
    Refused {
        event: Word,
        /// The number of the line that asked.
        asked: Option<u64>,
        #[serde(flatten)]
        call: &'a Call,
        reason: &'a str,
    },
    /// Calls are missing here.
    Lost { event: Word, calls: u64, reason: &'a str },
    /// The last line of a file.
    Closed { event: Word, reason: &'a str },
}

/// The first line of a file.
#[derive(Debug, Serialize)]
pub(super) struct Opened<'a> {
    pub(super) event: Word,
    /// The version of porthole.
    pub(super) porthole: &'a str,
    /// The name of the host.
    pub(super) host: &'a str,
    /// The engine behind the relay.
    pub(super) engine: &'a str,
    /// Whether calls are refused that cannot be audited.
    pub(super) required: bool,
    /// Why a file was opened.
    pub(super) after: After,
    /// What was found behind the last whole line, such as after a loss of power.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) torn: Option<Torn>,
}

/// Why a file was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum After {
    /// A run began.
    Start,
    /// The file was moved away and porthole was told to open it anew.
    Rotation,
    /// The file became shorter while it was written: lines may be missing.
    Truncation,
    /// The file was removed.
    Removal,
    /// The place failed, and is there again.
    Failure,
}

/// RFC 3339 in UTC to the millisecond.
pub(super) fn rfc3339(moment: Timestamp) -> String {
    match Moment::from_millisecond(moment.0) {
        Ok(known) => known.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        Err(_) => format!("{} ms", moment.0),
    }
}
