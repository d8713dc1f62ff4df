//! Numbers of network namespaces: `RTM_GETNSID` asks by which number one namespace knows another.

use std::os::fd::RawFd;

use super::attribute::Attributes;
use super::message::Request;
use super::{NetlinkError, fixed};

const WHAT: &str = "namespace number";
const RTM_GETNSID: u16 = 90;
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;

/// Asks for the number of the namespace that the descriptor `namespace` refers to.
pub fn request(namespace: RawFd) -> Request {
    Request::get(RTM_GETNSID).with_fixed(&[0; 4]).with_attribute(NETNSA_FD, &namespace.to_ne_bytes())
}

/// Decodes an `RTM_NEWNSID`; `None` when it has no number here (`NETNSA_NSID_NOT_ASSIGNED`).
pub fn decode(payload: &[u8]) -> Result<Option<i32>, NetlinkError> {
    let (_, attributes) = fixed::<4>(WHAT, payload)?;
    let number = Attributes::check(WHAT, attributes)?.find(NETNSA_NSID).and_then(|attribute| attribute.i32());
    let number = number.ok_or(NetlinkError::Lacks { what: WHAT, part: "number" })?;
    Ok(Some(number).filter(|number| *number >= 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_negative_number_is_none() {
        let answer = |number: i32| {
            [&[0; 4][..], &8u16.to_ne_bytes(), &NETNSA_NSID.to_ne_bytes(), &number.to_ne_bytes()].concat()
        };
        assert_eq!(decode(&answer(-1)), Ok(None));
        assert_eq!(decode(&answer(4)), Ok(Some(4)));
        assert!(decode(&[0; 4]).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes).is_ok();
        }
    }
}
