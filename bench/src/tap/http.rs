//! As much of HTTP as both ends of a measurement need.

use std::io::{self, Read};

/// Reads a head, and no more than comes with it; gives it with the number of bytes read behind it, or `None` at the
/// end of the stream.
pub(crate) fn read_head(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<Option<(String, u64)>> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return if filled == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        filled += read;
        if let Some(end) = buffer[..filled].windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end + 4]).into_owned();
            return Ok(Some((head, (filled - end - 4) as u64)));
        }
    }
}

/// The head's `Content-Length`; 0 without one.
pub(crate) fn length(head: &str) -> u64 {
    let value = |line: &str| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    };
    head.lines().find_map(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_with_a_piece_of_its_body() {
        let mut bytes = &b"HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\nabc"[..];
        let (head, behind) = read_head(&mut bytes, &mut [0; 64]).unwrap().unwrap();
        assert_eq!((length(&head), behind), (12, 3));
        assert!(read_head(&mut bytes, &mut [0; 64]).unwrap().is_none());
        assert!(read_head(&mut &b"HTTP"[..], &mut [0; 64]).is_err());
    }
}
