//! One block of a tar archive as a header (POSIX.1-1988 ustar, and GNU's numbers in base 256).

use porthole_model::{TarEntry, TarKind};

use super::BLOCK;

/// A header.
pub(super) struct Header<'a> {
    block: &'a [u8; BLOCK],
}

impl<'a> Header<'a> {
    /// The block as a header, if its checksum says so.
    pub(super) fn of(block: &'a [u8; BLOCK]) -> Option<Self> {
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        // The checksum is counted with blanks in its own place.
        let place: u64 = block[148..156].iter().map(|byte| u64::from(*byte)).sum();
        let header = Self { block };
        let written = u64::try_from(number(&block[148..156])?).ok()?;
        (written == sum - place + 8 * u64::from(b' ')).then_some(header)
    }

    /// The letter of its kind.
    pub(super) fn letter(&self) -> u8 {
        self.block[156]
    }

    /// The size as written.
    pub(super) fn size(&self) -> u64 {
        number(&self.block[124..136]).and_then(|size| u64::try_from(size).ok()).unwrap_or(0)
    }

    /// What the header alone tells.
    pub(super) fn entry(&self) -> TarEntry {
        let name = self.name();
        let kind = kind(self.letter(), name.ends_with('/'));
        TarEntry {
            kind,
            size: if has_content(kind) { self.size() } else { 0 },
            mode: number(&self.block[100..108])
                .and_then(|mode| u32::try_from(mode & 0o7777).ok())
                .unwrap_or(0),
            user: self.owner(265, 108),
            group: self.owner(297, 116),
            modified: number(&self.block[136..148]).unwrap_or(0),
            link: leads_on(kind).then(|| text(&self.block[157..257])),
            name,
        }
    }

    /// POSIX has the beginning of a long name in a place of its own.
    fn name(&self) -> String {
        let name = text(&self.block[..100]);
        let is_posix = &self.block[257..263] == b"ustar\0";
        match text(&self.block[345..500]) {
            prefix if is_posix && !prefix.is_empty() => format!("{prefix}/{name}"),
            _ => name,
        }
    }

    fn owner(&self, name: usize, id: usize) -> String {
        let name = if &self.block[257..262] == b"ustar" {
            text(&self.block[name..name + 32])
        } else {
            String::new()
        };
        if name.is_empty() { number(&self.block[id..id + 8]).unwrap_or(0).to_string() } else { name }
    }
}

/// Whether bytes of content follow the header.
pub(super) fn has_content(kind: TarKind) -> bool {
    matches!(kind, TarKind::File | TarKind::Other(_))
}

fn leads_on(kind: TarKind) -> bool {
    matches!(kind, TarKind::HardLink | TarKind::SymbolicLink)
}

fn kind(letter: u8, is_directory_by_name: bool) -> TarKind {
    match letter {
        0 if is_directory_by_name => TarKind::Directory,
        0 | b'0' | b'7' => TarKind::File,
        b'1' => TarKind::HardLink,
        b'2' => TarKind::SymbolicLink,
        b'3' => TarKind::CharacterDevice,
        b'4' => TarKind::BlockDevice,
        b'5' => TarKind::Directory,
        b'6' => TarKind::Pipe,
        other => TarKind::Other(char::from(other)),
    }
}

/// Text up to the first NUL.
pub(super) fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// Octal digits between blanks and NULs, or GNU's base 256; nothing written is 0.
pub(super) fn number(field: &[u8]) -> Option<i64> {
    if field.first().is_some_and(|first| first & 0x80 != 0) {
        return base_256(field);
    }
    let is_filling = |byte: &u8| matches!(byte, b' ' | 0);
    let digits = field.iter().skip_while(|byte| is_filling(byte)).take_while(|byte| !is_filling(byte));
    digits.copied().try_fold(0_i64, |number, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 8)?;
        number.checked_mul(8)?.checked_add(i64::from(digit))
    })
}

/// Two's complement without its highest bit, which is the mark.
fn base_256(field: &[u8]) -> Option<i64> {
    let (first, rest) = field.split_first()?;
    let is_negative = first & 0x40 != 0;
    let start = i64::from(first & 0x3f) - if is_negative { 0x40 } else { 0 };
    rest.iter().try_fold(start, |number, byte| number.checked_mul(256)?.checked_add(i64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_in_base_256() {
        assert_eq!(number(b"0000755\0"), Some(0o755));
        assert_eq!(number(b"   644 \0"), Some(0o644));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(b"12x"), None);
        assert_eq!(number(&[0x80, 0, 0, 1, 0]), Some(256));
        assert_eq!(number(&[0xff; 12]), Some(-1));
        assert_eq!(number(&[0xbf; 12]), None, "too large for any file");
    }

    #[test]
    fn a_block_that_sums_up_wrong_is_no_header() {
        assert!(Header::of(&[b'a'; BLOCK]).is_none());
        let program = crate::tar::of_program("a", b"").unwrap();
        let mut block: [u8; BLOCK] = program[..BLOCK].try_into().unwrap();
        assert!(Header::of(&block).is_some());
        block[0] = b'b';
        assert!(Header::of(&block).is_none());
    }
}
