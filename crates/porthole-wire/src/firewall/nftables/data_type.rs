//! The data types of nft's language, by which sets say what their keys are made of.

use super::kind::Kind;

/// A part of a set's key or of what a map says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyPart {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) length: usize,
}

/// A type takes six bits of the number that names a concatenation.
const BITS: u32 = 6;

/// The parts that a type's number and a length in bytes mean; `lengths` where the set itself says them. Parts whose
/// lengths cannot be told are one part of bytes.
pub(super) fn parts(number: u32, total: usize, lengths: &[usize], in_intervals: bool) -> Vec<KeyPart> {
    let numbers = numbers(number);
    let concatenated = numbers.len() > 1;
    let mut parts = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        let (name, kind, length) = data_type(*number);
        let length = if concatenated { lengths.get(index).copied().or(length) } else { Some(total) };
        let Some(length) = length else { return vec![opaque(&numbers, total)] };
        // Whatever has an order is kept in network byte order there.
        let kind = if in_intervals && kind == Kind::Host { Kind::Network } else { kind };
        parts.push(KeyPart { name, kind, length });
    }
    let sum: usize = parts.iter().map(|part| part.length.next_multiple_of(4)).sum();
    if concatenated && sum != total.next_multiple_of(4) { vec![opaque(&numbers, total)] } else { parts }
}

fn opaque(numbers: &[u32], total: usize) -> KeyPart {
    let names: Vec<_> = numbers.iter().map(|number| data_type(*number).0).collect();
    KeyPart { name: names.join(" . "), kind: Kind::Bytes, length: total }
}

fn numbers(number: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    let mut rest = number;
    while rest != 0 {
        numbers.push(rest & ((1 << BITS) - 1));
        rest >>= BITS;
    }
    numbers.reverse();
    if numbers.is_empty() { vec![0] } else { numbers }
}

/// Name, kind and length of a type (`enum datatypes` of nft's `include/datatype.h`).
fn data_type(number: u32) -> (String, Kind, Option<usize>) {
    let (name, kind, length) = match number {
        2 => ("nf_proto", Kind::Network, Some(1)),
        4 => ("integer", Kind::Network, None),
        7 => ("ipv4_addr", Kind::Address, Some(4)),
        8 => ("ipv6_addr", Kind::Address, Some(16)),
        9 => ("ether_addr", Kind::Mac, Some(6)),
        10 => ("ether_type", Kind::Network, Some(2)),
        12 => ("inet_proto", Kind::Network, Some(1)),
        13 => ("inet_service", Kind::Network, Some(2)),
        14 => ("icmp_type", Kind::Network, Some(1)),
        15 => ("tcp_flag", Kind::Network, Some(1)),
        19 => ("mark", Kind::Host, Some(4)),
        20 => ("iface_index", Kind::Host, Some(4)),
        24 => ("uid", Kind::Host, Some(4)),
        25 => ("gid", Kind::Host, Some(4)),
        26 => ("ct_state", Kind::State, Some(4)),
        27 => ("ct_dir", Kind::Network, Some(1)),
        28 => ("ct_status", Kind::Host, Some(4)),
        29 => ("icmpv6_type", Kind::Network, Some(1)),
        31 => ("pkt_type", Kind::Network, Some(1)),
        32 => ("icmp_code", Kind::Network, Some(1)),
        33 => ("icmpv6_code", Kind::Network, Some(1)),
        35 => ("devgroup", Kind::Host, Some(4)),
        38 => ("fib_addrtype", Kind::RouteType, Some(4)),
        41 => ("ifname", Kind::Name, Some(16)),
        other => return (format!("type {other}"), Kind::Bytes, None),
    };
    (name.to_owned(), kind, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_concatenation_is_its_types_in_a_row() {
        let parts = parts(0x7 << 12 | 0xc << 6 | 0xd, 12, &[], false);
        let found: Vec<_> = parts.iter().map(|part| (part.name.as_str(), part.length)).collect();
        assert_eq!(found, [("ipv4_addr", 4), ("inet_proto", 1), ("inet_service", 2)]);
    }

    #[test]
    fn lengths_that_do_not_fit_make_it_bytes() {
        assert_eq!(parts(0x7 << 6 | 0xd, 20, &[], false)[0].kind, Kind::Bytes);
        assert_eq!(parts(0x7 << 6 | 0x4, 8, &[4, 2], false)[1].length, 2);
    }
}
