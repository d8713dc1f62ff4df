//! Identifiers and small values of the field, each its own type.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

number!(
    /// A network namespace: the inode number of its nsfs file, as `/proc/PID/ns/net` shows it.
    NetnsId(u64)
);
number!(
    /// A process id in the namespace of porthole's own `/proc`.
    Pid(u32)
);
number!(
    /// A TCP or UDP port.
    Port(u16)
);
number!(
    /// A user id.
    Uid(u32)
);
number!(
    /// A group id.
    Gid(u32)
);
number!(
    /// The index of an interface, unique in its network namespace only.
    InterfaceIndex(u32)
);

macro_rules! hexadecimal_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The first twelve digits, as the docker CLI shows them.
            pub fn short(&self) -> ShortId<'_> {
                ShortId(self.0.get(..12).unwrap_or(&self.0))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

hexadecimal_id!(
    /// A container's full id: 64 hexadecimal digits.
    ContainerId
);
hexadecimal_id!(
    /// A network's full id: 64 hexadecimal digits.
    NetworkId
);

/// The first twelve digits of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortId<'a>(pub &'a str);

impl fmt::Display for ShortId<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.0)
    }
}

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl fmt::Display for MacAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.0.map(|byte| format!("{byte:02x}"));
        formatter.pad(&parts.join(":"))
    }
}

impl FromStr for MacAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an Ethernet address");
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| wrong())?;
        }
        if parts.next().is_some() { Err(wrong()) } else { Ok(Self(bytes)) }
    }
}

impl Serialize for MacAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MacAddress {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An address with the length of its network's prefix: `172.17.0.2/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpPrefix {
    /// The address; bits behind the prefix may be set, as on an interface.
    pub address: IpAddr,
    /// The number of leading bits that name the network.
    pub length: u8,
}

impl IpPrefix {
    /// Whether `address` lies in this network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let ignored = 32 - u32::from(self.length.min(32));
                u32::from(network).checked_shr(ignored) == u32::from(address).checked_shr(ignored)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let ignored = 128 - u32::from(self.length.min(128));
                u128::from(network).checked_shr(ignored) == u128::from(address).checked_shr(ignored)
            }
            _ => false,
        }
    }
}

impl fmt::Display for IpPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.length)
    }
}

impl FromStr for IpPrefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not an address with a prefix length");
        let (address, length) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let length: u8 = length.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        if length > longest { Err(wrong()) } else { Ok(Self { address, length }) }
    }
}

impl Serialize for IpPrefix {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IpPrefix {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_contains_its_addresses_only() {
        let prefix: IpPrefix = "172.18.0.1/16".parse().unwrap();
        assert!(prefix.contains("172.18.255.9".parse().unwrap()));
        assert!(!prefix.contains("172.19.0.1".parse().unwrap()));
        assert!(!prefix.contains("::ffff:172.18.0.1".parse().unwrap()));
        assert!("0.0.0.0/0".parse::<IpPrefix>().unwrap().contains("1.2.3.4".parse().unwrap()));
        assert!("::/0".parse::<IpPrefix>().unwrap().contains("::1".parse().unwrap()));
    }

    #[test]
    fn wrong_text_is_an_error() {
        for text in ["", "1.2.3.4", "1.2.3.4/33", "::/129", "x/1"] {
            assert!(text.parse::<IpPrefix>().is_err(), "{text}");
        }
        for text in ["", "1:2:3:4:5:6", "00:11:22:33:44", "00:11:22:33:44:55:66", "00:11:22:33:44:zz"] {
            assert!(text.parse::<MacAddress>().is_err(), "{text}");
        }
        assert_eq!("02:42:ac:11:00:02".parse::<MacAddress>().unwrap().to_string(), "02:42:ac:11:00:02");
    }

    #[test]
    fn short_id_of_a_short_text_is_the_text() {
        assert_eq!(ContainerId("abc".into()).short().to_string(), "abc");
    }
}
