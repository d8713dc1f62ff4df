//! Which container a user means: by name, id, unique beginning of either, or `pid:N`.

use porthole_model::{Container, ContainerId, ContainerState, Pid};
use thiserror::Error;

/// How many near names an error offers.
const NEAR_NAMES: usize = 3;

/// What a container is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its name, without the slash.
    pub name: String,
    /// Its id.
    pub id: ContainerId,
    /// Its state.
    pub state: ContainerState,
}

impl Named {
    /// Whether it has processes.
    pub fn is_alive(&self) -> bool {
        matches!(self.state, ContainerState::Running | ContainerState::Paused)
    }
}

impl From<&Container> for Named {
    fn from(container: &Container) -> Self {
        Self { name: container.name.clone(), id: container.id.clone(), state: container.state.clone() }
    }
}

/// What a user meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A container of the engine.
    Container(Named),
    /// A process, and so the namespaces it lives in.
    Process(Pid),
}

/// Why a text names no container.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// None has that name or id.
    #[error("there is no container '{text}'")]
    NotFound {
        /// What was typed.
        text: String,
        /// Names that are close to it.
        near: Vec<String>,
    },
    /// Several begin like that.
    #[error("'{text}' may be any of {} containers", candidates.len())]
    Ambiguous {
        /// What was typed.
        text: String,
        /// Those it may be.
        candidates: Vec<Named>,
    },
    /// It has no processes.
    #[error("container '{}' is not running: its state is {}", container.name, container.state)]
    NotRunning {
        /// The container.
        container: Named,
    },
    /// Behind `pid:` stands no process id.
    #[error("'{text}' does not name a process: pid: is followed by a number, as in pid:4711")]
    NotAProcess {
        /// What was typed.
        text: String,
    },
}

impl TargetError {
    /// What the user can do.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::NotFound { near, .. } if near.is_empty() => {
                vec!["docker ps --all lists all containers".to_owned()]
            }
            Self::NotFound { near, .. } => {
                let near: Vec<_> = near.iter().map(|name| format!("'{name}'")).collect();
                vec![format!("did you mean {}?", near.join(" or "))]
            }
            Self::Ambiguous { candidates, .. } => {
                let line = |named: &Named| format!("'{}' has the id {}", named.name, named.id.short());
                candidates.iter().map(line).chain(["type more of it".to_owned()]).collect()
            }
            Self::NotRunning { container } => {
                vec![format!("start it: docker start {}", crate::shell::word(&container.name))]
            }
            Self::NotAProcess { .. } => vec!["docker top CONTAINER lists process ids".to_owned()],
        }
    }
}

/// The container or process that `text` names, whatever its state.
///
/// An exact name wins over an exact id, that over the unique beginning of an id, that over that of a name.
pub fn resolve(containers: &[Named], text: &str) -> Result<Target, TargetError> {
    if let Some(number) = text.strip_prefix("pid:") {
        return process(text, number);
    }
    let wanted = text.strip_prefix('/').unwrap_or(text);
    let exact = containers.iter().find(|named| named.name == wanted);
    match exact.or_else(|| containers.iter().find(|named| named.id.0 == wanted)) {
        Some(named) => Ok(Target::Container(named.clone())),
        None => by_beginning(containers, text, wanted),
    }
}

/// The same, of what has processes.
pub fn resolve_running(containers: &[Named], text: &str) -> Result<Target, TargetError> {
    match resolve(containers, text)? {
        Target::Container(container) if !container.is_alive() => Err(TargetError::NotRunning { container }),
        target => Ok(target),
    }
}

fn process(text: &str, number: &str) -> Result<Target, TargetError> {
    match number.parse() {
        Ok(pid) if pid > 0 => Ok(Target::Process(Pid(pid))),
        _ => Err(TargetError::NotAProcess { text: text.to_owned() }),
    }
}

fn by_beginning(containers: &[Named], text: &str, wanted: &str) -> Result<Target, TargetError> {
    let beginning = |part: fn(&Named) -> &str| -> Vec<&Named> {
        containers.iter().filter(|named| !wanted.is_empty() && part(named).starts_with(wanted)).collect()
    };
    let by_id = beginning(|named| &named.id.0);
    let found = if by_id.is_empty() { beginning(|named| &named.name) } else { by_id };
    match found.as_slice() {
        [] => Err(TargetError::NotFound { text: text.to_owned(), near: near(containers, wanted) }),
        [named] => Ok(Target::Container((*named).clone())),
        several => Err(TargetError::Ambiguous {
            text: text.to_owned(),
            candidates: several.iter().map(|named| (*named).clone()).collect(),
        }),
    }
}

/// The names nearest to `wanted`: those it is a part of, and those at most a third of it away.
fn near(containers: &[Named], wanted: &str) -> Vec<String> {
    let bound = wanted.chars().count().div_ceil(3);
    let mut near: Vec<_> = containers
        .iter()
        .map(|named| (distance(&named.name, wanted), &named.name))
        .filter(|(distance, name)| *distance <= bound || (!wanted.is_empty() && name.contains(wanted)))
        .collect();
    near.sort();
    near.into_iter().take(NEAR_NAMES).map(|(_, name)| name.clone()).collect()
}

/// Levenshtein's distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.chars().enumerate() {
        let mut next = vec![line + 1];
        for (column, (to, pair)) in right.iter().zip(row.windows(2)).enumerate() {
            let [diagonal, above] = pair else { continue };
            let beside = next.get(column).copied().unwrap_or(usize::MAX - 1);
            next.push((diagonal + usize::from(from != *to)).min(above + 1).min(beside + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
