//! What fields are compared with: texts, patterns, versions, and numbers with their units.

use regex::Regex;

use super::fields::Kind;
use crate::version::ApiVersion;

/// A value, as written and as meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) written: String,
    pub(super) meaning: Meaning,
}

/// What a value means for the kind of field that it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Text(String),
    Word(String),
    /// All numbers from the first to the last: `5xx`. Bytes count as such, durations in nanoseconds.
    Range(u128, u128),
    Version(ApiVersion),
    Flag(bool),
}

/// A regular expression, equal to another of the same text.
#[derive(Clone, Debug)]
pub(super) struct Pattern(pub(super) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

const BYTE_UNITS: [(&str, u128); 14] = [
    ("", 1),
    ("b", 1),
    ("k", 1000),
    ("kb", 1000),
    ("kib", 1 << 10),
    ("m", 1_000_000),
    ("mb", 1_000_000),
    ("mib", 1 << 20),
    ("g", 1_000_000_000),
    ("gb", 1_000_000_000),
    ("gib", 1 << 30),
    ("tb", 1_000_000_000_000),
    ("tib", 1 << 40),
    ("t", 1_000_000_000_000),
];
const DURATION_UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1000),
    ("µs", 1000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The meaning of a value; what would have had one, if it has none.
pub(super) fn meaning(text: &str, kind: Kind) -> Result<Meaning, String> {
    let exactly = |number| Meaning::Range(number, number);
    let (meaning, expected) = match kind {
        Kind::Text => (Some(Meaning::Text(text.to_owned())), ""),
        Kind::Word => (Some(Meaning::Word(text.to_owned())), ""),
        Kind::Choice(words) => return choice(text, words),
        Kind::Number => (plain(text).map(exactly), "a number"),
        Kind::Status => (status(text), "a status or a class of them: 404, 5xx"),
        Kind::Bytes => (scaled(text, &BYTE_UNITS).map(exactly), "a size: 512, 64KiB, 1.5MB"),
        Kind::Duration => (duration(text).map(exactly), "a duration with its unit: 10ms, 2s, 1.5m"),
        Kind::Version => (ApiVersion::parse(text).map(Meaning::Version), "a version: 1.51"),
        Kind::Flag => (flag(text), "true or false"),
    };
    meaning.ok_or_else(|| expected.to_owned())
}

fn choice(text: &str, words: &[&str]) -> Result<Meaning, String> {
    let known = words.iter().find(|word| word.eq_ignore_ascii_case(text));
    known.map(|word| Meaning::Word((*word).to_owned())).ok_or_else(|| format!("one of {}", words.join(", ")))
}

fn plain(text: &str) -> Option<u128> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// `404`, or `5xx` for all from 500 to 599.
fn status(text: &str) -> Option<Meaning> {
    match text.as_bytes() {
        [class @ b'1'..=b'9', b'x' | b'X', b'x' | b'X'] => {
            let low = u128::from(class - b'0') * 100;
            Some(Meaning::Range(low, low + 99))
        }
        _ => plain(text).filter(|number| *number <= 999).map(|number| Meaning::Range(number, number)),
    }
}

/// Zero needs no unit.
fn duration(text: &str) -> Option<u128> {
    if text == "0" { Some(0) } else { scaled(text, &DURATION_UNITS) }
}

fn flag(text: &str) -> Option<Meaning> {
    let yes = text.eq_ignore_ascii_case("true");
    (yes || text.eq_ignore_ascii_case("false")).then_some(Meaning::Flag(yes))
}

/// Digits, perhaps with a point, and a unit; a part of the smallest unit is left out.
fn scaled(text: &str, units: &[(&str, u128)]) -> Option<u128> {
    let end =
        text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // More digits than these are beyond the smallest unit of all.
    let fraction = &fraction[..fraction.len().min(18)];
    let divisor = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let part = plain(fraction)?.checked_mul(*factor)? / divisor;
    plain(whole)?.checked_mul(*factor)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_both_systems() {
        let bytes = |text| scaled(text, &BYTE_UNITS);
        assert_eq!(bytes("0"), Some(0));
        assert_eq!(bytes("64KiB"), Some(65536));
        assert_eq!(bytes("1.5mb"), Some(1_500_000));
        assert_eq!(bytes("1.0000000000000000000000000001GB"), Some(1_000_000_000));
        for wrong in ["", "MB", "-1", "1.MB", ".5MB", "1.2.3", "5 MB", "12parsecs", &"9".repeat(50)] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("10ms"), Some(10_000_000));
        assert_eq!(duration("1.5m"), Some(90_000_000_000));
        assert_eq!(duration("0"), Some(0));
        assert_eq!(duration("10"), None);
    }

    #[test]
    fn a_class_of_statuses_is_a_range() {
        assert_eq!(status("5xx"), Some(Meaning::Range(500, 599)));
        assert_eq!(status("404"), Some(Meaning::Range(404, 404)));
        for wrong in ["xx", "55x", "0xx", "4000", "-4", ""] {
            assert_eq!(status(wrong), None, "{wrong}");
        }
    }
}
