//! The matches and targets that iptables of either kind uses (`x_tables`): their structures as statements.
//!
//! Layouts follow `include/uapi/linux/netfilter/xt_*.h` and `netfilter_ipv{4,6}/`, by name and revision. What is not
//! known, or holds a condition that cannot be told, becomes an unknown statement.

mod conntrack;
mod matches;
mod targets;

pub(super) use matches::{address_test, interface_test, kind_of_number};
pub(super) use targets::nat_flags;

use porthole_model::firewall::{Fork, ForkKind, Statement, Unknown, UnknownEffect};

use super::IpSetNames;
use super::bytes::Layout;

/// A match or target as rules hold it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extension<'a> {
    pub(super) name: &'a str,
    pub(super) revision: u32,
    pub(super) info: Layout<'a>,
    /// Whether the rule is one of IPv6.
    pub(super) v6: bool,
    pub(super) ip_sets: &'a IpSetNames,
}

/// What a match or target says.
#[derive(Debug, Default)]
pub(super) struct Understood {
    pub(super) statements: Vec<Statement>,
    pub(super) comment: Option<String>,
}

impl Understood {
    fn one(statement: Statement) -> Self {
        Self { statements: vec![statement], comment: None }
    }
}

impl From<Vec<Statement>> for Understood {
    fn from(statements: Vec<Statement>) -> Self {
        Self { statements, comment: None }
    }
}

impl Extension<'_> {
    /// What a match says.
    pub(super) fn read_match(&self) -> Understood {
        matches::read(self).unwrap_or_else(|| self.unknown("match", UnknownEffect::Match))
    }

    /// What a target does.
    pub(super) fn read_target(&self) -> Understood {
        targets::read(self).unwrap_or_else(|| self.unknown("target", UnknownEffect::Action))
    }

    fn unknown(&self, what: &str, effect: UnknownEffect) -> Understood {
        let (name, revision, size) = (self.name, self.revision, self.info.0.len());
        let wording = format!("xt {what} \"{name}\" revision {revision}, {size} bytes");
        Understood::one(Statement::Unknown(Unknown { wording, effect }))
    }

    fn fork(&self, kind: ForkKind) -> Understood {
        let wording = format!("xt match \"{}\"", self.name);
        Understood::one(Statement::Fork(Fork { kind, wording }))
    }
}
