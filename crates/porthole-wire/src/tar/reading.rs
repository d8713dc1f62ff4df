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
