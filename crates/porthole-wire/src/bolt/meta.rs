//! The two meta pages: each names a root, and the newer one that is whole counts.

use super::page::{u32_at, u64_at};

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// Where the meta begins in its page, behind the page's header.
const START: usize = 16;
/// What the checksum covers.
const COVERED: usize = 56;
/// Where the meta ends in its page.
pub(super) const END: usize = START + COVERED + 8;
/// Page sizes are powers of two between these (`os.Getpagesize` of any platform).
const SMALLEST_PAGE: usize = 1 << 9;
pub(super) const LARGEST_PAGE: usize = 1 << 16;

/// What a meta page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The number of the transaction that wrote it.
    pub transaction: u64,
    /// The page of the root bucket.
    pub root: u64,
    /// The page of the list of free pages; `u64::MAX` where none is kept.
    pub freelist: u64,
    /// The first page number that was never used.
    pub high_water: u64,
    /// The size of all pages.
    pub page_size: usize,
}

/// Both meta pages: `None` for one that is not whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metas {
    pub(super) pages: [Option<Meta>; 2],
}

impl Metas {
    /// Reads both; where the first is damaged, the second is looked for at every page size.
    pub(super) fn of(file: &[u8]) -> Self {
        let first = meta_at(file, 0);
        let second = match first {
            Some(first) => meta_at(file, first.page_size),
            None => sizes().find_map(|size| meta_at(file, size).filter(|meta| meta.page_size == size)),
        };
        Self { pages: [first, second] }
    }

    pub(super) fn chosen(&self) -> Option<Meta> {
        self.pages.into_iter().flatten().max_by_key(|meta| meta.transaction)
    }
}

/// The meta page that counts, of a file or of its first [`HEAD`](super::HEAD) bytes.
pub fn chosen_meta(head: &[u8]) -> Option<Meta> {
    Metas::of(head).chosen()
}

fn sizes() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(SMALLEST_PAGE), |size| (*size < LARGEST_PAGE).then_some(size * 2))
}

fn meta_at(file: &[u8], offset: usize) -> Option<Meta> {
    let page = file.get(offset..offset.checked_add(END)?)?;
    let meta = &page[START..];
    let page_size = usize::try_from(u32_at(meta, 8)?).ok()?;
    let is_whole = u32_at(meta, 0)? == MAGIC
        && u32_at(meta, 4)? == VERSION
        && u64_at(meta, COVERED)? == checksum(&meta[..COVERED])
        && sizes().any(|size| size == page_size);
    is_whole.then_some(Meta {
        transaction: u64_at(meta, 48)?,
        root: u64_at(meta, 16)?,
        freelist: u64_at(meta, 32)?,
        high_water: u64_at(meta, 40)?,
        page_size,
    })
}

/// FNV-1a with 64 bits.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
