//! The header lines of a recorded or shown head.

use std::borrow::Cow;

/// The value of the first header of that name in header lines, which have no request or status line before them.
pub fn header<'a>(lines: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    lines.split(|byte| *byte == b'\n').find_map(|line| {
        let colon = memchr::memchr(b':', line)?;
        let found = line[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes());
        found.then(|| String::from_utf8_lossy(line[colon + 1..].trim_ascii()))
    })
}

#[cfg(test)]
mod tests {
    use super::header;

    #[test]
    fn a_header_is_found_in_any_case() {
        let lines = b"Host: d\r\ncontent-type:  text/plain \r\nContent-Type: b\r\n";
        assert_eq!(header(lines, "Content-Type").as_deref(), Some("text/plain"));
        assert_eq!(header(lines, "Accept"), None);
    }
}
