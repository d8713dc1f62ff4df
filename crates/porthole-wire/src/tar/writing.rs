//! A tar stream around one program, as an image that holds nothing else is imported (POSIX.1-1988 ustar).

use super::BLOCK;

/// A file is too large for the format, or its name too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// The header has a hundred bytes for the name.
    #[error("the name has {length} bytes; a tar header takes up to 100")]
    NameTooLong {
        /// Its length.
        length: usize,
    },
    /// The header has eleven octal digits for the size.
    #[error("the file has {length} bytes; a tar header takes less than 8 GiB")]
    TooLarge {
        /// Its size.
        length: usize,
    },
}

/// A tar stream with one executable file, owned by root, readable by all.
pub fn of_program(name: &str, program: &[u8]) -> Result<Vec<u8>, TarError> {
    let header = header(name, program.len())?;
    let padding = program.len().next_multiple_of(BLOCK) - program.len();
    let mut stream = Vec::with_capacity(program.len() + padding + 3 * BLOCK);
    stream.extend_from_slice(&header);
    stream.extend_from_slice(program);
    // The end is two empty blocks.
    stream.resize(stream.len() + padding + 2 * BLOCK, 0);
    Ok(stream)
}

/// A tar stream with one executable file, and symbolic links to it under other names.
pub fn of_program_with_names(
    name: &str,
    program: &[u8],
    others: impl IntoIterator<Item = impl AsRef<str>>,
) -> Result<Vec<u8>, TarError> {
    let mut stream = of_program(name, program)?;
    stream.truncate(stream.len() - 2 * BLOCK);
    for other in others {
        stream.extend_from_slice(&link(other.as_ref(), &format!("/{name}"))?);
    }
    stream.resize(stream.len() + 2 * BLOCK, 0);
    Ok(stream)
}

fn link(name: &str, to: &str) -> Result<[u8; BLOCK], TarError> {
    if to.len() > 100 {
        return Err(TarError::NameTooLong { length: to.len() });
    }
    let mut header = header(name, 0)?;
    header[156] = b'2';
    header[157..157 + to.len()].copy_from_slice(to.as_bytes());
    sign(&mut header);
    Ok(header)
}

pub(super) fn header(name: &str, size: usize) -> Result<[u8; BLOCK], TarError> {
    if name.len() > 100 {
        return Err(TarError::NameTooLong { length: name.len() });
    }
    let digits = format!("{size:011o}");
    if digits.len() > 11 {
        return Err(TarError::TooLarge { length: size });
    }
    let mut header = [0; BLOCK];
    let mut put =
        |offset: usize, text: &str| header[offset..offset + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000755\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &digits);
    // A fixed time: the same program gives the same stream.
    put(136, "00000000000\0");
    put(156, "0");
    put(257, "ustar\x0000");
    sign(&mut header);
    Ok(header)
}

/// The checksum is counted with blanks in its own place.
pub(super) fn sign(header: &mut [u8; BLOCK]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_whole_blocks_with_the_size_in_octal() {
        let stream = of_program("porthole", &[7; 513]).unwrap();
        assert_eq!(stream.len(), BLOCK * 5);
        assert_eq!(&stream[..8], b"porthole");
        assert_eq!(&stream[124..136], b"00000001001\0");
        assert_eq!(&stream[257..265], b"ustar\x0000");
        assert!(stream[BLOCK..BLOCK + 513].iter().all(|byte| *byte == 7));
        assert!(stream[BLOCK + 513..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn the_checksum_counts_its_own_place_as_blanks() {
        let stream = of_program("x", b"").unwrap();
        let mut header = stream[..BLOCK].to_vec();
        let written = u32::from_str_radix(std::str::from_utf8(&header[148..154]).unwrap(), 8).unwrap();
        header[148..156].fill(b' ');
        assert_eq!(written, header.iter().map(|byte| u32::from(*byte)).sum::<u32>());
    }

    #[test]
    fn other_names_are_links_that_tar_reads() {
        let stream = of_program_with_names("porthole", &[7; 513], ["bin/sh", "bin/ls"]).unwrap();
        assert_eq!(stream.len(), BLOCK * 7);
        let link = &stream[BLOCK * 3..BLOCK * 4];
        assert_eq!((&link[..7], link[156], &link[157..167]), (&b"bin/sh\0"[..], b'2', &b"/porthole\0"[..]));
    }

    #[test]
    fn a_long_name_is_refused() {
        assert_eq!(of_program(&"x".repeat(101), b""), Err(TarError::NameTooLong { length: 101 }));
        assert!(of_program(&"x".repeat(100), b"").is_ok());
    }
}
