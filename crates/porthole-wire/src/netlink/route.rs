//! Routes: `RTM_GETROUTE` and its answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use porthole_model::{InterfaceIndex, IpPrefix, PathMtu, Route, RouteKind};

use super::attribute::{Attribute, Attributes, ip_address};
use super::message::Request;
use super::{AF_INET6, NetlinkError, fixed, parts_of, u16_at, u32_at};
use crate::AddressFamily;

const WHAT: &str = "route";
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;
const RT_TABLE_MAIN: u8 = 254;
const RT_SCOPE_NOWHERE: u8 = 255;
const RTPROT_BOOT: u8 = 3;
const RTN_UNICAST: u8 = 1;
/// Not of a table: the answer to a question, or what was learned of a path.
const RTM_F_CLONED: u32 = 0x200;
const RTNH_F_DEAD: u32 = 1;
const RTNH_F_LINKDOWN: u32 = 16;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTAX_MTU: u16 = 2;
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;

/// Asks for the routes of a family, of all tables.
pub fn request(family: AddressFamily) -> Request {
    let mut header = [0; 12];
    header[0] = family.number();
    Request::dump(RTM_GETROUTE).with_fixed(&header)
}

/// Asks which route a packet to `destination` would take.
pub fn request_to(destination: IpAddr) -> Request {
    let mut header = [0; 12];
    let (family, address) = parts_of(destination);
    let length = if destination.is_ipv4() { 32 } else { 128 };
    header[..2].copy_from_slice(&[family, length]);
    Request::get(RTM_GETROUTE).with_fixed(&header).with_attribute(RTA_DST, &address)
}

/// Adds the default route of a gateway's family, or removes it.
pub fn default_route(interface: InterfaceIndex, gateway: IpAddr, present: bool) -> Request {
    let (family, address) = parts_of(gateway);
    let mut header = [0; 12];
    header[0] = family;
    header[4] = RT_TABLE_MAIN;
    let request = if present {
        header[5] = RTPROT_BOOT;
        header[7] = RTN_UNICAST;
        Request::make(RTM_NEWROUTE)
    } else {
        header[6] = RT_SCOPE_NOWHERE;
        Request::act(RTM_DELROUTE)
    };
    request
        .with_fixed(&header)
        .with_attribute(RTA_GATEWAY, &address)
        .with_attribute(RTA_OIF, &interface.0.to_ne_bytes())
}

/// Decodes an `RTM_NEWROUTE`.
pub fn decode(payload: &[u8]) -> Result<Route, NetlinkError> {
    let (header, attributes) = fixed::<12>(WHAT, payload)?;
    let attributes = Attributes::check(WHAT, attributes)?;
    let hop = attributes.find(RTA_MULTIPATH).map(first_hop).transpose()?.flatten();
    let number = |kind| attributes.find(kind).and_then(|attribute| attribute.u32());
    let address = |kind| attributes.find(kind).and_then(|attribute| attribute.ip_address());
    let flags = u32_at(header, 8) | hop.map_or(0, |hop| hop.flags);
    Ok(Route {
        destination: IpPrefix {
            address: address(RTA_DST).unwrap_or_else(|| unspecified(header[0])),
            length: header[1],
        },
        kind: kind(header[7]),
        gateway: gateway(attributes).or(hop.and_then(|hop| hop.gateway)),
        interface: number(RTA_OIF).or(hop.map(|hop| hop.interface)).map(InterfaceIndex),
        preferred_source: address(RTA_PREFSRC),
        metric: number(RTA_PRIORITY),
        table: number(RTA_TABLE).unwrap_or_else(|| u32::from(header[4])),
        protocol: header[5],
        link_down: flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN) != 0,
        mtu: mtu(attributes)?,
    })
}

/// An entry of a dump. The kernel lists with the tables what routers told it of paths (since Linux 5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A route of a table.
    Table(Route),
    /// A path with an MTU of its own.
    Path(PathMtu),
    /// Another gateway for a path, which a router named.
    Redirect,
}

/// Decodes an `RTM_NEWROUTE` of a dump.
pub fn decode_entry(payload: &[u8]) -> Result<Entry, NetlinkError> {
    let (header, _) = fixed::<12>(WHAT, payload)?;
    let is_learned = u32_at(header, 8) & RTM_F_CLONED != 0;
    let route = decode(payload)?;
    Ok(match route.mtu {
        _ if !is_learned => Entry::Table(route),
        None => Entry::Redirect,
        Some(mtu) => Entry::Path(PathMtu {
            destination: route.destination.address,
            gateway: route.gateway,
            interface: route.interface,
            mtu,
        }),
    })
}

/// The kernel puts an MTU of 0 for a route without one.
fn mtu(attributes: Attributes<'_>) -> Result<Option<u32>, NetlinkError> {
    let Some(metrics) = attributes.find(RTA_METRICS) else { return Ok(None) };
    let mtu = Attributes::check(WHAT, metrics.value)?.find(RTAX_MTU);
    Ok(mtu.and_then(|mtu| mtu.u32()).filter(|mtu| *mtu != 0))
}

fn unspecified(family: u8) -> IpAddr {
    if family == AF_INET6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// `RTA_VIA` is an address family and an address: an IPv4 route over an IPv6 gateway.
fn gateway(attributes: Attributes<'_>) -> Option<IpAddr> {
    let plain = attributes.find(RTA_GATEWAY).and_then(|attribute| attribute.ip_address());
    plain.or_else(|| ip_address(attributes.find(RTA_VIA)?.value.get(2..)?))
}

#[derive(Clone, Copy)]
struct Hop {
    interface: u32,
    gateway: Option<IpAddr>,
    flags: u32,
}

/// The first `struct rtnexthop` of a multipath route.
fn first_hop(multipath: Attribute<'_>) -> Result<Option<Hop>, NetlinkError> {
    const HEADER: usize = 8;
    if multipath.value.is_empty() {
        return Ok(None);
    }
    let length = usize::from(u16_at(multipath.value, 0));
    let hop = multipath.value.get(..length).filter(|hop| hop.len() >= HEADER);
    let hop = hop.ok_or(NetlinkError::Overrun { what: WHAT })?;
    let attributes = Attributes::check(WHAT, &hop[HEADER..])?;
    Ok(Some(Hop { interface: u32_at(hop, 4), gateway: gateway(attributes), flags: u32::from(hop[2]) }))
}

fn kind(number: u8) -> RouteKind {
    match number {
        1 => RouteKind::Unicast,
        2 => RouteKind::Local,
        3 => RouteKind::Broadcast,
        4 => RouteKind::Anycast,
        5 => RouteKind::Multicast,
        6 => RouteKind::Blackhole,
        7 => RouteKind::Unreachable,
        8 => RouteKind::Prohibit,
        other => RouteKind::Other(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len() + 4).unwrap();
        [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat()
    }

    #[test]
    fn a_default_route_has_no_destination_attribute() {
        let header = [2, 0, 0, 0, 254, 16, 0, 1, 0, 0, 0, 0];
        let via = attribute(RTA_GATEWAY, &[192, 168, 1, 1]);
        let oif = attribute(RTA_OIF, &2u32.to_ne_bytes());
        let route = decode(&[&header[..], &via, &oif].concat()).unwrap();
        assert_eq!(route.destination.to_string(), "0.0.0.0/0");
        assert_eq!(route.gateway, Some("192.168.1.1".parse().unwrap()));
        assert_eq!((route.table, route.protocol, route.link_down), (254, 16, false));
    }

    #[test]
    fn a_multipath_route_shows_its_first_hop() {
        let gateway = attribute(RTA_GATEWAY, &[10, 0, 0, 1]);
        let hop = [&16u16.to_ne_bytes()[..], &[1, 0], &9u32.to_ne_bytes(), &gateway].concat();
        let header = [2, 0, 0, 0, 254, 3, 0, 1, 0, 0, 0, 0];
        let route = decode(&[&header[..], &attribute(RTA_MULTIPATH, &hop)].concat()).unwrap();
        assert_eq!(route.interface, Some(InterfaceIndex(9)));
        assert_eq!(route.gateway, Some("10.0.0.1".parse().unwrap()));
        assert!(route.link_down);
    }

    #[test]
    fn a_learned_path_is_no_route_of_a_table() {
        let entry = |flags: u32, metrics: &[u8]| {
            let header = [&[2, 32, 0, 0, 254, 0, 0, 1][..], &flags.to_ne_bytes()].concat();
            let to = attribute(RTA_DST, &[203, 0, 113, 10]);
            let metrics = attribute(RTA_METRICS, metrics);
            decode_entry(&[&header[..], &to, &metrics].concat()).unwrap()
        };
        let mtu = attribute(RTAX_MTU, &1300u32.to_ne_bytes());
        assert!(matches!(entry(0, &mtu), Entry::Table(Route { mtu: Some(1300), .. })));
        assert!(matches!(entry(RTM_F_CLONED, &mtu), Entry::Path(PathMtu { mtu: 1300, .. })));
        assert_eq!(entry(RTM_F_CLONED, &[]), Entry::Redirect);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(header: [u8; 12], kind in 0u16..32, value in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = decode(&[&header[..], &attribute(kind, &value)].concat()).is_ok();
            let _ = decode_entry(&[&header[..], &attribute(kind, &value)].concat()).is_ok();
            let _ = decode(&value).is_ok();
        }
    }
}
