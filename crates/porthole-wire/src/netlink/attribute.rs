//! Attributes: the typed, nested values behind the fixed part of a message (`struct nlattr`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use porthole_model::MacAddress;

use super::{NetlinkError, aligned, u16_at};

/// The size of `struct nlattr`.
const HEADER: usize = 4;

/// `NLA_TYPE_MASK`: the upper two bits say "nested" and "network byte order".
const TYPE_MASK: u16 = 0x3fff;

/// A run of attributes whose framing has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// The attributes in `bytes`; `what` names the message for the error.
    pub fn check(what: &'static str, bytes: &'a [u8]) -> Result<Self, NetlinkError> {
        let mut rest = bytes;
        while rest.len() >= HEADER {
            let length = usize::from(u16_at(rest, 0));
            if length < HEADER || length > rest.len() {
                return Err(NetlinkError::Overrun { what });
            }
            rest = rest.get(aligned(length)..).unwrap_or_default();
        }
        Ok(Self { rest: bytes })
    }

    /// The attribute of that kind, the last one if there are several, as the kernel's own parser takes it.
    pub fn find(self, kind: u16) -> Option<Attribute<'a>> {
        self.into_iter().filter(|attribute| attribute.kind == kind).last()
    }
}

impl<'a> IntoIterator for Attributes<'a> {
    type Item = Attribute<'a>;
    type IntoIter = AttributeIterator<'a>;

    fn into_iter(self) -> AttributeIterator<'a> {
        AttributeIterator { rest: self.rest }
    }
}

/// Goes through a run of attributes.
#[derive(Clone, Debug)]
pub struct AttributeIterator<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for AttributeIterator<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        if self.rest.len() < HEADER {
            return None;
        }
        let length = usize::from(u16_at(self.rest, 0));
        let attribute =
            Attribute { kind: u16_at(self.rest, 2) & TYPE_MASK, value: self.rest.get(HEADER..length)? };
        self.rest = self.rest.get(aligned(length)..).unwrap_or_default();
        Some(attribute)
    }
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its type, without the flags.
    pub kind: u16,
    /// Its value.
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// A byte.
    pub fn u8(&self) -> Option<u8> {
        self.value.first().copied()
    }

    /// A 16-bit number.
    pub fn u16(&self) -> Option<u16> {
        self.value.first_chunk().copied().map(u16::from_ne_bytes)
    }

    /// A 32-bit number.
    pub fn u32(&self) -> Option<u32> {
        self.value.first_chunk().copied().map(u32::from_ne_bytes)
    }

    /// A signed 32-bit number.
    pub fn i32(&self) -> Option<i32> {
        self.u32().map(u32::cast_signed)
    }

    /// A 16-bit number in network byte order, as netfilter has them.
    pub fn be16(&self) -> Option<u16> {
        self.value.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// A 32-bit number in network byte order.
    pub fn be32(&self) -> Option<u32> {
        self.value.first_chunk().copied().map(u32::from_be_bytes)
    }

    /// A 64-bit number in network byte order.
    pub fn be64(&self) -> Option<u64> {
        self.value.first_chunk().copied().map(u64::from_be_bytes)
    }

    /// A text, up to its NUL.
    pub fn text(&self) -> String {
        let end = self.value.iter().position(|byte| *byte == 0).unwrap_or(self.value.len());
        String::from_utf8_lossy(&self.value[..end]).into_owned()
    }

    /// An Ethernet address; other lengths belong to other kinds of links.
    pub fn mac(&self) -> Option<MacAddress> {
        <[u8; 6]>::try_from(self.value).ok().map(MacAddress)
    }

    /// An IPv4 or IPv6 address, by its length.
    pub fn ip_address(&self) -> Option<IpAddr> {
        ip_address(self.value)
    }

    /// Attributes inside this one.
    pub fn nested(&self, what: &'static str) -> Result<Attributes<'a>, NetlinkError> {
        Attributes::check(what, self.value)
    }
}

/// An IPv4 or IPv6 address, by its length.
pub(super) fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets).into()),
        16 => bytes.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::message::{Body, Messages, Request};
    use super::*;

    #[test]
    fn a_length_that_leads_out_is_an_error() {
        for bytes in [[5, 0, 1, 0].as_slice(), &[3, 0, 1, 0], &[0, 0, 0, 0, 1]] {
            assert!(Attributes::check("link", bytes).is_err(), "{bytes:?}");
        }
        assert_eq!(Attributes::check("link", &[4, 0, 1, 0, 9]).unwrap().into_iter().count(), 1);
    }

    #[test]
    fn flags_are_no_part_of_the_type() {
        let attribute = Attributes::check("link", &[5, 0, 18, 0x80, 7]).unwrap().into_iter().next().unwrap();
        assert_eq!(attribute, Attribute { kind: 18, value: &[7] });
    }

    proptest! {
        #[test]
        fn any_bytes_end_without_panic(bytes: Vec<u8>) {
            if let Ok(attributes) = Attributes::check("link", &bytes) {
                for attribute in attributes {
                    let _ = (attribute.u8(), attribute.u16(), attribute.u32(), attribute.text());
                    let _ = (attribute.mac(), attribute.ip_address(), attribute.nested("link").is_ok());
                }
            }
        }

        #[test]
        fn attributes_come_back(values in prop::collection::vec((0u16..TYPE_MASK, any::<Vec<u8>>()), 0..8)) {
            let request = values.iter().fold(Request::get(16), |request, (kind, value)| {
                request.with_attribute(*kind, value)
            });
            let bytes = request.finish(1);
            let Body::Data { payload, .. } = Messages::of(&bytes).next().unwrap().unwrap().body else {
                panic!("a request is data");
            };
            let found: Vec<_> = Attributes::check("test", payload).unwrap().into_iter()
                .map(|attribute| (attribute.kind, attribute.value.to_vec())).collect();
            prop_assert_eq!(found, values);
        }
    }
}
