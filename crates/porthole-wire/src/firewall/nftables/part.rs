//! What a register holds: fields of the packet, data of the rule, or what a map said.

use porthole_model::firewall::{Field, Lookup};

use super::kind::Kind;

/// A field of the packet as it lies in registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) field: Field,
    pub(super) kind: Kind,
    /// Bytes that are there; fewer than the field has, where only its beginning was loaded.
    pub(super) length: usize,
    /// Bytes that the field has.
    pub(super) whole: usize,
}

impl Part {
    pub(super) fn new(field: Field, kind: Kind, length: usize) -> Self {
        Self { field, kind, length, whole: length }
    }
}

/// What a register holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Fields that lie side by side, under a mask (after which `flip` is turned over) where there is one.
    Fields { parts: Vec<Part>, mask: Option<Vec<u8>>, flip: Option<Vec<u8>> },
    /// Data of the rule.
    Data(Vec<u8>),
    /// What a map said; `true` for what lies behind the first four or sixteen bytes of it.
    Mapped(Lookup),
    /// Something by chance or by time, in words.
    Fork(porthole_model::firewall::Fork),
}

impl Content {
    pub(super) fn field(field: Field, kind: Kind, length: usize) -> Self {
        Self::Fields { parts: vec![Part::new(field, kind, length)], mask: None, flip: None }
    }

    pub(super) fn parts(parts: Vec<Part>) -> Self {
        Self::Fields { parts, mask: None, flip: None }
    }
}
