//! Sets and maps of nftables, and the statements that look into them.

use serde::{Deserialize, Serialize};

use super::{Counter, Field, ValueTest, Verdict};
use crate::Observed;

/// A named set or map of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallSet {
    /// Its name.
    pub name: String,
    /// The types of its key's parts, by nft's names: `ipv4_addr`, `inet_service`.
    pub key: Vec<String>,
    /// The types of what it maps to; `verdict` alone in a verdict map, none in a set.
    pub outcome: Vec<String>,
    /// Its flags in nft's words: `interval`, `timeout`, `dynamic`, `constant`.
    pub flags: Vec<String>,
    /// What is in it.
    pub elements: Observed<Vec<SetElement>>,
}

/// An element of a set or map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetElement {
    /// What it holds for.
    pub key: SetKey,
    /// What a map says there.
    pub outcome: Option<SetOutcome>,
    /// For how long it is still in the set, in milliseconds.
    pub expires_in: Option<u64>,
    /// How many packets it was found for, where the set counts.
    pub counter: Option<Counter>,
    /// What its author noted.
    pub comment: Option<String>,
}

/// What an element holds for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetKey {
    /// Each part of the key by its own test; all must hold.
    Parts(Vec<ValueTest>),
    /// Whatever no other element holds for (`*`).
    Otherwise,
}

/// What a map says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SetOutcome {
    /// A verdict.
    Verdict(Verdict),
    /// Values, each with its range where it has one.
    Values(Vec<ValueTest>),
}

/// A look into a set or map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// The fields that make up the key.
    pub fields: Vec<Field>,
    /// Whether it holds where the set does not have the key.
    pub negated: bool,
    /// Where.
    pub elements: Elements,
}

/// Where a lookup looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Elements {
    /// In the set or map of that name, of the rule's own table.
    Named(String),
    /// In what the rule itself holds.
    Inline(Vec<SetElement>),
}

/// A verdict by a map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictMap {
    /// The fields that make up the key.
    pub fields: Vec<Field>,
    /// The map.
    pub elements: Elements,
}
