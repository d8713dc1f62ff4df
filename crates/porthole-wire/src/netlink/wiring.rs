//! Requests that wire two network namespaces: a veth pair, and its addresses, neighbours and routes.

use std::net::IpAddr;

use porthole_model::{InterfaceIndex, MacAddress};

use super::attribute_list::AttributeList;
use super::message::Request;
use super::{AF_INET, AF_INET6};

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTM_NEWNEIGH: u16 = 28;

const NLM_F_ACK: u16 = 0x4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;

const IFF_UP: u32 = 0x1;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// No search for others that have the address, which would keep it from being used for a second.
const IFA_F_NODAD: u8 = 0x2;

const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NUD_PERMANENT: u16 = 0x80;

const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_BOOT: u8 = 3;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;
const RTN_UNICAST: u8 = 1;
/// The gateway need not be on a network of the interface.
const RTNH_F_ONLINK: u32 = 4;

/// One end of a veth pair.
#[derive(Clone, Copy, Debug)]
pub struct VethEnd<'a> {
    /// Its name; the kernel puts the first free number in the place of `%d`.
    pub name: &'a str,
    /// Its address. One that is given is left alone by udev.
    pub mac: MacAddress,
}

/// Makes a veth pair: one end here, the other in the namespace of a descriptor.
pub fn veth_pair(here: VethEnd<'_>, there: VethEnd<'_>, namespace: u32) -> Request {
    let end =
        |end: VethEnd<'_>| AttributeList::new().text(IFLA_IFNAME, end.name).bytes(IFLA_ADDRESS, &end.mac.0);
    let peer = end(there).bytes(IFLA_NET_NS_FD, &namespace.to_ne_bytes()).into_bytes();
    let data = AttributeList::new().bytes(VETH_INFO_PEER, &[&[0; 16], peer.as_slice()].concat());
    let information = AttributeList::new().text(IFLA_INFO_KIND, "veth").nested(IFLA_INFO_DATA, &data);
    let attributes = end(here).nested(IFLA_LINKINFO, &information).into_bytes();
    created(RTM_NEWLINK, &[0; 16], &attributes)
}

/// Switches a link on.
pub fn link_up(index: InterfaceIndex) -> Request {
    let mut header = [0; 16];
    header[4..8].copy_from_slice(&index.0.to_ne_bytes());
    header[8..12].copy_from_slice(&IFF_UP.to_ne_bytes());
    header[12..16].copy_from_slice(&IFF_UP.to_ne_bytes());
    Request::act(RTM_NEWLINK).with_fixed(&header)
}

/// Gives an interface an address, with no network around it.
pub fn lone_address(index: InterfaceIndex, address: IpAddr) -> Request {
    let (family, octets) = family_and_octets(address);
    let mut header = [family, bits(&octets), IFA_F_NODAD, RT_SCOPE_UNIVERSE, 0, 0, 0, 0];
    header[4..8].copy_from_slice(&index.0.to_ne_bytes());
    let attributes = AttributeList::new().bytes(IFA_LOCAL, &octets).bytes(IFA_ADDRESS, &octets);
    created(RTM_NEWADDR, &header, &attributes.into_bytes())
}

/// Writes down who has an address on an interface, so that nobody is asked.
pub fn fixed_neighbour(index: InterfaceIndex, address: IpAddr, mac: MacAddress) -> Request {
    let (family, octets) = family_and_octets(address);
    let mut header = [0; 12];
    header[0] = family;
    header[4..8].copy_from_slice(&index.0.to_ne_bytes());
    header[8..10].copy_from_slice(&NUD_PERMANENT.to_ne_bytes());
    let attributes = AttributeList::new().bytes(NDA_DST, &octets).bytes(NDA_LLADDR, &mac.0);
    created(RTM_NEWNEIGH, &header, &attributes.into_bytes())
}

/// Leads to one address by an interface, on which it is.
pub fn route_to_neighbour(index: InterfaceIndex, address: IpAddr) -> Request {
    let (family, octets) = family_and_octets(address);
    let header = route_header(family, bits(&octets), RT_SCOPE_LINK, 0);
    let attributes = AttributeList::new().bytes(RTA_DST, &octets).bytes(RTA_OIF, &index.0.to_ne_bytes());
    created(RTM_NEWROUTE, &header, &attributes.into_bytes())
}

/// Leads to everything of a gateway's family by that gateway, which is on the interface.
pub fn default_route(index: InterfaceIndex, gateway: IpAddr) -> Request {
    let (family, octets) = family_and_octets(gateway);
    let header = route_header(family, 0, RT_SCOPE_UNIVERSE, RTNH_F_ONLINK);
    let attributes = AttributeList::new().bytes(RTA_GATEWAY, &octets).bytes(RTA_OIF, &index.0.to_ne_bytes());
    created(RTM_NEWROUTE, &header, &attributes.into_bytes())
}

fn created(message_type: u16, header: &[u8], attributes: &[u8]) -> Request {
    let flags = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    // Headers and attributes are aligned to four bytes, so both stand as one fixed part.
    Request::change(message_type, flags).with_fixed(&[header, attributes].concat())
}

fn route_header(family: u8, length: u8, scope: u8, flags: u32) -> [u8; 12] {
    let mut header = [family, length, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, scope, RTN_UNICAST, 0, 0, 0, 0];
    header[8..12].copy_from_slice(&flags.to_ne_bytes());
    header
}

fn family_and_octets(address: IpAddr) -> (u8, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
    }
}

fn bits(octets: &[u8]) -> u8 {
    if octets.len() == 4 { 32 } else { 128 }
}

#[cfg(test)]
mod tests {
    use super::super::attribute::Attributes;
    use super::*;

    #[test]
    fn the_far_end_of_a_pair_is_a_link_of_its_own() {
        let mac = |last| MacAddress([2, 0, 0, 0, 0, last]);
        let end = |name, last| VethEnd { name, mac: mac(last) };
        let bytes = veth_pair(end("eth0", 1), end("porthole%d", 2), 7).finish(1);
        let attributes = Attributes::check("link", &bytes[32..]).unwrap();
        assert_eq!(attributes.find(IFLA_IFNAME).unwrap().text(), "eth0");
        let information = attributes.find(IFLA_LINKINFO).unwrap().nested("link").unwrap();
        assert_eq!(information.find(IFLA_INFO_KIND).unwrap().text(), "veth");
        let data = information.find(IFLA_INFO_DATA).unwrap().nested("link").unwrap();
        let peer = data.find(VETH_INFO_PEER).unwrap().value;
        let peer = Attributes::check("link", &peer[16..]).unwrap();
        assert_eq!(peer.find(IFLA_IFNAME).unwrap().text(), "porthole%d");
        assert_eq!(peer.find(IFLA_ADDRESS).unwrap().mac(), Some(mac(2)));
        assert_eq!(peer.find(IFLA_NET_NS_FD).unwrap().u32(), Some(7));
    }

    #[test]
    fn an_address_stands_alone() {
        let bytes = lone_address(InterfaceIndex(5), "fd00::2".parse().unwrap()).finish(1);
        let address = super::super::address::decode(&bytes[16..]).unwrap();
        assert_eq!(address.prefix.to_string(), "fd00::2/128");
        assert_eq!(address.interface, InterfaceIndex(5));
    }

    #[test]
    fn routes_are_read_as_they_are_written() {
        let read = |request: Request| super::super::route::decode(&request.finish(1)[16..]).unwrap();
        let neighbour = read(route_to_neighbour(InterfaceIndex(5), "203.0.113.9".parse().unwrap()));
        assert_eq!(neighbour.destination.to_string(), "203.0.113.9/32");
        assert_eq!((neighbour.interface, neighbour.gateway), (Some(InterfaceIndex(5)), None));
        let default = read(default_route(InterfaceIndex(5), "fe80::1".parse().unwrap()));
        assert_eq!(default.destination.to_string(), "::/0");
        assert_eq!(default.gateway, Some("fe80::1".parse().unwrap()));
    }
}
