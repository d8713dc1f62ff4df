//! Which call of one recording is which call of the other.

use std::collections::{HashMap, VecDeque};

use porthole_model::{Exchange, ResourceKind};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::volatile::{is_id, steady};

/// A step through both recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A call of the left recording alone.
    Left(usize),
    /// A call of the right recording alone.
    Right(usize),
    /// A call of both; `moved` where the order differs.
    Both { left: usize, right: usize, moved: bool },
}

/// By what calls are known again: the operation, the kind of its thing, and its name where that is no id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    call: String,
    kind: Option<ResourceKind>,
    name: Option<String>,
}

/// The calls of both in the order of the left one, those of the right one alone between them. First the longest common
/// order is found, then what came in another order, then the same call on a thing of another name.
pub(super) fn steps(left: &[Exchange], right: &[Exchange]) -> Vec<Step> {
    let [left_keys, right_keys] = [left, right].map(|side| side.iter().map(Key::of).collect::<Vec<_>>());
    let (left_numbers, right_numbers) = numbered(&left_keys, &right_keys);
    let ops = capture_diff_slices(Algorithm::Myers, &left_numbers, &right_numbers);
    let mut found = in_order(&ops, left.len());
    match_rest(&mut found, &left_keys, &right_keys, true);
    let strip = |keys: Vec<Key>| keys.into_iter().map(|key| Key { name: None, ..key }).collect::<Vec<_>>();
    match_rest(&mut found, &strip(left_keys), &strip(right_keys), false);
    merged(&found, right.len())
}

/// The keys by numbers, which compare faster.
fn numbered<'a>(left: &'a [Key], right: &'a [Key]) -> (Vec<usize>, Vec<usize>) {
    let mut numbers: HashMap<&'a Key, usize> = HashMap::new();
    let mut number = |key: &'a Key| {
        let next = numbers.len();
        *numbers.entry(key).or_insert(next)
    };
    (left.iter().map(&mut number).collect(), right.iter().map(&mut number).collect())
}

/// For each call of the left recording, the right one's, and whether it moved.
type Found = Vec<Option<(usize, bool)>>;

fn in_order(ops: &[DiffOp], calls: usize) -> Found {
    let mut found = vec![None; calls];
    for op in ops {
        if let DiffOp::Equal { old_index, new_index, len } = *op {
            for place in 0..len {
                found[old_index + place] = Some((new_index + place, false));
            }
        }
    }
    found
}

fn match_rest(found: &mut Found, left: &[Key], right: &[Key], moved: bool) {
    let mut free = vec![true; right.len()];
    found.iter().flatten().for_each(|(place, _)| free[*place] = false);
    let mut waiting: HashMap<&Key, VecDeque<usize>> = HashMap::new();
    for (place, key) in right.iter().enumerate().filter(|(place, _)| free[*place]) {
        waiting.entry(key).or_default().push_back(place);
    }
    for (found, key) in found.iter_mut().zip(left).filter(|(found, _)| found.is_none()) {
        *found = waiting.get_mut(key).and_then(VecDeque::pop_front).map(|place| (place, moved));
    }
}

/// A call of the right recording alone stands behind the one that it followed there.
fn merged(found: &Found, right: usize) -> Vec<Step> {
    let mut taken = vec![false; right];
    found.iter().flatten().for_each(|(place, _)| taken[*place] = true);
    let mut steps = Vec::with_capacity(found.len() + right);
    let mut next = 0;
    for (left, found) in found.iter().enumerate() {
        match *found {
            None => steps.push(Step::Left(left)),
            Some((right, moved)) => {
                steps.extend((next..right).filter(|place| !taken[*place]).map(Step::Right));
                next = next.max(right);
                steps.push(Step::Both { left, right, moved });
            }
        }
    }
    steps.extend((next..right).filter(|place| !taken[*place]).map(Step::Right));
    steps
}

impl Key {
    fn of(exchange: &Exchange) -> Self {
        let resource = exchange.resource.as_ref();
        let is_new = |name: &str| is_id(name) || resource.is_some_and(|of| of.id.as_deref() == Some(name));
        let name = resource.map(|resource| resource.name.clone()).filter(|name| !is_new(name));
        Self { call: call(exchange), kind: resource.map(|resource| resource.kind), name }
    }
}

fn call(exchange: &Exchange) -> String {
    match &exchange.operation {
        Some(operation) => operation.clone(),
        None => format!("{} {}", exchange.method, steady(exchange.path())),
    }
}
