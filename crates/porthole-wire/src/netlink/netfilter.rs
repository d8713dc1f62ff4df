//! What every message of netfilter begins with (`struct nfgenmsg`), and its subsystems.

use super::attribute::Attributes;
use super::message::Request;
use super::{NetlinkError, fixed};

/// A subsystem of netfilter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subsystem {
    /// Connection tracking.
    Conntrack,
    /// ipset.
    IpSet,
    /// nftables.
    Nftables,
    /// The list of what hangs at the hooks.
    Hooks,
}

impl Subsystem {
    fn number(self) -> u16 {
        match self {
            Self::Conntrack => 1,
            Self::IpSet => 6,
            Self::Nftables => 10,
            Self::Hooks => 12,
        }
    }

    /// A request for all things of a kind; family 0 is every family.
    pub fn dump(self, message: u8, family: u8) -> Request {
        Request::dump(self.message_type(message)).with_fixed(&[family, 0, 0, 0])
    }

    /// A request for one thing.
    pub fn get(self, message: u8, family: u8) -> Request {
        Request::get(self.message_type(message)).with_fixed(&[family, 0, 0, 0])
    }

    fn message_type(self, message: u8) -> u16 {
        self.number() << 8 | u16::from(message)
    }
}

/// The family that a message is of, and its attributes.
pub fn split<'a>(what: &'static str, payload: &'a [u8]) -> Result<(u8, Attributes<'a>), NetlinkError> {
    let (header, attributes) = fixed::<4>(what, payload)?;
    Ok((header[0], Attributes::check(what, attributes)?))
}
