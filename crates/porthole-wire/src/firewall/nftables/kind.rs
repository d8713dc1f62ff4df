//! The kinds of values that a register or a set's key holds, and how their bytes are read.

use std::net::IpAddr;

use porthole_model::firewall::{ConntrackState, Value, ValueTest};
use porthole_model::{IpPrefix, MacAddress};

use super::super::bytes::{octets, prefix_length, text};
use super::super::xt::kind_of_number;

/// How the bytes of a value are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number in network byte order.
    Network,
    /// A number in the host's byte order.
    Host,
    /// An address, by its length.
    Address,
    /// An Ethernet address.
    Mac,
    /// A name that fills its field with NULs.
    Name,
    /// A bit for each state of a connection, in the host's byte order.
    State,
    /// An `rtm_type`, in the host's byte order.
    RouteType,
    /// Not known.
    Bytes,
}

impl Kind {
    /// The value of these bytes.
    pub(super) fn value(self, bytes: &[u8]) -> Value {
        self.typed(bytes).unwrap_or_else(|| Value::Bytes(bytes.to_vec()))
    }

    fn typed(self, bytes: &[u8]) -> Option<Value> {
        match self {
            Self::Network => number(bytes.iter()).map(Value::Number),
            Self::Host => host_number(bytes).map(Value::Number),
            Self::Address => address(bytes).map(Value::Address),
            Self::Mac => <[u8; 6]>::try_from(bytes).ok().map(|bytes| Value::Mac(MacAddress(bytes))),
            Self::Name => Some(Value::Name(text(bytes))),
            Self::State => states(bytes).and_then(|states| match states.as_slice() {
                [state] => Some(Value::State(*state)),
                _ => None,
            }),
            Self::RouteType => {
                let number = u8::try_from(host_number(bytes)?).ok()?;
                Some(Value::AddressKind(kind_of_number(number)))
            }
            Self::Bytes => None,
        }
    }

    /// The test that a value lies from `from` to `to`, both in it.
    pub(super) fn range(self, from: &[u8], to: &[u8]) -> ValueTest {
        if from == to {
            return ValueTest::Is(self.value(from));
        }
        let test = match self {
            Self::Address => prefix_of_range(from, to).map(ValueTest::Prefix),
            Self::Name => name_prefix_of_range(from, to).map(ValueTest::NamePrefix),
            _ => None,
        };
        test.unwrap_or_else(|| ValueTest::Range { from: self.value(from), to: self.value(to) })
    }

    /// The test that a value is `value` under `mask`.
    pub(super) fn masked(self, mask: &[u8], value: &[u8]) -> Option<ValueTest> {
        if mask.iter().all(|byte| *byte == 0xff) {
            return Some(ValueTest::Is(self.value(value)));
        }
        match (self, prefix_length(mask)) {
            (Self::Address, Some(length)) => {
                Some(ValueTest::Prefix(IpPrefix { address: address(value)?, length }))
            }
            (Self::Address | Self::Network | Self::Host, _) => {
                Some(ValueTest::Masked { mask: self.typed(mask)?, value: self.typed(value)? })
            }
            _ => None,
        }
    }

    /// The kind after the kernel has turned the bytes around.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Network => Self::Host,
            Self::Host => Self::Network,
            other => other,
        }
    }
}

/// The states of connections by their bits: `NF_CT_STATE_INVALID_BIT` and its neighbours.
pub(super) const STATES: [(u64, ConntrackState); 5] = [
    (1, ConntrackState::Invalid),
    (2, ConntrackState::Established),
    (4, ConntrackState::Related),
    (8, ConntrackState::New),
    (64, ConntrackState::Untracked),
];

/// The states whose bits are set.
fn states(bytes: &[u8]) -> Option<Vec<ConntrackState>> {
    let bits = host_number(bytes)?;
    Some(STATES.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, state)| *state).collect())
}

/// A number of at most eight bytes, in the host's byte order.
pub(super) fn host_number(bytes: &[u8]) -> Option<u64> {
    if cfg!(target_endian = "little") { number(bytes.iter().rev()) } else { number(bytes.iter()) }
}

fn number<'a>(bytes: impl ExactSizeIterator<Item = &'a u8>) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

/// A network, where a range is exactly one.
fn prefix_of_range(from: &[u8], to: &[u8]) -> Option<IpPrefix> {
    let mask: Vec<u8> = from.iter().zip(to).map(|(from, to)| !(from ^ to)).collect();
    let length = prefix_length(&mask)?;
    let is_whole = from.iter().zip(&mask).all(|(from, mask)| from & !mask == 0)
        && to.iter().zip(&mask).all(|(to, mask)| to & !mask == !mask);
    let address = address(from).filter(|_| is_whole)?;
    debug_assert_eq!(octets(address).len(), from.len());
    Some(IpPrefix { address, length })
}

/// What all names of a range begin with: it goes from the beginning with NULs to the beginning with 0xff.
fn name_prefix_of_range(from: &[u8], to: &[u8]) -> Option<String> {
    let length = from.iter().zip(to).take_while(|(from, to)| from == to).count();
    let is_open = from.iter().skip(length).all(|byte| *byte == 0)
        && to.iter().skip(length).all(|byte| *byte == 0xff)
        && length > 0;
    is_open.then(|| text(&from[..length]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_that_is_a_network_is_named_as_one() {
        let kind = Kind::Address;
        let prefix = ValueTest::Prefix("10.0.0.0/8".parse().unwrap());
        assert_eq!(kind.range(&[10, 0, 0, 0], &[10, 255, 255, 255]), prefix);
        let odd = kind.range(&[10, 0, 0, 1], &[10, 255, 255, 255]);
        assert!(matches!(odd, ValueTest::Range { .. }), "{odd:?}");
        let address = Value::Address("10.0.0.1".parse().unwrap());
        assert_eq!(kind.range(&[10, 0, 0, 1], &[10, 0, 0, 1]), ValueTest::Is(address));
    }

    #[test]
    fn a_range_of_names_is_their_common_beginning() {
        let (mut from, mut to) = ([0; 16], [0xff; 16]);
        from[..4].copy_from_slice(b"veth");
        to[..4].copy_from_slice(b"veth");
        assert_eq!(Kind::Name.range(&from, &to), ValueTest::NamePrefix("veth".into()));
    }

    #[test]
    fn numbers_are_read_in_their_byte_order() {
        assert_eq!(Kind::Network.value(&[0, 80]), Value::Number(80));
        assert_eq!(Kind::Host.value(&7u32.to_ne_bytes()), Value::Number(7));
        assert_eq!(Kind::State.value(&8u32.to_ne_bytes()), Value::State(ConntrackState::New));
        assert_eq!(Kind::State.value(&10u32.to_ne_bytes()), Value::Bytes(10u32.to_ne_bytes().to_vec()));
    }
}
