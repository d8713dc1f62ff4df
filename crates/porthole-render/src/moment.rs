//! Moments as people and programs read them.

use porthole_model::Timestamp;

/// RFC 3339 in UTC; a moment outside the calendar is its bare number of milliseconds.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(moment.0) {
        Ok(known) => known.to_string(),
        Err(_) => format!("{} ms", moment.0),
    }
}

/// The same to the second, with a space, for people: `2026-03-01 12:00:00 UTC`.
pub(crate) fn for_people(moment: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(moment.0) {
        Ok(known) => known.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{} ms", moment.0),
    }
}

/// The time of day in UTC to the millisecond: `12:00:00.250`.
pub(crate) fn time_of_day(moment: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(moment.0) {
        Ok(known) => known.strftime("%H:%M:%S%.3f").to_string(),
        Err(_) => format!("{} ms", moment.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_utc() {
        assert_eq!(rfc3339(Timestamp(1_772_366_400_250)), "2026-03-01T12:00:00.25Z");
        assert_eq!(for_people(Timestamp(1_772_366_400_250)), "2026-03-01 12:00:00 UTC");
        assert_eq!(time_of_day(Timestamp(1_772_366_400_250)), "12:00:00.250");
        assert_eq!(time_of_day(Timestamp(1_772_366_400_000)), "12:00:00.000");
        assert_eq!(rfc3339(Timestamp(i64::MAX)), "9223372036854775807 ms");
    }
}
