//! Looking a packet up in ipsets.

use porthole_model::firewall::{
    Field, InterfaceSide, IpSet, IpSetLookup, IpSetMember, PacketSide, Value, ValueTest,
};

use super::Run;
use super::truth::Truth;
use super::values::part_holds;

/// How deep lists of sets are followed; the kernel allows no list in a list.
const DEEPEST: usize = 3;

impl Run<'_, '_> {
    /// Whether a lookup holds.
    pub(super) fn in_ip_set(&self, lookup: &IpSetLookup) -> Truth {
        let found = self.in_set(&lookup.set, &lookup.sides, DEEPEST);
        let truth = if lookup.conditions.is_empty() { found } else { Truth::all([found, Truth::Maybe]) };
        truth.negated_if(lookup.negated)
    }

    fn in_set(&self, name: &str, sides: &[PacketSide], depth: usize) -> Truth {
        let sets = self.walker.firewall.ip_sets.value();
        let set = sets.and_then(|sets| sets.iter().find(|set| set.name == name));
        let (Some(set), Some(depth)) = (set, depth.checked_sub(1)) else { return Truth::Maybe };
        if set.kind == "list:set" {
            return Truth::any(set.members.iter().map(|member| match member.parts.first() {
                Some(ValueTest::Is(Value::Name(inner))) => self.in_set(inner, sides, depth),
                _ => Truth::Maybe,
            }));
        }
        if !self.has_family(set) {
            return Truth::No;
        }
        self.has_member(set, sides)
    }

    /// The narrowest member that holds decides: it may be an exception.
    fn has_member(&self, set: &IpSet, sides: &[PacketSide]) -> Truth {
        let mut narrowest: Option<&IpSetMember> = None;
        let mut is_open = false;
        for member in &set.members {
            match self.is_member(set, member, sides) {
                Truth::Maybe => is_open = true,
                Truth::Yes if narrowest.is_none_or(|other| width(other) < width(member)) => {
                    narrowest = Some(member);
                }
                Truth::Yes | Truth::No => {}
            }
        }
        match narrowest {
            Some(member) if !is_open => (!member.exception).into(),
            None if !is_open => Truth::No,
            _ => Truth::Maybe,
        }
    }

    fn is_member(&self, set: &IpSet, member: &IpSetMember, sides: &[PacketSide]) -> Truth {
        let kinds = set.kind.split_once(':').map_or("", |(_, kinds)| kinds).split(',');
        let parts = kinds.zip(&member.parts).zip(sides).map(|((kind, part), side)| {
            let field = field(kind, *side);
            field.map_or(Truth::Maybe, |field| part_holds(part, &self.content(&field)))
        });
        let protocol = member.protocol.is_none_or(|protocol| protocol == self.flight.protocol());
        let is_whole = sides.len() >= member.parts.len();
        Truth::all(parts.chain([protocol.into(), if is_whole { Truth::Yes } else { Truth::Maybe }]))
    }

    fn has_family(&self, set: &IpSet) -> bool {
        match set.family {
            2 => self.flight.destination.is_ipv4(),
            10 => !self.flight.destination.is_ipv4(),
            _ => true,
        }
    }
}

fn field(kind: &str, side: PacketSide) -> Option<Field> {
    match kind {
        "ip" | "net" => Some(Field::Address(side)),
        "port" => Some(Field::Port(side)),
        "mac" => Some(Field::Mac(side)),
        "mark" => Some(Field::Mark),
        "iface" => Some(Field::Interface(match side {
            PacketSide::Source => InterfaceSide::In,
            PacketSide::Destination => InterfaceSide::Out,
        })),
        _ => None,
    }
}

/// How many bits of addresses a member fixes.
fn width(member: &IpSetMember) -> u32 {
    let bits = member.parts.iter().map(|part| match part {
        ValueTest::Prefix(prefix) => u32::from(prefix.length),
        ValueTest::Is(Value::Address(address)) => {
            if address.is_ipv4() {
                32
            } else {
                128
            }
        }
        _ => 0,
    });
    bits.sum()
}
