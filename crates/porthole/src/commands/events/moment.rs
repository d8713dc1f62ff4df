//! Moments as they are typed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use porthole_engine::EventMoment;
use porthole_model::EngineTime;

/// `10m`, RFC 3339, or seconds since the Unix epoch with or without a fraction.
pub(super) fn parse(text: &str) -> Result<EventMoment, String> {
    let moment = seconds(text).or_else(|| ago(text)).or_else(|| date(text));
    moment.ok_or_else(|| {
        "write how long ago (10m, 1h30m), a moment (2026-03-01T12:00:00Z), or seconds since 1970".to_owned()
    })
}

fn seconds(text: &str) -> Option<EventMoment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let nanoseconds: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    let whole: i64 = whole.parse().ok()?;
    Some(EventMoment::At(EngineTime(whole.checked_mul(1_000_000_000)?.checked_add(nanoseconds)?)))
}

fn ago(text: &str) -> Option<EventMoment> {
    let ago: SignedDuration = text.parse().ok()?;
    Duration::try_from(ago).ok().map(EventMoment::Ago)
}

fn date(text: &str) -> Option<EventMoment> {
    let moment: Timestamp = text.parse().ok()?;
    i64::try_from(moment.as_nanosecond()).ok().map(|at| EventMoment::At(EngineTime(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_in_every_way() {
        let at = |nanoseconds| Ok(EventMoment::At(EngineTime(nanoseconds)));
        assert_eq!(parse("1700000000"), at(1_700_000_000_000_000_000));
        assert_eq!(parse("1700000000.25"), at(1_700_000_000_250_000_000));
        assert_eq!(parse("1700000000.1234567891"), at(1_700_000_000_123_456_789));
        assert_eq!(parse("2023-11-14T22:13:20Z"), at(1_700_000_000_000_000_000));
        assert_eq!(parse("2023-11-14T23:13:20+01:00"), at(1_700_000_000_000_000_000));
        assert_eq!(parse("10m"), Ok(EventMoment::Ago(Duration::from_mins(10))));
        assert_eq!(parse("1h30m"), Ok(EventMoment::Ago(Duration::from_mins(90))));
        assert_eq!(parse("0s"), Ok(EventMoment::Ago(Duration::ZERO)));
        for wrong in ["", "yesterday", "-5m", "1.2.3", "1e9", "99999999999999999999", "."] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
