//! A copy while it goes on.

use std::time::Duration;

use crate::units;

/// How far it got, and how fast it is.
pub fn progress(title: &str, bytes: u64, elapsed: Duration) -> String {
    let rate = u128::from(bytes) * 1000 / elapsed.as_millis().max(1);
    let rate = u64::try_from(rate).unwrap_or(u64::MAX);
    format!("{title}: {}, {}/s", units::size(bytes), units::size(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_their_rate() {
        let line = progress("copying web:/data", 300_000_000, Duration::from_millis(1500));
        assert_eq!(line, "copying web:/data: 300MB, 200MB/s");
    }
}
