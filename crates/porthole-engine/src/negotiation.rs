//! Which version of the API is spoken: the newest that both sides know, or the one that `DOCKER_API_VERSION` asks for.

use std::fmt;
use std::str::FromStr;

use crate::connect_error::ConnectCause;

/// A version of the API: `1.41`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion {
    /// The number before the point.
    pub major: u16,
    /// The number behind it.
    pub minor: u16,
}

/// What porthole is written for: Docker 19.03's API up to Docker 28.5's.
const OURS: ApiRange =
    ApiRange { oldest: ApiVersion { major: 1, minor: 40 }, newest: ApiVersion { major: 1, minor: 51 } };

/// The first version that an engine without a word on its oldest one certainly knows.
const OLDEST_EVER: ApiVersion = ApiVersion { major: 1, minor: 12 };

/// The versions that a side speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiRange {
    /// The oldest.
    pub oldest: ApiVersion,
    /// The newest.
    pub newest: ApiVersion,
}

impl ApiRange {
    /// What an engine says of itself; `oldest` is missing from very old ones.
    pub(crate) fn of_engine(newest: ApiVersion, oldest: Option<ApiVersion>) -> Self {
        Self { oldest: oldest.unwrap_or(OLDEST_EVER.min(newest)), newest }
    }
}

/// The version to speak with an engine.
pub(crate) fn negotiate(engine: ApiRange, asked: Option<&str>) -> Result<ApiVersion, ConnectCause> {
    let asked = asked
        .map(|text| text.parse().map_err(|_| ConnectCause::BadApiVersion { text: text.to_owned() }))
        .transpose()?;
    let version = asked.unwrap_or_else(|| OURS.newest.min(engine.newest));
    if version > engine.newest || version < OURS.oldest {
        return Err(ConnectCause::EngineTooOld { engine, ours: OURS, asked });
    }
    if version < engine.oldest || version > OURS.newest {
        return Err(ConnectCause::EngineTooNew { engine, ours: OURS, asked });
    }
    Ok(version)
}

/// The version to speak with an engine whose newest is known and nothing else: its newest, where that is one of ours.
pub(crate) fn certain(newest: ApiVersion) -> Option<ApiVersion> {
    (OURS.oldest..=OURS.newest).contains(&newest).then_some(newest)
}

impl FromStr for ApiVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no version of the API");
        let (major, minor) = text.split_once('.').ok_or_else(wrong)?;
        Ok(Self { major: major.parse().map_err(|_| wrong())?, minor: minor.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl fmt::Display for ApiRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} to {}", self.oldest, self.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(oldest: &str, newest: &str) -> ApiRange {
        ApiRange { oldest: oldest.parse().unwrap(), newest: newest.parse().unwrap() }
    }

    fn spoken(engine: ApiRange, asked: Option<&str>) -> String {
        negotiate(engine, asked).map_or_else(|error| error.to_string(), |version| version.to_string())
    }

    #[test]
    fn the_newest_that_both_know_is_spoken() {
        assert_eq!(spoken(range("1.12", "1.41"), None), "1.41");
        assert_eq!(spoken(range("1.44", "1.60"), None), "1.51");
        assert_eq!(spoken(range("1.24", "1.45"), Some("1.41")), "1.41");
    }

    #[test]
    fn both_ranges_stand_in_the_refusal() {
        let old = spoken(range("1.12", "1.39"), None);
        assert_eq!(old, "the engine speaks API 1.12 to 1.39, porthole 1.40 to 1.51: the engine is too old");
        let new = spoken(range("1.52", "1.60"), None);
        assert_eq!(new, "the engine speaks API 1.52 to 1.60, porthole 1.40 to 1.51: the engine is too new");
    }

    #[test]
    fn a_pinned_version_that_the_engine_lacks_is_named() {
        let words = spoken(range("1.12", "1.41"), Some("1.45"));
        assert!(words.ends_with("and DOCKER_API_VERSION asks for 1.45: the engine is too old"), "{words}");
        let words = spoken(range("1.44", "1.51"), Some("1.41"));
        assert!(words.ends_with("and DOCKER_API_VERSION asks for 1.41: the engine is too new"), "{words}");
        assert!(spoken(range("1.44", "1.51"), Some("latest")).contains("\"latest\""));
    }
}
