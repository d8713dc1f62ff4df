//! From a rule's expressions back to what they say: the registers are followed, and what is compared is named.

use porthole_model::firewall::{Field, Match, Statement, Unknown, UnknownEffect, Value, ValueTest};

use super::super::IpSetNames;
use super::payload::Known;
use super::registers::Registers;
use super::set::Sets;
use super::{act, compare, load};
use crate::netlink::attribute::Attributes;

/// What a rule's translation needs to know beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) family: u8,
    pub(super) table: &'a str,
    pub(super) sets: &'a Sets,
    pub(super) ip_sets: &'a IpSetNames,
}

/// A rule being translated.
#[derive(Debug)]
pub(super) struct Translator<'a> {
    pub(super) around: Surroundings<'a>,
    pub(super) registers: Registers,
    pub(super) known: Known,
    pub(super) statements: Vec<Statement>,
    pub(super) comment: Option<String>,
}

impl<'a> Translator<'a> {
    pub(super) fn new(around: Surroundings<'a>) -> Self {
        let v6 = match around.family {
            2 => Some(false),
            10 => Some(true),
            _ => None,
        };
        let known = Known { v6, protocol: None };
        Self { around, registers: Registers::default(), known, statements: Vec::new(), comment: None }
    }

    /// Takes the next expression.
    pub(super) fn take(&mut self, name: &str, attributes: Attributes<'_>) {
        if self.understand(name, attributes).is_none() {
            self.unknown(name, attributes);
        }
    }

    pub(super) fn say(&mut self, statement: Statement) {
        if let Statement::Match(condition) = &statement {
            self.learn(condition);
        }
        self.statements.push(statement);
    }

    fn understand(&mut self, name: &str, attributes: Attributes<'_>) -> Option<()> {
        match name {
            "meta" | "ct" | "fib" | "payload" | "immediate" | "bitwise" | "byteorder" | "exthdr" | "rt"
            | "socket" | "numgen" | "hash" | "osf" | "xfrm" | "tunnel" => load::take(self, name, attributes),
            "cmp" | "range" | "lookup" => compare::take(self, name, attributes),
            _ => act::take(self, name, attributes),
        }
    }

    /// After an expression that was not understood nothing is known of the registers.
    fn unknown(&mut self, name: &str, attributes: Attributes<'_>) {
        self.registers.forget();
        let size: usize = attributes.into_iter().map(|attribute| attribute.value.len() + 4).sum();
        let wording = format!("expression \"{name}\", {size} bytes");
        let effect = match name {
            "cmp" | "range" | "lookup" => UnknownEffect::Match,
            _ => UnknownEffect::Anything,
        };
        self.statements.push(Statement::Unknown(Unknown { wording, effect }));
    }

    /// What a condition says of every packet that passes it.
    fn learn(&mut self, condition: &Match) {
        let [ValueTest::Is(Value::Number(number))] = condition.tests.as_slice() else { return };
        if condition.negated {
            return;
        }
        match (&condition.field, *number) {
            (Field::NetworkProtocol, 2) | (Field::EtherType, 0x0800) => self.known.v6 = Some(false),
            (Field::NetworkProtocol, 10) | (Field::EtherType, 0x86dd) => self.known.v6 = Some(true),
            (Field::Protocol | Field::NextHeader, protocol) => self.known.protocol = Some(protocol),
            _ => {}
        }
    }
}
