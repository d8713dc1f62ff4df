//! One page: its header, and the elements of a branch or a leaf.

/// Sizes of a page's header and of one element.
const HEADER: usize = 16;
const ELEMENT: usize = 16;

pub(super) const BRANCH: u16 = 0x01;
pub(super) const LEAF: u16 = 0x02;
pub(super) const META: u16 = 0x04;
pub(super) const FREELIST: u16 = 0x10;

/// A leaf's element that is a bucket.
const IS_BUCKET: u32 = 0x01;
/// A count that stands for "the first number of the list says".
const COUNT_ELSEWHERE: u16 = 0xFFFF;

/// A page with those that belong to it, or a leaf that lies within a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page<'a> {
    bytes: &'a [u8],
}

/// An element of a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeafElement<'a> {
    pub(super) is_bucket: bool,
    pub(super) key: &'a [u8],
    pub(super) value: &'a [u8],
}

/// An element of a branch.
#[derive(Clone, Copy, Debug)]
pub(super) struct BranchElement<'a> {
    pub(super) key: &'a [u8],
    pub(super) page: u64,
}

impl<'a> Page<'a> {
    /// `None` where not even the header fits.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() >= HEADER).then_some(Self { bytes })
    }

    pub(super) fn number(self) -> u64 {
        u64_at(self.bytes, 0).unwrap_or_default()
    }

    pub(super) fn flags(self) -> u16 {
        u16_at(self.bytes, 8).unwrap_or_default()
    }

    pub(super) fn count(self) -> u16 {
        u16_at(self.bytes, 10).unwrap_or_default()
    }

    /// How many further pages belong to it.
    pub(super) fn overflow(self) -> u32 {
        u32_at(self.bytes, 12).unwrap_or_default()
    }

    /// The elements of a leaf; `None` stands for one that reaches beyond the page.
    pub(super) fn leaf_elements(self) -> impl Iterator<Item = Option<LeafElement<'a>>> {
        (0..usize::from(self.count())).map(move |index| self.leaf_element(index))
    }

    /// The elements of a branch; `None` stands for one that reaches beyond the page.
    pub(super) fn branch_elements(self) -> impl Iterator<Item = Option<BranchElement<'a>>> {
        (0..usize::from(self.count())).map(move |index| self.branch_element(index))
    }

    /// The numbers on a freelist page; `None` where the list reaches beyond the page.
    pub(super) fn free_pages(self) -> Option<Vec<u64>> {
        let (first, count) = if self.count() == COUNT_ELSEWHERE {
            (HEADER + 8, usize::try_from(u64_at(self.bytes, HEADER)?).ok()?)
        } else {
            (HEADER, usize::from(self.count()))
        };
        let list = self.bytes.get(first..first.checked_add(count.checked_mul(8)?)?)?;
        Some(list.chunks_exact(8).filter_map(|number| u64_at(number, 0)).collect())
    }

    fn leaf_element(self, index: usize) -> Option<LeafElement<'a>> {
        let at = HEADER + index * ELEMENT;
        let key_at = at.checked_add(size(self.bytes, at + 4)?)?;
        let value_at = key_at.checked_add(size(self.bytes, at + 8)?)?;
        let end = value_at.checked_add(size(self.bytes, at + 12)?)?;
        Some(LeafElement {
            is_bucket: u32_at(self.bytes, at)? & IS_BUCKET != 0,
            key: self.bytes.get(key_at..value_at)?,
            value: self.bytes.get(value_at..end)?,
        })
    }

    fn branch_element(self, index: usize) -> Option<BranchElement<'a>> {
        let at = HEADER + index * ELEMENT;
        let key_at = at.checked_add(size(self.bytes, at)?)?;
        let end = key_at.checked_add(size(self.bytes, at + 4)?)?;
        Some(BranchElement { key: self.bytes.get(key_at..end)?, page: u64_at(self.bytes, at + 8)? })
    }
}

fn size(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(bytes, at)?).ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|number| u16::from_le_bytes(*number))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|number| u32::from_le_bytes(*number))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|number| u64::from_le_bytes(*number))
}
