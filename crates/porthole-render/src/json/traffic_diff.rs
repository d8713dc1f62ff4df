//! How two recordings differ, as JSON.

use porthole_model::{CallDifference, Change, ChangedPart, ContainerNames, DiffSide, Exchange, TrafficDiff};
use schemars::JsonSchema;
use serde::Serialize;

use super::exchange::ExchangeItem;
use super::{SCHEMA_VERSION, pretty};

/// How two recordings of the same command differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole traffic diff")]
pub struct TrafficDiffDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// Whether nothing but times differs.
    pub same: bool,
    /// The first recording.
    pub a: DiffSideItem,
    /// The second recording.
    pub b: DiffSideItem,
    /// How many calls of both do not differ.
    pub same_calls: u64,
    /// How many calls of both came in another order, which is no difference.
    pub reordered_calls: u64,
    /// How many calls of both had a body that was not kept whole, and so was not compared.
    pub bodies_not_compared: u64,
    /// The calls that differ.
    pub differences: Vec<CallDifferenceItem>,
}

/// A recording that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DiffSideItem {
    /// Its file.
    pub file: String,
    /// The calls that were compared.
    pub calls: u64,
    /// Whether there were more calls than are compared.
    pub has_more: bool,
    /// The API versions that were asked for.
    pub api_versions: Vec<String>,
    /// What the clients called themselves.
    pub user_agents: Vec<String>,
}

/// A call that differs: null on the side that does not have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallDifferenceItem {
    /// As the first recording has it.
    pub a: Option<ExchangeItem>,
    /// As the second recording has it.
    pub b: Option<ExchangeItem>,
    /// In what it differs, where both have it.
    pub changes: Vec<ChangeItem>,
}

/// Something in which a call differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChangeItem {
    /// What.
    pub part: ChangedPartWord,
    /// The parameter's name, or the path of the field or key.
    pub path: Option<String>,
    /// What the first recording has: a text, a value in JSON, or for a key of the answer the kind of its value; null
    /// where it has nothing there.
    pub a: Option<String>,
    /// What the second recording has.
    pub b: Option<String>,
}

/// In what a call may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangedPartWord {
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
    Parameter,
    /// The request's body as a whole.
    RequestBody,
    /// A field of the request's body.
    RequestField,
    /// A key of the answer's body.
    AnswerKey,
    /// A value of the answer's body.
    AnswerValue,
    /// The time that the engine took, which alone makes no difference.
    Time,
}

/// How two recordings differ, as JSON.
pub fn traffic_diff(diff: &TrafficDiff, [a, b]: [&str; 2]) -> String {
    let [left, right] = &diff.sides;
    pretty(&TrafficDiffDocument {
        schema_version: SCHEMA_VERSION,
        same: diff.is_same(),
        a: side(a, left),
        b: side(b, right),
        same_calls: diff.same,
        reordered_calls: diff.reordered,
        bodies_not_compared: diff.bodies_not_compared,
        differences: diff.calls.iter().map(CallDifferenceItem::from).collect(),
    })
}

fn side(file: &str, side: &DiffSide) -> DiffSideItem {
    DiffSideItem {
        file: file.to_owned(),
        calls: side.calls,
        has_more: side.has_more,
        api_versions: side.api_versions.clone(),
        user_agents: side.user_agents.clone(),
    }
}

impl From<&CallDifference> for CallDifferenceItem {
    fn from(difference: &CallDifference) -> Self {
        let item = |call: &Exchange| Some(ExchangeItem::new(call, &ContainerNames::default()));
        match difference {
            CallDifference::OnlyLeft(call) => Self { a: item(call), b: None, changes: Vec::new() },
            CallDifference::OnlyRight(call) => Self { a: None, b: item(call), changes: Vec::new() },
            CallDifference::Changed(call) => Self {
                a: item(&call.left),
                b: item(&call.right),
                changes: call.changes.iter().map(ChangeItem::from).collect(),
            },
        }
    }
}

impl From<&Change> for ChangeItem {
    fn from(change: &Change) -> Self {
        let (part, path) = part(&change.part);
        Self { part, path: path.cloned(), a: change.left.clone(), b: change.right.clone() }
    }
}

fn part(part: &ChangedPart) -> (ChangedPartWord, Option<&String>) {
    match part {
        ChangedPart::About => (ChangedPartWord::About, None),
        ChangedPart::Status => (ChangedPartWord::Status, None),
        ChangedPart::Failure => (ChangedPartWord::Failure, None),
        ChangedPart::End => (ChangedPartWord::End, None),
        ChangedPart::ExitCode => (ChangedPartWord::ExitCode, None),
        ChangedPart::Upgrade => (ChangedPartWord::Upgrade, None),
        ChangedPart::Parameter(name) => (ChangedPartWord::Parameter, Some(name)),
        ChangedPart::RequestBody => (ChangedPartWord::RequestBody, None),
        ChangedPart::RequestField(path) => (ChangedPartWord::RequestField, Some(path)),
        ChangedPart::AnswerKey(path) => (ChangedPartWord::AnswerKey, Some(path)),
        ChangedPart::AnswerValue(path) => (ChangedPartWord::AnswerValue, Some(path)),
        ChangedPart::Time => (ChangedPartWord::Time, None),
    }
}
