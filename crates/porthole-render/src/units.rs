//! Sizes and times in few characters: three digits and a unit.

use std::time::Duration;

const SIZES: [(&str, f64); 5] = [("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)];
const TIMES: [(&str, f64); 3] = [("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];

/// `74B`, `65.5kB`, `1.05GB`: powers of a thousand, as the docker CLI counts.
pub(crate) fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let bytes = bytes as f64;
    scaled(bytes, &SIZES)
}

/// `850µs`, `12.3ms`, `1.2s`, `3m05s`, `2h03m`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => scaled(time.as_secs_f64(), &TIMES),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// In the largest unit that leaves a number before the point; what would be rounded up to a thousand goes to the next.
fn scaled(value: f64, units: &[(&str, f64)]) -> String {
    let fitting = units.iter().rev().find(|(_, factor)| value / factor >= 0.9995);
    let (unit, factor) = fitting.or(units.first()).copied().unwrap_or(("", 1.0));
    let number = value / factor;
    let decimals = match number {
        small if small < 9.995 => 2,
        small if small < 99.95 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let shown =
            [0, 74, 999, 1000, 9_994, 65_536, 99_950, 999_499, 999_950, 1_048_576, u64::MAX].map(size);
        let expected =
            ["0B", "74B", "999B", "1kB", "9.99kB", "65.5kB", "100kB", "999kB", "1MB", "1.05MB", "18446744TB"];
        assert_eq!(shown, expected);
    }

    #[test]
    fn times_have_three_digits_or_two_units() {
        let shown =
            [0, 850, 999_600, 9_000, 12_340, 1_200_000, 59_999_999, 60_000_000, 185_000_000, 7_380_000_000]
                .map(|micros| time(Duration::from_micros(micros)));
        let expected = ["0µs", "850µs", "1s", "9ms", "12.3ms", "1.2s", "60s", "1m00s", "3m05s", "2h03m"];
        assert_eq!(shown, expected);
    }
}
