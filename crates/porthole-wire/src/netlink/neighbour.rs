//! Neighbours and forwarding databases: `RTM_GETNEIGH` and its answers.

use std::net::IpAddr;

use porthole_model::{FdbEntry, InterfaceIndex, MacAddress, Neighbour, NeighbourState};

use super::attribute::Attributes;
use super::message::Request;
use super::{AF_BRIDGE, NetlinkError, fixed, parts_of, u16_at, u32_at};

const NEIGHBOUR: &str = "neighbour";
const ENTRY: &str = "forwarding entry";
const RTM_NEWNEIGH: u16 = 28;
const RTM_DELNEIGH: u16 = 29;
const RTM_GETNEIGH: u16 = 30;
const NUD_PERMANENT: u16 = 0x80;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NDA_VLAN: u16 = 5;
const NDA_MASTER: u16 = 9;

/// Asks for the neighbour tables of the namespace, IPv4 and IPv6.
pub fn request() -> Request {
    Request::dump(RTM_GETNEIGH).with_fixed(&[0; 12])
}

/// Sets a permanent entry.
pub fn permanent(interface: InterfaceIndex, address: IpAddr, mac: MacAddress) -> Request {
    let (header, address) = entry(interface, address, NUD_PERMANENT);
    Request::put(RTM_NEWNEIGH)
        .with_fixed(&header)
        .with_attribute(NDA_DST, &address)
        .with_attribute(NDA_LLADDR, &mac.0)
}

/// Removes an entry.
pub fn removal(interface: InterfaceIndex, address: IpAddr) -> Request {
    let (header, address) = entry(interface, address, 0);
    Request::act(RTM_DELNEIGH).with_fixed(&header).with_attribute(NDA_DST, &address)
}

fn entry(interface: InterfaceIndex, address: IpAddr, state: u16) -> ([u8; 12], Vec<u8>) {
    let (family, address) = parts_of(address);
    let mut header = [0; 12];
    header[0] = family;
    header[4..8].copy_from_slice(&interface.0.to_ne_bytes());
    header[8..10].copy_from_slice(&state.to_ne_bytes());
    (header, address)
}

/// Asks for the forwarding databases of the namespace.
pub fn forwarding_database_request() -> Request {
    let mut header = [0; 12];
    header[0] = AF_BRIDGE;
    Request::dump(RTM_GETNEIGH).with_fixed(&header)
}

/// Decodes an `RTM_NEWNEIGH` of a neighbour table; `None` when it is of a family without IP addresses.
pub fn decode(payload: &[u8]) -> Result<Option<Neighbour>, NetlinkError> {
    let (header, attributes) = fixed::<12>(NEIGHBOUR, payload)?;
    let attributes = Attributes::check(NEIGHBOUR, attributes)?;
    let address = attributes.find(NDA_DST).and_then(|attribute| attribute.ip_address());
    let neighbour = address.map(|address| Neighbour {
        interface: InterfaceIndex(u32_at(header, 4)),
        address,
        mac: attributes.find(NDA_LLADDR).and_then(|attribute| attribute.mac()),
        state: state(u16_at(header, 8)),
    });
    Ok(neighbour)
}

/// Decodes an `RTM_NEWNEIGH` of a forwarding database; `None` when its key is no Ethernet address.
pub fn decode_forwarding_entry(payload: &[u8]) -> Result<Option<FdbEntry>, NetlinkError> {
    let (header, attributes) = fixed::<12>(ENTRY, payload)?;
    let attributes = Attributes::check(ENTRY, attributes)?;
    let mac = attributes.find(NDA_LLADDR).and_then(|attribute| attribute.mac());
    let entry = mac.map(|mac| FdbEntry {
        mac,
        port: InterfaceIndex(u32_at(header, 4)),
        bridge: attributes.find(NDA_MASTER).and_then(|attribute| attribute.u32()).map(InterfaceIndex),
        vlan: attributes.find(NDA_VLAN).and_then(|attribute| attribute.u16()),
        state: state(u16_at(header, 8)),
    });
    Ok(entry)
}

/// `NUD_*` of `include/uapi/linux/neighbour.h`.
fn state(bits: u16) -> NeighbourState {
    match bits {
        0x01 => NeighbourState::Incomplete,
        0x02 => NeighbourState::Reachable,
        0x04 => NeighbourState::Stale,
        0x08 => NeighbourState::Delay,
        0x10 => NeighbourState::Probe,
        0x20 => NeighbourState::Failed,
        0x40 => NeighbourState::NoArp,
        // A permanent bridge entry that is not learnt from ARP has NUD_NOARP beside NUD_PERMANENT.
        bits if bits & 0x80 != 0 => NeighbourState::Permanent,
        _ => NeighbourState::None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(state: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        bytes.extend(3u32.to_ne_bytes());
        bytes.extend(state.to_ne_bytes());
        bytes.extend([0, 0]);
        for (kind, value) in attributes {
            bytes.extend(u16::try_from(value.len() + 4).unwrap().to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(*value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    #[test]
    fn an_unresolved_neighbour_has_no_mac() {
        let neighbour = decode(&message(0x20, &[(NDA_DST, &[172, 17, 0, 9])])).unwrap().unwrap();
        assert_eq!(neighbour.mac, None);
        assert_eq!(neighbour.state, NeighbourState::Failed);
        assert_eq!(neighbour.interface, InterfaceIndex(3));
    }

    #[test]
    fn a_forwarding_entry_names_its_bridge() {
        let attributes: &[(u16, &[u8])] = &[
            (NDA_LLADDR, &[2, 66, 172, 17, 0, 2]),
            (NDA_MASTER, &8u32.to_ne_bytes()),
            (NDA_VLAN, &1u16.to_ne_bytes()),
        ];
        let entry = decode_forwarding_entry(&message(0x80, attributes)).unwrap().unwrap();
        assert_eq!(entry.mac.to_string(), "02:42:ac:11:00:02");
        assert_eq!((entry.bridge, entry.vlan), (Some(InterfaceIndex(8)), Some(1)));
        assert_eq!(entry.state, NeighbourState::Permanent);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = (decode(&bytes).is_ok(), decode_forwarding_entry(&bytes).is_ok());
        }
    }
}
