//! The matches `conntrack` and `state`.

use porthole_model::firewall::{
    ConntrackSide, ConntrackState, Field, Fork, ForkKind, Match, Statement, Value, ValueTest,
};

use super::super::bytes::Layout;
use super::matches::address_test;

/// `XT_CONNTRACK_STATE_SNAT` and `_DNAT`, among the states, with their bits in the connection's status.
const NAT_STATES: [(u16, u64); 2] = [(1 << 6, 1 << 4), (1 << 7, 1 << 5)];

/// `struct xt_state_info`: states as in [`states`], but "untracked" is bit 6.
pub(super) fn state(info: Layout<'_>) -> Option<Vec<Statement>> {
    let mask = info.u32(0)?;
    let states = u16::try_from(mask & 0xf | (mask & 1 << 6) << 2).ok()?;
    Some(vec![matching(Field::ConntrackState, false, states_of_mask(states))])
}

/// `struct xt_conntrack_mtinfo1` to `mtinfo3`: all that is asked for must hold, each turned over by itself.
pub(super) fn conntrack(info: Layout<'_>, revision: u32, v6: bool) -> Option<Vec<Statement>> {
    let asked = Asked { info, revision, flags: info.u16(146)?, inverted: info.u16(148)? };
    let mut statements = Vec::new();
    statements.extend(asked.state()?);
    statements.extend(asked.number(1, Field::ConntrackProtocol, u64::from(info.u16(136)?)));
    for (index, side) in SIDES.into_iter().enumerate() {
        statements.extend(asked.address(index, side, v6)?);
    }
    statements.extend(asked.status()?);
    if asked.has(7) {
        let wording = format!("ct expiration {}-{}", info.u32(128)?, info.u32(132)?);
        statements.push(Statement::Fork(Fork { kind: ForkKind::Time, wording }));
    }
    for (index, side) in SIDES.into_iter().enumerate() {
        statements.extend(asked.port(index, side)?);
    }
    statements.extend(asked.number(12, Field::ConntrackDirection, 0));
    Some(statements)
}

/// In the order of the structure.
const SIDES: [ConntrackSide; 4] = [
    ConntrackSide::OriginalSource,
    ConntrackSide::OriginalDestination,
    ConntrackSide::ReplySource,
    ConntrackSide::ReplyDestination,
];

/// What a rule asks of a connection, each by a bit of the flags.
struct Asked<'a> {
    info: Layout<'a>,
    revision: u32,
    flags: u16,
    inverted: u16,
}

impl Asked<'_> {
    fn has(&self, bit: usize) -> bool {
        self.flags >> bit & 1 != 0
    }

    fn is_inverted(&self, bit: usize) -> bool {
        self.inverted >> bit & 1 != 0
    }

    fn mask(&self, wide: usize, narrow: usize) -> Option<u16> {
        if self.revision == 1 { self.info.u8(narrow).map(u16::from) } else { self.info.u16(wide) }
    }

    /// States and "was translated" can be asked for in one mask; together, no one field has the answer.
    fn state(&self) -> Option<Vec<Statement>> {
        if !self.has(0) {
            return Some(Vec::new());
        }
        let mask = self.mask(150, 150)?;
        let nat: u64 = NAT_STATES.iter().filter(|(bit, _)| mask & bit != 0).map(|(_, status)| status).sum();
        let states = states_of_mask(mask);
        let statement = match (states.is_empty(), nat) {
            (_, 0) => matching(Field::ConntrackState, self.is_inverted(0), states),
            (true, bits) => {
                matching(Field::ConntrackTranslation, self.is_inverted(0), vec![ValueTest::AnyBit(bits)])
            }
            (false, _) => return None,
        };
        Some(vec![statement])
    }

    fn status(&self) -> Option<Vec<Statement>> {
        if !self.has(6) {
            return Some(Vec::new());
        }
        let bits = u64::from(self.mask(152, 151)?);
        Some(vec![matching(Field::ConntrackStatus, self.is_inverted(6), vec![ValueTest::AnyBit(bits)])])
    }

    fn number(&self, bit: usize, field: Field, number: u64) -> Option<Statement> {
        let test = ValueTest::Is(Value::Number(number));
        self.has(bit).then(|| matching(field, self.is_inverted(bit), vec![test]))
    }

    fn address(&self, index: usize, side: ConntrackSide, v6: bool) -> Option<Vec<Statement>> {
        let bit = 2 + index;
        if !self.has(bit) {
            return Some(Vec::new());
        }
        let address = self.info.address(32 * index, v6)?;
        let mask = self.info.address(32 * index + 16, v6)?;
        let test = address_test(address, mask);
        Some(vec![matching(Field::ConntrackAddress(side), self.is_inverted(bit), vec![test])])
    }

    /// Ranges and host byte order came with revision 3.
    fn port(&self, index: usize, side: ConntrackSide) -> Option<Vec<Statement>> {
        let bit = 8 + index;
        if !self.has(bit) {
            return Some(Vec::new());
        }
        let at = 138 + 2 * index;
        let (from, to) = if self.revision >= 3 {
            (self.info.u16(at)?, self.info.u16(154 + 2 * index)?)
        } else {
            (self.info.be16(at)?, self.info.be16(at)?)
        };
        let test = ValueTest::Range { from: Value::Number(from.into()), to: Value::Number(to.into()) };
        let test = if from == to { ValueTest::Is(Value::Number(from.into())) } else { test };
        Some(vec![matching(Field::ConntrackPort(side), self.is_inverted(bit), vec![test])])
    }
}

/// `XT_CONNTRACK_STATE_BIT`: invalid 0, then established, related and new; untracked 8.
fn states_of_mask(mask: u16) -> Vec<ValueTest> {
    let states = [
        (0, ConntrackState::Invalid),
        (1, ConntrackState::Established),
        (2, ConntrackState::Related),
        (3, ConntrackState::New),
        (8, ConntrackState::Untracked),
    ];
    let asked = states.into_iter().filter(|(bit, _)| mask >> bit & 1 != 0);
    asked.map(|(_, state)| ValueTest::Is(Value::State(state))).collect()
}

fn matching(field: Field, negated: bool, tests: Vec<ValueTest>) -> Statement {
    Statement::Match(Match { field, negated, tests })
}
