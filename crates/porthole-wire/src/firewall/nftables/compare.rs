//! Expressions that end a rule for packets for which they do not hold.

use porthole_model::firewall::{
    Elements, Field, Lookup, Match, SetKey, Statement, Value, ValueTest, VerdictMap,
};

use super::data;
use super::kind::{Kind, STATES, address, host_number};
use super::load::number;
use super::part::{Content, Part};
use super::registers::slot;
use super::set::SetRecord;
use super::translator::Translator;
use crate::netlink::attribute::Attributes;

/// `None` where the expression is not understood.
pub(super) fn take(translator: &mut Translator<'_>, name: &str, attributes: Attributes<'_>) -> Option<()> {
    match name {
        "cmp" => compare(translator, attributes),
        "range" => range(translator, attributes),
        _ => lookup(translator, attributes),
    }
}

/// `enum nft_cmp_ops`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Operation {
    fn of_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Equal,
            1 => Self::NotEqual,
            2 => Self::Less,
            3 => Self::AtMost,
            4 => Self::Greater,
            5 => Self::AtLeast,
            _ => return None,
        })
    }
}

/// A comparison of one field.
struct Comparison<'a> {
    part: &'a Part,
    operation: Operation,
    mask: Option<&'a [u8]>,
    data: &'a [u8],
}

/// `NFTA_CMP_*`.
fn compare(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    let operation = Operation::of_number(number(attributes, 2)?)?;
    let mut data = data::value(attributes, 3)?.to_vec();
    let conditions = match translator.registers.get(slot(number(attributes, 1)?))? {
        Content::Fork(fork) => vec![Statement::Fork(fork.clone())],
        Content::Fields { parts, mask, flip } => {
            if let Some(flip) = flip {
                data.iter_mut().zip(flip).for_each(|(byte, flip)| *byte ^= flip);
            }
            compare_parts(parts, mask.as_deref(), operation, &data)?
        }
        Content::Data(_) | Content::Mapped(_) => return None,
    };
    for condition in conditions {
        translator.say(condition);
    }
    Some(())
}

/// Several fields that lie side by side are equal when each is; nothing else can be said of them one by one.
fn compare_parts(
    parts: &[Part],
    mask: Option<&[u8]>,
    operation: Operation,
    data: &[u8],
) -> Option<Vec<Statement>> {
    if let [part] = parts {
        return Comparison { part, operation, mask, data }.statement().map(|statement| vec![statement]);
    }
    if operation != Operation::Equal {
        return None;
    }
    let mut statements = Vec::new();
    let mut at = 0;
    for part in parts {
        let piece = |bytes: &'_ [u8]| bytes.get(at..at + part.length).map(<[u8]>::to_vec);
        let mask = match mask {
            Some(mask) => Some(piece(mask)?),
            None => None,
        };
        let data = piece(data)?;
        statements.push(Comparison { part, operation, mask: mask.as_deref(), data: &data }.statement()?);
        at += part.length;
    }
    Some(statements)
}

impl Comparison<'_> {
    fn statement(&self) -> Option<Statement> {
        self.condition().map(Statement::Match)
    }

    fn condition(&self) -> Option<Match> {
        let field = self.part.field.clone();
        if let Some(tests) = self.states() {
            return Some(Match { field, negated: false, tests });
        }
        if let Some(condition) = self.special() {
            return Some(condition);
        }
        let (test, turned) = match self.operation {
            Operation::Equal | Operation::NotEqual => self.equal()?,
            _ => (self.ordered()?, false),
        };
        let negated = (self.operation == Operation::NotEqual) != turned;
        Some(Match { field, negated, tests: vec![test] })
    }

    /// A packet has one state, so that a comparison of its bit holds for some states and for the others not.
    fn states(&self) -> Option<Vec<ValueTest>> {
        if self.part.kind != Kind::State {
            return None;
        }
        let mask = self.mask.map_or(Some(u64::MAX), host_number)?;
        let wanted = host_number(self.data)?;
        let holds = |bit: u64| match self.operation {
            Operation::Equal => bit & mask == wanted,
            Operation::NotEqual => bit & mask != wanted,
            _ => false,
        };
        let states = STATES.iter().filter(|(bit, _)| holds(*bit));
        let tests: Vec<_> = states.map(|(_, state)| ValueTest::Is(Value::State(*state))).collect();
        (!tests.is_empty()).then_some(tests)
    }

    /// Parts of a byte that have a field of their own.
    fn special(&self) -> Option<Match> {
        let Field::Other(name) = &self.part.field else { return None };
        let (mask, number) = (Kind::Network.value(self.mask?), Kind::Network.value(self.data));
        let (Value::Number(mask), Value::Number(number)) = (mask, number) else { return None };
        let is_equal = match self.operation {
            Operation::Equal => true,
            Operation::NotEqual => false,
            _ => return None,
        };
        match (name.as_str(), mask) {
            ("ip tos", 0xfc) => {
                let condition = Match::is(Field::Dscp, Value::Number(number >> 2));
                Some(Match { negated: !is_equal, ..condition })
            }
            ("ip frag-off", 0x1fff) if number == 0 => {
                let condition = Match::is(Field::IsFragment, Value::Number(1));
                Some(Match { negated: is_equal, ..condition })
            }
            _ => None,
        }
    }

    /// The test for equality, and whether it says the opposite.
    fn equal(&self) -> Option<(ValueTest, bool)> {
        let (part, data) = (self.part, self.data);
        if part.kind == Kind::Name {
            return self.mask.is_none().then(|| (name(data), false));
        }
        if let Some(mask) = self.mask {
            return self.masked(mask);
        }
        if part.length < part.whole {
            return Some((beginning(part, data)?, false));
        }
        Some((ValueTest::Is(part.kind.value(data)), false))
    }

    /// "Some bit under the mask" is what a comparison with zero says.
    fn masked(&self, mask: &[u8]) -> Option<(ValueTest, bool)> {
        let is_number = matches!(self.part.kind, Kind::Host | Kind::Network);
        if is_number && self.data.iter().all(|byte| *byte == 0) {
            let Value::Number(bits) = self.part.kind.value(mask) else { return None };
            return Some((ValueTest::AnyBit(bits), true));
        }
        if self.part.length < self.part.whole {
            let full = |bytes: &[u8]| [bytes, &vec![0; self.part.whole.saturating_sub(bytes.len())]].concat();
            return Some((self.part.kind.masked(&full(mask), &full(self.data))?, false));
        }
        Some((self.part.kind.masked(mask, self.data)?, false))
    }

    fn ordered(&self) -> Option<ValueTest> {
        let kind = self.part.kind;
        if self.mask.is_some() || !matches!(kind, Kind::Network | Kind::Address) {
            return None;
        }
        let (lowest, highest) = (vec![0; self.data.len()], vec![0xff; self.data.len()]);
        Some(match self.operation {
            Operation::Less => kind.range(&lowest, &step(self.data, false)?),
            Operation::AtMost => kind.range(&lowest, self.data),
            Operation::Greater => kind.range(&step(self.data, true)?, &highest),
            Operation::AtLeast => kind.range(self.data, &highest),
            Operation::Equal | Operation::NotEqual => return None,
        })
    }
}

/// The number before or after; `None` at the end of the numbers.
fn step(data: &[u8], up: bool) -> Option<Vec<u8>> {
    let mut stepped = data.to_vec();
    for byte in stepped.iter_mut().rev() {
        let (next, carried) = if up { byte.overflowing_add(1) } else { byte.overflowing_sub(1) };
        *byte = next;
        if !carried {
            return Some(stepped);
        }
    }
    None
}

/// A name is compared up to its NUL; without one its end is open.
fn name(data: &[u8]) -> ValueTest {
    let text = super::super::bytes::text(data);
    let is_whole = data.contains(&0) || data.len() >= 16;
    if is_whole { ValueTest::Is(Value::Name(text)) } else { ValueTest::NamePrefix(text) }
}

/// Whole bytes of a prefix are compared by loading only those.
fn beginning(part: &Part, data: &[u8]) -> Option<ValueTest> {
    let mut octets = data.to_vec();
    octets.resize(part.whole, 0);
    let length = u8::try_from(data.len() * 8).ok()?;
    Some(ValueTest::Prefix(porthole_model::IpPrefix { address: address(&octets)?, length }))
}

/// `NFTA_RANGE_*`.
fn range(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    let (from, to) = (data::value(attributes, 3)?, data::value(attributes, 4)?);
    let negated = number(attributes, 2)? == 1;
    let statement = match translator.registers.get(slot(number(attributes, 1)?))? {
        Content::Fork(fork) => Statement::Fork(fork.clone()),
        Content::Fields { parts, mask: None, flip: None } => {
            let [part] = parts.as_slice() else { return None };
            let ordered = matches!(part.kind, Kind::Network | Kind::Address | Kind::Name);
            if !ordered || part.length < part.whole {
                return None;
            }
            let tests = vec![part.kind.range(from, to)];
            Statement::Match(Match { field: part.field.clone(), negated, tests })
        }
        _ => return None,
    };
    translator.say(statement);
    Some(())
}

/// `NFTA_LOOKUP_*`: into a set, a verdict map, or a map whose answer goes into a register.
fn lookup(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Option<()> {
    let around = translator.around;
    let set = around.sets.find(around.family, around.table, &attributes.find(1)?.text())?;
    let source = slot(number(attributes, 2)?);
    let into = number(attributes, 3);
    if let Some(Content::Fork(fork)) = translator.registers.get(source) {
        // By chance one of the map's answers: only the kernel knows which.
        let statement = Statement::Fork(fork.clone());
        into.is_none().then(|| translator.say(statement))?;
        return Some(());
    }
    let parts = translator.registers.key(source, set.key_length)?;
    let fields: Vec<_> = parts.iter().map(|part| part.field.clone()).collect();
    let negated = number(attributes, 5).unwrap_or(0) & 1 != 0;
    let elements = elements(set)?;
    match into {
        Some(0) => translator.say(Statement::VerdictMap(VerdictMap { fields, elements })),
        Some(register) => {
            let content = Content::Mapped(Lookup { fields, negated, elements });
            translator.registers.set(slot(register), content);
        }
        None => {
            let statement = in_set(fields, negated, elements);
            translator.say(statement);
        }
    }
    Some(())
}

fn elements(set: &SetRecord) -> Option<Elements> {
    if set.is_anonymous() {
        Some(Elements::Inline(set.elements.value()?.clone()))
    } else {
        Some(Elements::Named(set.id.name.clone()))
    }
}

/// One field in a set of the rule's own is a condition like any other.
fn in_set(mut fields: Vec<Field>, negated: bool, elements: Elements) -> Statement {
    if let (1, Elements::Inline(members)) = (fields.len(), &elements) {
        let tests: Option<Vec<_>> = members
            .iter()
            .map(|member| match &member.key {
                SetKey::Parts(tests) if tests.len() == 1 => tests.first().cloned(),
                _ => None,
            })
            .collect();
        if let Some(tests) = tests {
            return Statement::Match(Match { field: fields.remove(0), negated, tests });
        }
    }
    Statement::Lookup(Lookup { fields, negated, elements })
}
