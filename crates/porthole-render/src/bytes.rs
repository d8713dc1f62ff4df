//! Bytes of any kind as text with escapes, or as digits.

use std::fmt::Write;

use crate::harmless::harmless;

/// Text as it is, control characters as escapes, and bytes that are no UTF-8 as `\x80`. A newline ends a line.
pub(crate) fn text_lines(bytes: &[u8]) -> impl Iterator<Item = String> + '_ {
    bytes.split_inclusive(|byte| *byte == b'\n').map(|line| escaped(line.strip_suffix(b"\n").unwrap_or(line)))
}

/// Two digits a byte.
pub(crate) fn hex_digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // Writing to a String cannot fail.
        let _infallible = write!(digits, "{byte:02x}");
        digits
    })
}

fn escaped(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        text.push_str(&harmless(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _infallible = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_shown_with_its_escapes() {
        let lines: Vec<_> = text_lines(b"PING\r\n\x1b[2Jna\xc3\xafve\xff\n\nend").collect();
        assert_eq!(lines, ["PING\\r", "\\u{1b}[2Jnaïve\\xff", "", "end"]);
        assert_eq!(text_lines(b"").count(), 0);
    }

    #[test]
    fn hex_has_two_digits_a_byte() {
        assert_eq!(hex_digits(b"\x00\x0a\xff"), "000aff");
    }

    proptest! {
        #[test]
        fn nothing_steers_the_terminal(bytes in any::<Vec<u8>>()) {
            for line in text_lines(&bytes) {
                prop_assert!(!line.chars().any(char::is_control), "{line:?}");
            }
        }
    }
}
