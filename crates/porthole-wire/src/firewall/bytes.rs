//! Reading the kernel's structures by offset: what is not there is `None`, never a panic.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A structure of the kernel, in its own byte order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a>(pub(super) &'a [u8]);

impl<'a> Layout<'a> {
    pub(super) fn u8(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    pub(super) fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_ne_bytes)
    }

    pub(super) fn be16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    pub(super) fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_ne_bytes)
    }

    pub(super) fn u64(self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_ne_bytes)
    }

    /// Text in a field of `length` bytes, up to its NUL.
    pub(super) fn text(self, at: usize, length: usize) -> Option<String> {
        let field = self.0.get(at..at.checked_add(length)?)?;
        Some(text(field))
    }

    /// An address of that family.
    pub(super) fn address(self, at: usize, v6: bool) -> Option<IpAddr> {
        if v6 {
            self.array::<16>(at).map(|octets| Ipv6Addr::from(octets).into())
        } else {
            self.array::<4>(at).map(|octets| Ipv4Addr::from(octets).into())
        }
    }

    pub(super) fn slice(self, at: usize, length: usize) -> Option<&'a [u8]> {
        self.0.get(at..at.checked_add(length)?)
    }

    pub(super) fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..)?.first_chunk().copied()
    }
}

/// Text up to its NUL.
pub(super) fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// The octets of an address.
pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// How many leading bits are set, if none is set behind the first that is not.
pub(super) fn prefix_length(mask: &[u8]) -> Option<u8> {
    let mut length = 0u32;
    let mut ended = false;
    for byte in mask {
        if ended && *byte != 0 || byte.leading_ones() + byte.trailing_zeros().min(8) < 8 {
            return None;
        }
        length += byte.leading_ones();
        ended |= *byte != 0xff;
    }
    u8::try_from(length).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_with_a_hole_is_no_prefix() {
        assert_eq!(prefix_length(&[255, 255, 0, 0]), Some(16));
        assert_eq!(prefix_length(&[255, 240, 0, 0]), Some(12));
        assert_eq!(prefix_length(&[255; 16]), Some(128));
        assert_eq!(prefix_length(&[0; 4]), Some(0));
        assert_eq!(prefix_length(&[255, 0, 255, 0]), None);
        assert_eq!(prefix_length(&[0x0f, 0, 0, 0]), None);
        assert_eq!(prefix_length(&[240, 128, 0, 0]), None);
    }
}
