//! From the engine's answers to nouns.

mod attachment;
mod container;
mod mount;
mod network;
mod port;
mod system;
mod text;

use std::collections::BTreeMap;

use porthole_model::{MaskedText, Secrets};

pub(crate) use container::{container, state};
pub(crate) use mount::mounts;
pub(crate) use network::network;
pub(crate) use system::{info, podman, version};
pub(crate) use text::time;

/// A value of the engine that is not what the API promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {value:?}")]
pub(crate) struct OddValue {
    /// The field, by the API's name.
    pub(crate) field: &'static str,
    /// What stands there.
    pub(crate) value: String,
}

/// Labels, their credentials masked.
fn labels(
    labels: impl IntoIterator<Item = (String, String)>,
    secrets: Secrets,
) -> BTreeMap<String, MaskedText> {
    let masked = |(name, value): (String, String)| {
        let value = MaskedText::value(&name, &value, secrets);
        (name, value)
    };
    labels.into_iter().map(masked).collect()
}

/// `value`, if it stands for something.
pub(crate) fn filled(value: String) -> Option<String> {
    Some(value).filter(|value| !value.is_empty())
}
