//! Values of fields, and the tests on them.

use std::net::IpAddr;

use porthole_model::IpPrefix;
use porthole_model::firewall::{Value, ValueTest};

use super::truth::Truth;

/// What a packet's field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Known(Value),
    /// Of these bits the value is known, of all others not.
    Bits {
        value: u64,
        known: u64,
    },
    /// The packet has no such field, so no match on it holds, whatever it asks.
    Absent,
    Unknown,
}

impl Content {
    pub(super) fn number(number: impl Into<u64>) -> Self {
        Self::Known(Value::Number(number.into()))
    }

    pub(super) fn flag(is_so: bool) -> Self {
        Self::number(u8::from(is_so))
    }

    pub(super) fn name(name: &str) -> Self {
        Self::Known(Value::Name(name.to_owned()))
    }

    /// What is told of a packet, if it is.
    pub(super) fn told(number: Option<impl Into<u64>>) -> Self {
        number.map_or(Self::Unknown, Self::number)
    }
}

/// Whether one of the tests holds; `None` when the packet has no such field.
pub(super) fn any_holds(tests: &[ValueTest], content: &Content) -> Option<Truth> {
    match content {
        Content::Absent => None,
        Content::Unknown => Some(Truth::Maybe),
        Content::Bits { value, known } => {
            Some(Truth::any(tests.iter().map(|test| bits(test, *value, *known))))
        }
        Content::Known(value) => {
            if tests.iter().all(|test| is_of_other_family(test, value)) && !tests.is_empty() {
                return None;
            }
            Some(Truth::any(tests.iter().map(|test| holds(test, value))))
        }
    }
}

/// Whether a test holds for a part of a key.
pub(super) fn part_holds(test: &ValueTest, content: &Content) -> Truth {
    any_holds(std::slice::from_ref(test), content).unwrap_or(Truth::No)
}

fn holds(test: &ValueTest, value: &Value) -> Truth {
    match (test, value) {
        (ValueTest::Is(Value::Bytes(_)), other) if !matches!(other, Value::Bytes(_)) => Truth::Maybe,
        (ValueTest::Is(wanted), _) => (wanted == value).into(),
        (ValueTest::Range { from: Value::Bytes(_), .. }, other) if !matches!(other, Value::Bytes(_)) => {
            Truth::Maybe
        }
        (ValueTest::Range { from, to }, _) => {
            (is_same_kind(from, value) && from <= value && value <= to).into()
        }
        (ValueTest::Prefix(prefix), Value::Address(address)) => contains(*prefix, *address).into(),
        (ValueTest::NamePrefix(prefix), Value::Name(name)) => name.starts_with(prefix.as_str()).into(),
        (ValueTest::Masked { mask, value: wanted }, _) => masked(mask, wanted, value),
        (ValueTest::AnyBit(bits), Value::Number(number)) => (number & bits != 0).into(),
        (ValueTest::Prefix(_) | ValueTest::NamePrefix(_) | ValueTest::AnyBit(_), _) => Truth::Maybe,
    }
}

fn masked(mask: &Value, wanted: &Value, value: &Value) -> Truth {
    match (mask, wanted, value) {
        (Value::Number(mask), Value::Number(wanted), Value::Number(value)) => {
            (value & mask == *wanted).into()
        }
        (Value::Address(mask), Value::Address(wanted), Value::Address(value)) => {
            (bits_of(*value) & bits_of(*mask) == bits_of(*wanted) && value.is_ipv4() == wanted.is_ipv4())
                .into()
        }
        _ => Truth::Maybe,
    }
}

/// A test of a number of which not all bits are known.
fn bits(test: &ValueTest, value: u64, known: u64) -> Truth {
    match test {
        ValueTest::AnyBit(asked) if value & known & asked != 0 => Truth::Yes,
        ValueTest::AnyBit(asked) if asked & !known == 0 => Truth::No,
        ValueTest::Masked { mask: Value::Number(mask), value: Value::Number(wanted) } => {
            if value & mask & known != wanted & known {
                Truth::No
            } else if mask & !known == 0 {
                Truth::Yes
            } else {
                Truth::Maybe
            }
        }
        _ => Truth::Maybe,
    }
}

fn is_same_kind(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Address(left), Value::Address(right)) => left.is_ipv4() == right.is_ipv4(),
        _ => std::mem::discriminant(left) == std::mem::discriminant(right),
    }
}

/// A packet has no address of the family that it is not of.
fn is_of_other_family(test: &ValueTest, value: &Value) -> bool {
    let Value::Address(address) = value else { return false };
    let asked = match test {
        ValueTest::Is(Value::Address(asked))
        | ValueTest::Range { from: Value::Address(asked), .. }
        | ValueTest::Masked { value: Value::Address(asked), .. } => asked,
        ValueTest::Prefix(prefix) => &prefix.address,
        _ => return false,
    };
    asked.is_ipv4() != address.is_ipv4()
}

/// Whether an address lies in a network.
pub(super) fn contains(prefix: IpPrefix, address: IpAddr) -> bool {
    let width = if address.is_ipv4() { 32 } else { 128 };
    let host_bits = width - u32::from(prefix.length).min(width);
    let network = |address| bits_of(address).checked_shr(host_bits).unwrap_or(0);
    prefix.address.is_ipv4() == address.is_ipv4() && network(prefix.address) == network(address)
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Value {
        Value::Address(text.parse().unwrap())
    }

    fn prefix(text: &str, length: u8) -> IpPrefix {
        IpPrefix { address: text.parse().unwrap(), length }
    }

    #[test]
    fn the_whole_address_space_contains_every_address_of_its_family() {
        assert!(contains(prefix("0.0.0.0", 0), "10.0.0.1".parse().unwrap()));
        assert!(contains(prefix("::", 0), "fd00::1".parse().unwrap()));
        assert!(!contains(prefix("0.0.0.0", 0), "fd00::1".parse().unwrap()));
        assert!(!contains(prefix("10.0.0.0", 24), "10.0.1.0".parse().unwrap()));
    }

    #[test]
    fn a_packet_has_no_address_of_the_other_family() {
        let tests = [ValueTest::Prefix(prefix("10.0.0.0", 8))];
        assert_eq!(any_holds(&tests, &Content::Known(address("fd00::1"))), None);
        assert_eq!(any_holds(&tests, &Content::Known(address("11.0.0.1"))), Some(Truth::No));
    }

    #[test]
    fn bits_that_are_not_known_leave_a_match_open() {
        let status = Content::Bits { value: 32, known: 48 };
        assert_eq!(any_holds(&[ValueTest::AnyBit(32)], &status), Some(Truth::Yes));
        assert_eq!(any_holds(&[ValueTest::AnyBit(16)], &status), Some(Truth::No));
        assert_eq!(any_holds(&[ValueTest::AnyBit(4)], &status), Some(Truth::Maybe));
    }

    #[test]
    fn ranges_and_masks() {
        let range = ValueTest::Range { from: Value::Number(5), to: Value::Number(7) };
        assert_eq!(holds(&range, &Value::Number(7)), Truth::Yes);
        assert_eq!(holds(&range, &Value::Number(8)), Truth::No);
        let mask = ValueTest::Masked { mask: address("255.0.255.0"), value: address("10.0.3.0") };
        assert_eq!(holds(&mask, &address("10.9.3.77")), Truth::Yes);
        assert_eq!(holds(&ValueTest::NamePrefix("veth".into()), &Value::Name("veth12".into())), Truth::Yes);
    }
}
