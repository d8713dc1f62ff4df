//! A tar archive entry by entry, as it comes; contents are passed over.

use porthole_model::TarEntry;

use super::BLOCK;
use super::header::Header;
use super::pax::Overrides;

/// Long names and pax records beyond this are passed over; no file system has longer names.
const LONGEST: u64 = 64 * 1024;

/// Bytes that begin no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an entry of a tar archive")]
pub struct NotTar {
    /// What stands where a header should.
    pub block: Vec<u8>,
}

/// Reads a tar archive as it comes.
#[derive(Debug, Default)]
pub struct TarReader {
    /// What there is of the next header, or of the content that is read.
    held: Vec<u8>,
    overrides: Overrides,
    /// Content that is read.
    wanted: Option<Wanted>,
    /// Content that is passed over.
    skip: u64,
    has_begun: bool,
    is_at_end: bool,
}

/// The content of an entry that tells of the next one.
#[derive(Debug)]
struct Wanted {
    letter: u8,
    length: usize,
}

impl TarReader {
    /// Takes at least one byte from the front of `bytes`, which must not be empty; gives the entry that it brought.
    /// Where that is no header it is gone from `bytes`, and stands in the error.
    pub fn step(&mut self, bytes: &mut &[u8]) -> Result<Option<TarEntry>, NotTar> {
        if self.is_at_end {
            *bytes = &[];
            return Ok(None);
        }
        if self.skip > 0 {
            let skipped = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
            self.skip -= skipped as u64;
            *bytes = &bytes[skipped..];
            return Ok(None);
        }
        if !self.gather(bytes) {
            return Ok(None);
        }
        let held = std::mem::take(&mut self.held);
        match self.wanted.take() {
            Some(wanted) => {
                self.overrides.read(wanted.letter, &held[..wanted.length]);
                Ok(None)
            }
            None => self.header(held),
        }
    }

    /// Whether a first header was whole.
    pub fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// What there is of a header that waits for the rest.
    pub fn unfinished_header(&self) -> &[u8] {
        if self.wanted.is_none() { &self.held } else { &[] }
    }

    /// Whether what is looked for is whole.
    fn gather(&mut self, bytes: &mut &[u8]) -> bool {
        let due = self.wanted.as_ref().map_or(BLOCK, |wanted| wanted.length.next_multiple_of(BLOCK));
        let (taken, rest) = bytes.split_at((due - self.held.len()).min(bytes.len()));
        self.held.extend_from_slice(taken);
        *bytes = rest;
        self.held.len() == due
    }

    fn header(&mut self, held: Vec<u8>) -> Result<Option<TarEntry>, NotTar> {
        if held.iter().all(|byte| *byte == 0) {
            (self.has_begun, self.is_at_end) = (true, true);
            return Ok(None);
        }
        let block = <&[u8; BLOCK]>::try_from(held.as_slice());
        let Some(header) = block.ok().and_then(Header::of) else { return Err(NotTar { block: held }) };
        self.has_begun = true;
        Ok(match header.letter() {
            letter @ (b'L' | b'K' | b'x') => {
                self.want(letter, header.size());
                None
            }
            // What holds for all entries is names of tools and comments.
            b'g' => {
                self.pass_over(header.size());
                None
            }
            _ => {
                let mut entry = header.entry();
                std::mem::take(&mut self.overrides).apply(&mut entry);
                self.pass_over(entry.size);
                Some(entry)
            }
        })
    }

    fn want(&mut self, letter: u8, size: u64) {
        match usize::try_from(size) {
            Ok(length) if size <= LONGEST && length > 0 => self.wanted = Some(Wanted { letter, length }),
            _ => self.pass_over(size),
        }
    }

    fn pass_over(&mut self, size: u64) {
        self.skip = size.checked_next_multiple_of(BLOCK as u64).unwrap_or(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::TarKind;

    use super::*;

    /// A header and its content, in whole blocks.
    fn entry(name: &str, letter: u8, content: &[u8]) -> Vec<u8> {
        let mut stream = crate::tar::of_program(name, content).unwrap();
        stream.truncate(stream.len() - 2 * BLOCK);
        stream[156] = letter;
        stream[148..156].fill(b' ');
        let sum: u32 = stream[..BLOCK].iter().map(|byte| u32::from(*byte)).sum();
        stream[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        stream
    }

    fn entries(parts: &[Vec<u8>]) -> Vec<TarEntry> {
        let (stream, mut reader, mut entries) = (parts.concat(), TarReader::default(), Vec::new());
        let mut rest = stream.as_slice();
        while !rest.is_empty() {
            entries.extend(reader.step(&mut rest).unwrap());
        }
        entries
    }

    #[test]
    fn names_and_links_of_gnu_may_be_long() {
        let (name, target) = ("n".repeat(600), "t".repeat(200));
        let found = entries(&[
            entry("././@LongLink", b'L', format!("{name}\0").as_bytes()),
            entry("././@LongLink", b'K', format!("{target}\0").as_bytes()),
            entry("short", b'2', b""),
            entry("next", b'0', b"content"),
        ]);
        assert_eq!((&found[0].name, found[0].link.as_deref()), (&name, Some(target.as_str())));
        assert_eq!((found[1].name.as_str(), found[1].size, found.len()), ("next", 7, 2));
    }

    #[test]
    fn records_of_pax_stand_for_the_next_entry_only() {
        let records =
            b"17 path=d/\xc3\xa4.txt\n22 mtime=1700000000.5\n15 uname=alice\n9 size=3\n17 comment=hello\n";
        let found = entries(&[
            entry("g", b'g', b"10 path=x\n"),
            entry("x", b'x', records),
            entry("a", 0, b"abc"),
            entry("b/", 0, b""),
        ]);
        assert_eq!((found[0].name.as_str(), found[0].modified, found[0].size), ("d/ä.txt", 1_700_000_000, 3));
        assert_eq!((found[0].user.as_str(), found[0].kind), ("alice", TarKind::File));
        assert_eq!(
            (found[1].name.as_str(), found[1].user.as_str(), found[1].kind),
            ("b/", "0", TarKind::Directory)
        );
    }

    #[test]
    fn what_follows_the_end_is_passed_over() {
        let found = entries(&[entry("a", b'0', b"x"), vec![0; BLOCK], b"rubbish".to_vec()]);
        assert_eq!(found.len(), 1);
    }
}
