//! Addresses of interfaces: `RTM_GETADDR` and its answers.

use porthole_model::{InterfaceAddress, InterfaceIndex, IpPrefix};

use super::attribute::Attributes;
use super::message::Request;
use super::{NetlinkError, fixed, parts_of, u32_at};

const WHAT: &str = "address";
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

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
    Ok(InterfaceAddress { interface: InterfaceIndex(u32_at(header, 4)), prefix })
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

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes).is_ok();
        }
    }
}
