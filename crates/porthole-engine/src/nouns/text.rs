//! Values that the engine writes as text.

use std::str::FromStr;

use porthole_model::Timestamp;

use super::OddValue;

/// A value that may be left empty.
pub(super) fn optional<T: FromStr>(field: &'static str, text: &str) -> Result<Option<T>, OddValue> {
    if text.is_empty() { Ok(None) } else { required(field, text).map(Some) }
}

/// A value that must be there.
pub(super) fn required<T: FromStr>(field: &'static str, text: &str) -> Result<T, OddValue> {
    text.parse().map_err(|_| OddValue { field, value: text.to_owned() })
}

/// RFC 3339; Go's zero time, the year 1, stands for never.
pub(crate) fn time(field: &'static str, text: &str) -> Result<Option<Timestamp>, OddValue> {
    let time: Option<jiff::Timestamp> = optional(field, text)?;
    Ok(time.map(jiff::Timestamp::as_millisecond).filter(|milliseconds| *milliseconds >= 0).map(Timestamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zero_time_is_never() {
        assert_eq!(time("t", "0001-01-01T00:00:00Z"), Ok(None));
        assert_eq!(time("t", ""), Ok(None));
        assert_eq!(time("t", "1970-01-01T00:00:01.5Z"), Ok(Some(Timestamp(1500))));
        assert_eq!(time("t", "2024-05-01T12:00:00.123456789+02:00"), Ok(Some(Timestamp(1_714_557_600_123))));
        assert_eq!(time("t", "soon"), Err(OddValue { field: "t", value: "soon".into() }));
    }
}
