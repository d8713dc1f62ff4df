//! How two recordings of the same command differ.

use crate::Exchange;

/// How two recordings of the same command differ: the left one is the first that was named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficDiff {
    /// What was compared: left and right.
    pub sides: [DiffSide; 2],
    /// Calls of both recordings that do not differ.
    pub same: u64,
    /// Calls of both recordings, differing or not, that came in another order.
    pub reordered: u64,
    /// The calls that differ, in the order of the left recording, those of the right one between them.
    pub calls: Vec<CallDifference>,
    /// Calls of both recordings of which a body was not kept, or not whole, and so was not compared.
    pub bodies_not_compared: u64,
}

/// A recording that was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiffSide {
    /// The calls that were compared.
    pub calls: u64,
    /// Whether there were more calls than are compared.
    pub has_more: bool,
    /// The API versions that were asked for.
    pub api_versions: Vec<String>,
    /// What the clients called themselves.
    pub user_agents: Vec<String>,
}

/// A call that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallDifference {
    /// Only the left recording has it.
    OnlyLeft(Box<Exchange>),
    /// Only the right recording has it.
    OnlyRight(Box<Exchange>),
    /// Both have it.
    Changed(Box<ChangedCall>),
}

/// A call of both recordings that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedCall {
    /// As the left recording has it.
    pub left: Exchange,
    /// As the right recording has it.
    pub right: Exchange,
    /// In what it differs; never empty.
    pub changes: Vec<Change>,
}

/// Something in which a call differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What.
    pub part: ChangedPart,
    /// What the left recording has: a text, a value in JSON, or a kind of value; `None` where it has nothing there.
    pub left: Option<String>,
    /// What the right recording has.
    pub right: Option<String>,
}

/// In what a call may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedPart {
    /// The name of the thing that it is about.
    About,
    /// The answer's status.
    Status,
    /// The failure inside a success.
    Failure,
    /// How it ended.
    End,
    /// The exit code of the exec, or of the container that was waited for.
    ExitCode,
    /// What the connection became.
    Upgrade,
    /// A parameter of the query.
    Parameter(String),
    /// The request's body where it is not JSON in both, or is in one only.
    RequestBody,
    /// A field of the request's body, by its path: `HostConfig.Mounts[0].Type`.
    RequestField(String),
    /// A key of the answer's body: `NetworkSettings.Networks.*.GwPriority`. The values are kinds of values.
    AnswerKey(String),
    /// A value of the answer's body that equal calls have in common.
    AnswerValue(String),
    /// The time that the engine took. It alone makes no difference.
    Time,
}

impl TrafficDiff {
    /// Whether nothing but times differs.
    pub fn is_same(&self) -> bool {
        self.calls.iter().all(|call| match call {
            CallDifference::OnlyLeft(_) | CallDifference::OnlyRight(_) => false,
            CallDifference::Changed(call) => {
                call.changes.iter().all(|change| change.part == ChangedPart::Time)
            }
        })
    }
}
