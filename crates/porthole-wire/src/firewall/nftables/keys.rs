//! What `meta`, `ct`, `fib`, `rt` and `socket` load into a register.

use porthole_model::firewall::{
    ConntrackSide, Field, Fork, ForkKind, InterfaceSide, PacketSide, RouteQuestion,
};

use super::kind::Kind;
use super::part::Content;

/// `enum nft_meta_keys`.
pub(super) fn meta(key: u32) -> Content {
    use InterfaceSide::{In, Out};
    let (field, kind, length) = match key {
        0 => (Field::Length, Kind::Host, 4),
        1 => (Field::EtherType, Kind::Network, 2),
        3 => (Field::Mark, Kind::Host, 4),
        4 => (Field::InterfaceIndex(In), Kind::Host, 4),
        5 => (Field::InterfaceIndex(Out), Kind::Host, 4),
        6 => (Field::Interface(In), Kind::Name, 16),
        7 => (Field::Interface(Out), Kind::Name, 16),
        10 => (Field::SocketUid, Kind::Host, 4),
        11 => (Field::SocketGid, Kind::Host, 4),
        15 => (Field::NetworkProtocol, Kind::Network, 1),
        16 => (Field::Protocol, Kind::Network, 1),
        17 => (Field::Bridge(In), Kind::Name, 16),
        18 => (Field::Bridge(Out), Kind::Name, 16),
        19 => (Field::PacketType, Kind::Network, 1),
        21 => (Field::InterfaceGroup(In), Kind::Host, 4),
        22 => (Field::InterfaceGroup(Out), Kind::Host, 4),
        24 => return fork(ForkKind::Chance, "meta random"),
        30..=32 => return fork(ForkKind::Time, "meta time"),
        other => {
            let (name, kind, length) = other_meta(other);
            (Field::Other(name), kind, length)
        }
    };
    Content::field(field, kind, length)
}

fn other_meta(key: u32) -> (String, Kind, usize) {
    let (name, kind, length) = match key {
        2 => ("meta priority", Kind::Host, 4),
        8 => ("meta iiftype", Kind::Host, 2),
        9 => ("meta oiftype", Kind::Host, 2),
        12 => ("meta nftrace", Kind::Network, 1),
        13 => ("meta rtclassid", Kind::Host, 4),
        20 => ("meta cpu", Kind::Host, 4),
        23 => ("meta cgroup", Kind::Host, 4),
        25 => ("meta secpath", Kind::Network, 1),
        26 => ("meta iifkind", Kind::Name, 16),
        27 => ("meta oifkind", Kind::Name, 16),
        33 => ("meta sdif", Kind::Host, 4),
        34 => ("meta sdifname", Kind::Name, 16),
        _ => return (format!("meta key {key}"), Kind::Bytes, 4),
    };
    (name.to_owned(), kind, length)
}

/// `enum nft_ct_keys`, with the direction where one is named.
pub(super) fn conntrack(key: u32, direction: Option<u8>, v6: Option<bool>) -> Option<Content> {
    let (field, kind, length) = match key {
        0 => (Field::ConntrackState, Kind::State, 4),
        1 => (Field::ConntrackDirection, Kind::Network, 1),
        2 => (Field::ConntrackStatus, Kind::Host, 4),
        3 => (Field::ConntrackMark, Kind::Host, 4),
        5 => return Some(fork(ForkKind::Time, "ct expiration")),
        6 => (Field::ConntrackHelper, Kind::Name, 16),
        8 | 19 | 21 => (conntrack_address(direction, PacketSide::Source), Kind::Address, width(key, v6)?),
        9 | 20 | 22 => {
            (conntrack_address(direction, PacketSide::Destination), Kind::Address, width(key, v6)?)
        }
        10 => (Field::ConntrackProtocol, Kind::Network, 1),
        11 => (conntrack_port(direction, PacketSide::Source), Kind::Network, 2),
        12 => (conntrack_port(direction, PacketSide::Destination), Kind::Network, 2),
        14..=16 => return Some(fork(ForkKind::Quota, "ct packets or bytes")),
        17 => (Field::ConntrackZone, Kind::Host, 2),
        _ => return None,
    };
    Some(Content::field(field, kind, length))
}

fn width(key: u32, v6: Option<bool>) -> Option<usize> {
    match (key, v6) {
        (19 | 20, _) | (8 | 9, Some(false)) => Some(4),
        (21 | 22, _) | (8 | 9, Some(true)) => Some(16),
        _ => None,
    }
}

fn conntrack_side(direction: Option<u8>, side: PacketSide) -> ConntrackSide {
    match (direction, side) {
        (Some(0), PacketSide::Source) => ConntrackSide::OriginalSource,
        (Some(0), PacketSide::Destination) => ConntrackSide::OriginalDestination,
        (Some(_), PacketSide::Source) => ConntrackSide::ReplySource,
        (Some(_), PacketSide::Destination) => ConntrackSide::ReplyDestination,
        (None, PacketSide::Source) => ConntrackSide::Source,
        (None, PacketSide::Destination) => ConntrackSide::Destination,
    }
}

fn conntrack_address(direction: Option<u8>, side: PacketSide) -> Field {
    Field::ConntrackAddress(conntrack_side(direction, side))
}

fn conntrack_port(direction: Option<u8>, side: PacketSide) -> Field {
    Field::ConntrackPort(conntrack_side(direction, side))
}

/// `enum nft_fib_result` and `enum nft_fib_flags`.
pub(super) fn fib(result: u32, flags: u32) -> Option<Content> {
    let side = match flags & 3 {
        1 => PacketSide::Source,
        2 => PacketSide::Destination,
        _ => return None,
    };
    let interface = match flags & 0x18 {
        0 => None,
        8 => Some(InterfaceSide::In),
        0x10 => Some(InterfaceSide::Out),
        _ => return None,
    };
    let question = RouteQuestion { side, interface, with_mark: flags & 4 != 0 };
    let only_whether = flags & 0x20 != 0;
    Some(match result {
        1 | 2 if only_whether => Content::field(Field::RouteExists(question), Kind::Network, 1),
        1 => Content::field(Field::RouteInterfaceIndex(question), Kind::Host, 4),
        2 => Content::field(Field::RouteInterface(question), Kind::Name, 16),
        3 => Content::field(Field::AddressKind(question), Kind::RouteType, 4),
        _ => return None,
    })
}

fn fork(kind: ForkKind, wording: &str) -> Content {
    Content::Fork(Fork { kind, wording: wording.to_owned() })
}
