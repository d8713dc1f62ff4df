//! In what one call of two recordings differs.

use std::time::Duration;

use porthole_model::{Change, ChangedPart, Exchange, Upgrade};

use super::volatile::{is_id, steady};
use super::{answers, requests};

/// A time that is told apart from another is so many times as long,
const LONGER: u32 = 5;
/// and longer by at least this: machines are busy now and then.
const BY_AT_LEAST: Duration = Duration::from_millis(250);

/// The heads and bodies of a call, as far as they were kept.
#[derive(Clone, Debug, Default)]
pub struct CallBodies {
    /// The header lines of the request.
    pub request_head: Vec<u8>,
    /// The request's body; `None` where it was not kept whole.
    pub request: Option<Vec<u8>>,
    /// The answer's body; `None` where it was not kept whole.
    pub answer: Option<Vec<u8>>,
}

impl CallBodies {
    /// What the client calls itself.
    pub(super) fn user_agent(&self) -> Option<String> {
        let head = String::from_utf8_lossy(&self.request_head);
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        found.map(|(_, value)| value.trim().to_owned())
    }
}

/// In what a call differs, and whether all its bodies could be compared. A stream has none.
pub(super) fn changes(
    [left, right]: [&Exchange; 2],
    [left_bodies, right_bodies]: &[CallBodies; 2],
) -> (Vec<Change>, bool) {
    let mut changes = outcome(left, right);
    changes.extend(requests::parameters(left.query(), right.query()));
    let requests = left_bodies.request.as_deref().zip(right_bodies.request.as_deref());
    changes.extend(requests.into_iter().flat_map(|(left, right)| requests::fields(left, right)));
    let is_stream = left.upgraded.is_some() || right.upgraded.is_some();
    let answers = left_bodies.answer.as_deref().zip(right_bodies.answer.as_deref()).filter(|_| !is_stream);
    changes.extend(answers.into_iter().flat_map(|(left, right)| answers::answer(left, right)));
    changes.extend(time(left, right));
    (changes, is_stream || requests.is_some() && answers.is_some())
}

fn outcome(left: &Exchange, right: &Exchange) -> Vec<Change> {
    let text = |status: u16| status.to_string();
    let code = |call: &Exchange| call.exec.as_ref().and_then(|exec| exec.exit_code).or(call.exit_code);
    let mut parts = vec![
        about(left, right),
        change(ChangedPart::Status, left.status.map(text), right.status.map(text)),
        change(ChangedPart::Failure, failure(left), failure(right)),
        change(
            ChangedPart::ExitCode,
            code(left).map(|code| code.to_string()),
            code(right).map(|code| code.to_string()),
        ),
        change(ChangedPart::Upgrade, upgrade(left), upgrade(right)),
    ];
    // How it ended depends on who is faster, unless it is a failure.
    if left.has_failed() != right.has_failed() {
        let end = |call: &Exchange| Some(call.end.word().to_owned());
        parts.push(change(ChangedPart::End, end(left), end(right)));
    }
    parts.into_iter().flatten().collect()
}

fn about(left: &Exchange, right: &Exchange) -> Option<Change> {
    let [left, right] = [left, right].map(|call| call.resource.as_ref());
    let (left, right) = left.zip(right)?;
    let is_new = |name: &String, id: &Option<String>| is_id(name) || id.as_ref() == Some(name);
    if is_new(&left.name, &left.id) || is_new(&right.name, &right.id) {
        return None;
    }
    change(ChangedPart::About, Some(left.name.clone()), Some(right.name.clone()))
}

fn failure(call: &Exchange) -> Option<String> {
    call.failure.as_deref().map(|text| steady(text).into_owned())
}

fn upgrade(call: &Exchange) -> Option<String> {
    call.upgraded.as_ref().map(Upgrade::to_string)
}

fn change(part: ChangedPart, left: Option<String>, right: Option<String>) -> Option<Change> {
    (left != right).then_some(Change { part, left, right })
}

/// In whole milliseconds.
fn time(left: &Exchange, right: &Exchange) -> Option<Change> {
    let (left, right) = (left.answer_time(), right.answer_time());
    let (short, long) = (left.min(right), left.max(right));
    let is_large = long.saturating_sub(short) >= BY_AT_LEAST && long >= short.saturating_mul(LONGER);
    let text = |time: Duration| Some(format!("{}ms", time.as_millis()));
    is_large.then(|| Change { part: ChangedPart::Time, left: text(left), right: text(right) })
}
