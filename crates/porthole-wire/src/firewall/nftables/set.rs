//! Sets, maps and their elements.

use std::collections::BTreeMap;

use porthole_model::Observed;
use porthole_model::firewall::{Counter, FirewallSet, SetElement, SetKey, SetOutcome, ValueTest};

use super::data::{self, Data};
use super::data_type::{self, KeyPart};
use super::{GETSET, GETSETELEM};
use crate::netlink::NetlinkError;
use crate::netlink::attribute::{Attribute, Attributes};
use crate::netlink::message::Request;
use crate::netlink::netfilter::{Subsystem, split};

const WHAT: &str = "set";
const ANONYMOUS: u32 = 0x1;
const INTERVAL: u32 = 0x4;
const MAP: u32 = 0x8;
const VERDICT_TYPE: u32 = 0xffff_ff00;

/// `enum nft_set_flags` in nft's words, as far as they matter to who reads the set.
const FLAG_WORDS: [(u32, &str); 4] =
    [(0x2, "constant"), (INTERVAL, "interval"), (0x10, "timeout"), (0x20, "dynamic")];

/// Asks for all sets of all tables.
pub(super) fn request() -> Request {
    Subsystem::Nftables.dump(GETSET, 0)
}

/// A set before it is put into its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRecord {
    pub(super) id: SetId,
    flags: u32,
    pub(super) key: Vec<KeyPart>,
    pub(super) key_length: usize,
    outcome: Outcome,
    /// What is in it, once it was asked for.
    pub elements: Observed<Vec<SetElement>>,
}

/// Which set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SetId {
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    None,
    Verdict,
    Values(Vec<KeyPart>),
}

/// The sets by their names.
#[derive(Debug, Default)]
pub struct Sets(BTreeMap<SetId, SetRecord>);

impl Sets {
    pub(super) fn find(&self, family: u8, table: &str, name: &str) -> Option<&SetRecord> {
        self.0.get(&SetId { family, table: table.to_owned(), name: name.to_owned() })
    }

    /// The named ones of a table.
    pub(super) fn of_table(&self, family: u8, table: &str) -> Vec<FirewallSet> {
        let own = self.0.values().filter(|set| set.id.family == family && set.id.table == table);
        own.filter(|set| !set.is_anonymous()).map(SetRecord::to_set).collect()
    }
}

impl FromIterator<SetRecord> for Sets {
    fn from_iter<T: IntoIterator<Item = SetRecord>>(sets: T) -> Self {
        Self(sets.into_iter().map(|set| (set.id.clone(), set)).collect())
    }
}

impl SetRecord {
    /// Decodes a set, without its elements.
    pub fn decode(payload: &[u8]) -> Result<Self, NetlinkError> {
        let (family, attributes) = split(WHAT, payload)?;
        let text = |kind, part| {
            attributes.find(kind).map(|value| value.text()).ok_or(NetlinkError::Lacks { what: WHAT, part })
        };
        let number = |kind| attributes.find(kind).and_then(|value| value.be32()).unwrap_or(0);
        let flags = number(3);
        let (key_length, in_intervals) = (number(5) as usize, flags & INTERVAL != 0);
        let outcome = match number(6) {
            _ if flags & MAP == 0 => Outcome::None,
            VERDICT_TYPE => Outcome::Verdict,
            kind => Outcome::Values(data_type::parts(kind, number(7) as usize, &[], false)),
        };
        Ok(Self {
            id: SetId { family, table: text(1, "table")?, name: text(2, "name")? },
            flags,
            key: data_type::parts(number(4), key_length, &part_lengths(attributes), in_intervals),
            key_length,
            outcome,
            elements: Observed::Known(Vec::new()),
        })
    }

    /// Asks for its elements.
    pub fn elements_request(&self) -> Request {
        let name = |text: &str| [text.as_bytes(), &[0]].concat();
        Subsystem::Nftables
            .dump(GETSETELEM, self.id.family)
            .with_attribute(1, &name(&self.id.table))
            .with_attribute(2, &name(&self.id.name))
    }

    /// What a person calls it.
    pub fn name(&self) -> String {
        format!("set {} of table {}", self.id.name, self.id.table)
    }

    /// Joins the elements of all messages; ends of intervals are messages of their own.
    pub fn join(&self, raw: Vec<RawElement>) -> Vec<SetElement> {
        if self.flags & INTERVAL == 0 || raw.iter().any(|element| element.key_end.is_some()) {
            return raw.into_iter().map(|element| self.element(element, None)).collect();
        }
        self.intervals(raw)
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.flags & ANONYMOUS != 0
    }

    /// An element begins an interval that the next end, which is not in it, ends.
    fn intervals(&self, mut raw: Vec<RawElement>) -> Vec<SetElement> {
        raw.sort_by(|one, other| (&one.key, !one.is_end()).cmp(&(&other.key, !other.is_end())));
        let mut elements = Vec::new();
        let mut begun: Option<RawElement> = None;
        for element in raw {
            if element.is_otherwise() {
                elements.push(self.element(element, None));
                continue;
            }
            if let Some(first) = begun.take() {
                let last = predecessor(&element.key);
                elements.push(self.element(first, Some(&last)));
            }
            begun = (!element.is_end()).then_some(element);
        }
        if let Some(first) = begun {
            let last = vec![0xff; first.key.len()];
            elements.push(self.element(first, Some(&last)));
        }
        elements
    }

    fn element(&self, raw: RawElement, last: Option<&[u8]>) -> SetElement {
        let last = last.or(raw.key_end.as_deref()).unwrap_or(&raw.key);
        let key = if raw.is_otherwise() {
            SetKey::Otherwise
        } else {
            SetKey::Parts(tests(&self.key, &raw.key, last))
        };
        SetElement {
            key,
            outcome: self.outcome_of(&raw),
            expires_in: raw.expires_in,
            counter: raw.counter,
            comment: raw.comment,
        }
    }

    fn outcome_of(&self, raw: &RawElement) -> Option<SetOutcome> {
        match (&raw.outcome, &self.outcome) {
            (Some(RawOutcome::Verdict(verdict)), _) => Some(SetOutcome::Verdict(verdict.clone())),
            (Some(RawOutcome::Value(value)), Outcome::Values(parts)) => {
                Some(SetOutcome::Values(tests(parts, value, value)))
            }
            (Some(RawOutcome::Value(value)), _) => {
                let bytes = porthole_model::firewall::Value::Bytes(value.clone());
                Some(SetOutcome::Values(vec![ValueTest::Is(bytes)]))
            }
            (Some(RawOutcome::Object(name)), _) => {
                let name = porthole_model::firewall::Value::Name(name.clone());
                Some(SetOutcome::Values(vec![ValueTest::Is(name)]))
            }
            (None, _) => None,
        }
    }

    fn to_set(&self) -> FirewallSet {
        let names = |parts: &[KeyPart]| parts.iter().map(|part| part.name.clone()).collect();
        let outcome = match &self.outcome {
            Outcome::None => Vec::new(),
            Outcome::Verdict => vec!["verdict".to_owned()],
            Outcome::Values(parts) => names(parts),
        };
        let flags = FLAG_WORDS.iter().filter(|(bit, _)| self.flags & bit != 0);
        FirewallSet {
            name: self.id.name.clone(),
            key: names(&self.key),
            outcome,
            flags: flags.map(|(_, word)| (*word).to_owned()).collect(),
            elements: self.elements.clone(),
        }
    }
}

/// `NFTA_SET_DESC_CONCAT`: the lengths of a concatenation's parts, where the set says them.
fn part_lengths(attributes: Attributes<'_>) -> Vec<usize> {
    let lengths = || -> Option<Vec<usize>> {
        let description = attributes.find(9)?.nested(WHAT).ok()?;
        let parts = description.find(2)?.nested(WHAT).ok()?;
        parts.into_iter().map(|part| Some(part.nested(WHAT).ok()?.find(1)?.be32()? as usize)).collect()
    };
    lengths().unwrap_or_default()
}

/// The tests of a key's parts; each part begins at a multiple of four bytes.
fn tests(parts: &[KeyPart], from: &[u8], to: &[u8]) -> Vec<ValueTest> {
    let mut at = 0;
    let mut tests = Vec::new();
    for part in parts {
        let piece = |bytes: &[u8]| {
            let end = (at + part.length).min(bytes.len());
            bytes.get(at..end).unwrap_or_default().to_vec()
        };
        tests.push(part.kind.range(&piece(from), &piece(to)));
        at += part.length.next_multiple_of(4);
    }
    tests
}

/// The key before this one.
fn predecessor(key: &[u8]) -> Vec<u8> {
    let mut key = key.to_vec();
    for byte in key.iter_mut().rev() {
        let (less, borrowed) = byte.overflowing_sub(1);
        *byte = less;
        if !borrowed {
            break;
        }
    }
    key
}

/// An element as the kernel tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawElement {
    key: Vec<u8>,
    key_end: Option<Vec<u8>>,
    flags: u32,
    outcome: Option<RawOutcome>,
    expires_in: Option<u64>,
    counter: Option<Counter>,
    comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum RawOutcome {
    Verdict(porthole_model::firewall::Verdict),
    Value(Vec<u8>),
    Object(String),
}

impl RawElement {
    /// Decodes the elements of a message.
    pub fn decode(payload: &[u8]) -> Result<Vec<Self>, NetlinkError> {
        let (_, attributes) = split("set's element", payload)?;
        let Some(list) = attributes.find(3) else { return Ok(Vec::new()) };
        list.nested("set's element")?.into_iter().map(Self::of).collect()
    }

    fn of(attribute: Attribute<'_>) -> Result<Self, NetlinkError> {
        let attributes = attribute.nested("set's element")?;
        let value = |kind| data::value(attributes, kind).map(<[u8]>::to_vec);
        let outcome = attributes.find(2).and_then(data::data).map(|data| match data {
            Data::Verdict(verdict) => RawOutcome::Verdict(verdict),
            Data::Value(value) => RawOutcome::Value(value.to_vec()),
        });
        let object = attributes.find(9).map(|name| RawOutcome::Object(name.text()));
        Ok(Self {
            key: value(1).unwrap_or_default(),
            key_end: value(10),
            flags: attributes.find(3).and_then(|flags| flags.be32()).unwrap_or(0),
            outcome: outcome.or(object),
            expires_in: attributes.find(5).and_then(|time| time.be64()),
            counter: counter(attributes),
            comment: attributes.find(6).and_then(|user_data| data::comment(user_data.value)),
        })
    }

    fn is_end(&self) -> bool {
        self.flags & 1 != 0
    }

    fn is_otherwise(&self) -> bool {
        self.flags & 2 != 0
    }
}

/// A set counts by an expression of its own, or by one of several.
fn counter(attributes: Attributes<'_>) -> Option<Counter> {
    let several = attributes.find(11).and_then(|list| list.nested(WHAT).ok());
    let listed = several.into_iter().flatten();
    attributes.find(7).into_iter().chain(listed).find_map(|attribute| {
        let (name, inner) = data::expression(attribute)?;
        if name == "counter" { data::counter(inner) } else { None }
    })
}
