//! Versions of the engine's API, in their order.

use std::fmt;

/// A version of the API: 1.9 is older than 1.51.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ApiVersion {
    major: u32,
    minor: u32,
}

impl ApiVersion {
    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// `1.51`; nothing else is a version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

fn number(text: &str) -> Option<u32> {
    // A sign is none of the API's.
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        assert!(ApiVersion::parse("1.9") < ApiVersion::parse("1.51"));
        for wrong in ["", "1", "1.", ".1", "1.2.3", "+1.2", "1.-2", "1.99999999999"] {
            assert_eq!(ApiVersion::parse(wrong), None, "{wrong}");
        }
    }
}
