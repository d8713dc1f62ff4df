//! Addresses of interfaces: `RTM_GETADDR` and its answers.

use porthole_model::{AddressOrigin, InterfaceAddress, InterfaceIndex, IpPrefix};

use super::attribute::Attributes;
use super::message::Request;
use super::{NetlinkError, fixed, parts_of, u32_at};

const WHAT: &str = "address";
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;
const IFA_F_PERMANENT: u32 = 0x80;

/// Asks for every address of the namespace, IPv4 and IPv6.
pub fn request() -> Request {
    Request::dump(RTM_GETADDR).with_fixed(&[0; 8])
}

/// Gives an interface an address, or takes it off.
pub fn change(interface: InterfaceIndex, prefix: IpPrefix, present: bool) -> Request {
    let (family, address) = parts_of(prefix.address);
    let mut header = [0; 8];
    header[..2].copy_from_slice(&[family, prefix.length]);
    header[4..].copy_from_slice(&interface.0.to_ne_bytes());
    let request = if present { Request::make(RTM_NEWADDR) } else { Request::act(RTM_DELADDR) };
    request.with_fixed(&header).with_attribute(IFA_LOCAL, &address).with_attribute(IFA_ADDRESS, &address)
}

/// Decodes an `RTM_NEWADDR`. On a point-to-point link `IFA_ADDRESS` is the peer's, so `IFA_LOCAL` goes first.
pub fn decode(payload: &[u8]) -> Result<InterfaceAddress, NetlinkError> {
    let (header, attributes) = fixed::<8>(WHAT, payload)?;
    let attributes = Attributes::check(WHAT, attributes)?;
    let address = attributes.find(IFA_LOCAL).or_else(|| attributes.find(IFA_ADDRESS));
    let address = address.and_then(|attribute| attribute.ip_address());
    let address = address.ok_or(NetlinkError::Lacks { what: WHAT, part: "IP address" })?;
    let prefix = IpPrefix { address, length: header[1] };
    // The byte of the header holds the first eight flags, the attribute all of them.
    let flags = attributes.find(IFA_FLAGS).and_then(|attribute| attribute.u32());
    let flags = flags.unwrap_or(u32::from(header[2]));
    let number = attributes.find(IFA_PROTO).and_then(|attribute| attribute.value.first().copied());
    Ok(InterfaceAddress {
        origin: number.map(origin),
        expires: flags & IFA_F_PERMANENT == 0,
        ..InterfaceAddress::new(InterfaceIndex(u32_at(header, 4)), prefix)
    })
}

/// `IFAPROT_KERNEL_LO` and its neighbours.
fn origin(number: u8) -> AddressOrigin {
    match number {
        1 => AddressOrigin::Loopback,
        2 => AddressOrigin::RouterAdvertisement,
        3 => AddressOrigin::LinkLocal,
        other => AddressOrigin::Other(other),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_local_address_goes_before_the_peers() {
        let mut payload = vec![2, 24, 0, 0];
        payload.extend(5u32.to_ne_bytes());
        for (kind, address) in [(IFA_ADDRESS, [10, 0, 0, 2]), (IFA_LOCAL, [10, 0, 0, 1])] {
            payload.extend(8u16.to_ne_bytes().into_iter().chain(kind.to_ne_bytes()).chain(address));
        }
        let address = decode(&payload).unwrap();
        assert_eq!(address.prefix.to_string(), "10.0.0.1/24");
        assert_eq!(address.interface, InterfaceIndex(5));
    }

    #[test]
    fn a_routers_address_says_so_and_expires() {
        let header = [&[10, 64, 0, 0][..], &2u32.to_ne_bytes()].concat();
        let own = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
        let local = [&20u16.to_ne_bytes()[..], &IFA_ADDRESS.to_ne_bytes(), &own].concat();
        let by_router = [&5u16.to_ne_bytes()[..], &IFA_PROTO.to_ne_bytes(), &[2, 0, 0, 0]].concat();
        let stays = [&8u16.to_ne_bytes()[..], &IFA_FLAGS.to_ne_bytes(), &0x180u32.to_ne_bytes()].concat();
        let address = decode(&[&header[..], &local, &by_router].concat()).unwrap();
        assert_eq!((address.origin, address.expires), (Some(AddressOrigin::RouterAdvertisement), true));
        let address = decode(&[&header[..], &local, &stays].concat()).unwrap();
        assert_eq!((address.origin, address.expires), (None, false));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes).is_ok();
        }
    }
}
