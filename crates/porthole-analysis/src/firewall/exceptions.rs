//! Exceptions: whom the chains that stop a packet know by name, and so may let pass.

use std::net::IpAddr;

use porthole_model::firewall::{
    Chain, ConntrackSide, Elements, Field, Firewall, FirewallTable, PacketSide, Rule, SetKey, Statement,
    Value, ValueTest,
};

/// How many of them are tried, at most.
const MOST: usize = 16;

/// Addresses that the rules of these chains compare a side of the packet with, one of each network.
pub(super) fn addresses(
    firewall: &Firewall,
    table: &FirewallTable,
    chains: &[&Chain],
    side: PacketSide,
) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for rule in chains.iter().flat_map(|chain| &chain.rules) {
        for test in tests(firewall, table, rule, side) {
            if let Some(address) = one_of(test).filter(|address| !found.contains(address)) {
                found.push(address);
            }
            if found.len() == MOST {
                return found;
            }
        }
    }
    found
}

/// Ports that the rules of these chains compare the packet's destination with.
pub(super) fn ports(chains: &[&Chain]) -> Vec<u16> {
    let mut found = Vec::new();
    for statement in chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements) {
        let Statement::Match(asked) = statement else { continue };
        if !matches!(asked.field, Field::Port(PacketSide::Destination) | Field::EitherPort) {
            continue;
        }
        let numbers = asked.tests.iter().filter_map(|test| match test {
            ValueTest::Is(Value::Number(port)) | ValueTest::Range { from: Value::Number(port), .. } => {
                u16::try_from(*port).ok()
            }
            _ => None,
        });
        found.extend(numbers);
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST);
    found
}

fn tests<'f>(
    firewall: &'f Firewall,
    table: &'f FirewallTable,
    rule: &'f Rule,
    side: PacketSide,
) -> Vec<&'f ValueTest> {
    let of_statement = |statement: &'f Statement| -> Vec<&'f ValueTest> {
        match statement {
            Statement::Match(asked) if is_address(&asked.field, side) => asked.tests.iter().collect(),
            Statement::Lookup(lookup) => {
                let place = lookup.fields.iter().position(|field| is_address(field, side));
                let elements = match &lookup.elements {
                    Elements::Inline(elements) => Some(elements),
                    Elements::Named(name) => table.set(name).and_then(|set| set.elements.value()),
                };
                let parts = elements.into_iter().flatten().filter_map(|element| match &element.key {
                    SetKey::Parts(parts) => parts.get(place?),
                    SetKey::Otherwise => None,
                });
                parts.take(MOST).collect()
            }
            Statement::IpSet(lookup) => {
                let place = lookup.sides.iter().position(|asked| *asked == side);
                let sets = firewall.ip_sets.value().into_iter().flatten();
                let members =
                    sets.filter(|set| set.name == lookup.set).flat_map(|set| &set.members).take(MOST);
                members.filter_map(|member| member.parts.get(place?)).collect()
            }
            _ => Vec::new(),
        }
    };
    rule.statements.iter().flat_map(of_statement).collect()
}

fn is_address(field: &Field, side: PacketSide) -> bool {
    match field {
        Field::Address(asked) => *asked == side,
        Field::ConntrackAddress(ConntrackSide::OriginalSource | ConntrackSide::Source) => {
            side == PacketSide::Source
        }
        _ => false,
    }
}

/// An address for which a test holds, if it is one of addresses.
fn one_of(test: &ValueTest) -> Option<IpAddr> {
    let address = match test {
        ValueTest::Is(Value::Address(address))
        | ValueTest::Range { from: Value::Address(address), .. }
        | ValueTest::Masked { value: Value::Address(address), .. } => return Some(*address),
        ValueTest::Prefix(prefix) => prefix,
        _ => return None,
    };
    let is_single = address.length >= if address.address.is_ipv4() { 32 } else { 128 };
    Some(match address.address {
        whole if is_single => whole,
        IpAddr::V4(network) => IpAddr::V4((network.to_bits() | 1).into()),
        IpAddr::V6(network) => IpAddr::V6((network.to_bits() | 1).into()),
    })
}
