//! Where the fields of a packet lie in its headers.

use porthole_model::firewall::{Field, PacketSide};

use super::kind::Kind;
use super::part::Part;

/// A header that a packet is read from (`enum nft_payload_bases`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    LinkLayer,
    Network,
    Transport,
    Inner,
}

impl Header {
    pub(super) fn of_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::LinkLayer,
            1 => Self::Network,
            2 => Self::Transport,
            3 => Self::Inner,
            _ => return None,
        })
    }

    fn short_name(self) -> &'static str {
        match self {
            Self::LinkLayer => "ll",
            Self::Network => "nh",
            Self::Transport => "th",
            Self::Inner => "ih",
        }
    }
}

/// What is known of the packets that reach an expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Whether they are of IPv6, where that is known.
    pub(super) v6: Option<bool>,
    /// Their transport protocol, where that is known.
    pub(super) protocol: Option<u64>,
}

/// A field's place in a header.
struct Place {
    field: fn() -> Field,
    kind: Kind,
    offset: usize,
    length: usize,
}

/// The fields that `length` bytes from `offset` on hold. Where they are not exactly whole fields, or the beginning
/// of one, they are one field by nft's raw name.
pub(super) fn fields(header: Header, known: Known, offset: usize, length: usize) -> Vec<Part> {
    let places = places(header, known);
    tiles(places, offset, length).unwrap_or_else(|| vec![raw(header, offset, length)])
}

fn raw(header: Header, offset: usize, length: usize) -> Part {
    let name = format!("@{},{},{}", header.short_name(), offset * 8, length * 8);
    Part::new(Field::Other(name), Kind::Bytes, length)
}

fn tiles(places: &[Place], offset: usize, length: usize) -> Option<Vec<Part>> {
    let (mut at, end) = (offset, offset + length);
    let mut parts = Vec::new();
    while at < end {
        let place = places.iter().find(|place| place.offset == at)?;
        let there = place.length.min(end - at);
        let is_prefix_of_address = place.kind == Kind::Address;
        if there < place.length && !is_prefix_of_address {
            return None;
        }
        parts.push(Part { field: (place.field)(), kind: place.kind, length: there, whole: place.length });
        at += there;
    }
    (!parts.is_empty()).then_some(parts)
}

fn places(header: Header, known: Known) -> &'static [Place] {
    match (header, known.v6) {
        (Header::LinkLayer, _) => &ETHERNET,
        (Header::Network, Some(false)) => &V4,
        (Header::Network, Some(true)) => &V6,
        (Header::Transport, _) => transport(known),
        _ => &[],
    }
}

fn transport(known: Known) -> &'static [Place] {
    match known.protocol {
        Some(1) => &ICMP,
        Some(58) => &ICMP6,
        Some(6) => &TCP,
        // nft loads `th sport` and `th dport` whatever the protocol is, and checks the protocol beside.
        None | Some(17 | 33 | 132 | 136) => &TCP[..2],
        Some(_) => &[],
    }
}

const ETHERNET: [Place; 3] = [
    place(|| Field::Mac(PacketSide::Destination), Kind::Mac, 0, 6),
    place(|| Field::Mac(PacketSide::Source), Kind::Mac, 6, 6),
    place(|| Field::EtherType, Kind::Network, 12, 2),
];

/// RFC 791.
const V4: [Place; 10] = [
    place(|| other("ip version and header length"), Kind::Network, 0, 1),
    place(|| other("ip tos"), Kind::Network, 1, 1),
    place(|| Field::Length, Kind::Network, 2, 2),
    place(|| other("ip id"), Kind::Network, 4, 2),
    place(|| other("ip frag-off"), Kind::Network, 6, 2),
    place(|| Field::TimeToLive, Kind::Network, 8, 1),
    place(|| Field::Protocol, Kind::Network, 9, 1),
    place(|| other("ip checksum"), Kind::Network, 10, 2),
    place(|| Field::Address(PacketSide::Source), Kind::Address, 12, 4),
    place(|| Field::Address(PacketSide::Destination), Kind::Address, 16, 4),
];

/// RFC 8200. Its length does not count the header, so it is not [`Field::Length`].
const V6: [Place; 5] = [
    place(|| other("ip6 length"), Kind::Network, 4, 2),
    place(|| Field::NextHeader, Kind::Network, 6, 1),
    place(|| Field::TimeToLive, Kind::Network, 7, 1),
    place(|| Field::Address(PacketSide::Source), Kind::Address, 8, 16),
    place(|| Field::Address(PacketSide::Destination), Kind::Address, 24, 16),
];

const ICMP: [Place; 2] =
    [place(|| Field::IcmpType, Kind::Network, 0, 1), place(|| Field::IcmpCode, Kind::Network, 1, 1)];

const ICMP6: [Place; 2] =
    [place(|| Field::Icmp6Type, Kind::Network, 0, 1), place(|| Field::Icmp6Code, Kind::Network, 1, 1)];

/// The ports come first, as in UDP, SCTP and DCCP.
const TCP: [Place; 3] = [
    place(|| Field::Port(PacketSide::Source), Kind::Network, 0, 2),
    place(|| Field::Port(PacketSide::Destination), Kind::Network, 2, 2),
    place(|| Field::TcpFlags, Kind::Network, 13, 1),
];

fn other(name: &str) -> Field {
    Field::Other(name.to_owned())
}

const fn place(field: fn() -> Field, kind: Kind, offset: usize, length: usize) -> Place {
    Place { field, kind, offset, length }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVER_V4: Known = Known { v6: Some(false), protocol: Some(6) };

    fn named(header: Header, known: Known, offset: usize, length: usize) -> Vec<Field> {
        fields(header, known, offset, length).into_iter().map(|part| part.field).collect()
    }

    #[test]
    fn neighbours_that_nft_loads_at_once_are_told_apart() {
        let both = [Field::Address(PacketSide::Source), Field::Address(PacketSide::Destination)];
        assert_eq!(named(Header::Network, OVER_V4, 12, 8), both);
        let both = [Field::Port(PacketSide::Source), Field::Port(PacketSide::Destination)];
        assert_eq!(named(Header::Transport, OVER_V4, 0, 4), both);
    }

    #[test]
    fn the_beginning_of_an_address_is_known_for_what_it_is() {
        let part = fields(Header::Network, OVER_V4, 16, 2).remove(0);
        assert_eq!((part.field, part.length, part.whole), (Field::Address(PacketSide::Destination), 2, 4));
    }

    #[test]
    fn what_lies_across_fields_keeps_its_raw_name() {
        assert_eq!(named(Header::Network, OVER_V4, 5, 2), [Field::Other("@nh,40,16".into())]);
        assert_eq!(named(Header::Network, Known::default(), 12, 4), [Field::Other("@nh,96,32".into())]);
        assert_eq!(named(Header::Transport, OVER_V4, 0, 1), [Field::Other("@th,0,8".into())]);
    }
}
