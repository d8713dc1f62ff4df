//! The walk over all buckets: each page is entered once, and what is damaged is named while the rest is still read.

use std::collections::BTreeSet;

use porthole_model::DatabaseFault;

use super::meta::{Meta, Metas};
use super::page::{BRANCH, FREELIST, LEAF, META, Page, u64_at};

/// Deeper than any tree: at least two elements a page, and pages are counted with 64 bits.
const DEEPEST: usize = 64;
/// Beyond so many faults a file is no database any more.
const MOST_FAULTS: usize = 100;
/// An element of a leaf without key and value.
const SMALLEST_ELEMENT: usize = 16;
/// A bucket's own header: the root's page and a number.
const BUCKET_HEADER: usize = 16;

/// A key and its value, with the buckets that it lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The names of the buckets, outermost first.
    pub buckets: Vec<&'a [u8]>,
    /// The key.
    pub key: &'a [u8],
    /// The value.
    pub value: &'a [u8],
    /// The page it lies on.
    pub page: u64,
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub struct Walk<'a> {
    /// The meta page that counts.
    pub meta: Option<Meta>,
    /// The entries, in the order of the file.
    pub entries: Vec<Entry<'a>>,
    /// What is damaged.
    pub faults: Vec<DatabaseFault>,
}

/// Reads a whole file. Never fails: what cannot be read is a fault.
pub fn walk(file: &[u8]) -> Walk<'_> {
    let metas = Metas::of(file);
    let elements_left = file.len() / SMALLEST_ELEMENT;
    let mut walker =
        Walker { file, meta: None, entered: BTreeSet::new(), elements_left, walk: Walk::default() };
    let Some(meta) = metas.chosen() else {
        walker.unnamed_fault(if file.is_empty() {
            "the file is empty"
        } else {
            "neither of the first two pages is a bolt meta page that is whole"
        });
        return walker.walk;
    };
    walker.meta = Some(meta);
    walker.walk.meta = Some(meta);
    for (number, _) in (0u64..).zip(metas.pages).filter(|(_, page)| page.is_none()) {
        walker.fault(number, "this meta page is damaged, so the other one counts");
    }
    walker.bucket_page(meta.root, &[], 0);
    walker.freelist(meta);
    walker.walk
}

struct Walker<'a> {
    file: &'a [u8],
    meta: Option<Meta>,
    entered: BTreeSet<u64>,
    /// Elements may be made to overlap; no honest file has more of them than fit side by side.
    elements_left: usize,
    walk: Walk<'a>,
}

impl<'a> Walker<'a> {
    fn bucket_page(&mut self, number: u64, buckets: &[&'a [u8]], depth: usize) {
        let Some(page) = self.page(number) else { return };
        if depth > DEEPEST {
            self.fault(number, "the tree is deeper than any tree can be");
        } else if page.flags() & BRANCH != 0 {
            self.branch(number, page, buckets, depth);
        } else if page.flags() & LEAF != 0 {
            self.leaf(number, page, buckets, depth);
        } else {
            self.fault(number, &format!("it should be a branch or a leaf and is {}", kind(page.flags())));
        }
    }

    fn branch(&mut self, number: u64, page: Page<'a>, buckets: &[&'a [u8]], depth: usize) {
        let mut before: Option<&[u8]> = None;
        for element in page.branch_elements() {
            let Some(element) = element else {
                return self.fault(number, "an element of this branch reaches beyond it");
            };
            if before.is_some_and(|before| before >= element.key) {
                self.fault(number, "the keys of this branch are out of order");
            }
            before = Some(element.key);
            self.bucket_page(element.page, buckets, depth + 1);
        }
    }

    fn leaf(&mut self, number: u64, page: Page<'a>, buckets: &[&'a [u8]], depth: usize) {
        let mut before: Option<&[u8]> = None;
        for element in page.leaf_elements() {
            let Some(left) = self.elements_left.checked_sub(1) else {
                return self.fault(number, "the file has more elements than fit into it: they overlap");
            };
            self.elements_left = left;
            let Some(element) = element else {
                return self.fault(number, "an element of this leaf reaches beyond it");
            };
            if before.is_some_and(|before| before >= element.key) {
                self.fault(number, "the keys of this leaf are out of order");
            }
            before = Some(element.key);
            if element.is_bucket {
                let inner = [buckets, &[element.key]].concat();
                self.bucket(number, element.value, &inner, depth + 1);
            } else {
                let (buckets, key, value) = (buckets.to_vec(), element.key, element.value);
                self.walk.entries.push(Entry { buckets, key, value, page: number });
            }
        }
    }

    /// A small bucket lies within the value itself, as a leaf without a number.
    fn bucket(&mut self, number: u64, value: &'a [u8], buckets: &[&'a [u8]], depth: usize) {
        match u64_at(value, 0) {
            Some(0) => match value.get(BUCKET_HEADER..).and_then(Page::of) {
                Some(inline) if depth <= DEEPEST => self.leaf(number, inline, buckets, depth),
                _ => self.fault(number, "a bucket within this page is cut off"),
            },
            Some(root) => self.bucket_page(root, buckets, depth),
            None => self.fault(number, "a bucket within this page has no root"),
        }
    }

    /// The page with those that belong to it, once.
    fn page(&mut self, number: u64) -> Option<Page<'a>> {
        match self.find(number) {
            Ok(page) => Some(page),
            Err(problem) => {
                self.fault(number, &problem);
                None
            }
        }
    }

    fn find(&mut self, number: u64) -> Result<Page<'a>, String> {
        let high_water = self.meta.map_or(0, |meta| meta.high_water);
        if number < 2 || number >= high_water {
            return Err(format!("there is no such page: the database uses those from 2 to {high_water}"));
        }
        let header = self.bytes(number, 1).and_then(Page::of).ok_or("the file ends before this page")?;
        if header.number() != number {
            return Err(format!("it says that it is page {}", header.number()));
        }
        let length = u64::from(header.overflow()) + 1;
        let page = self.bytes(number, length).and_then(Page::of);
        let page =
            page.ok_or_else(|| format!("it says that it has {length} pages, and the file ends before"))?;
        for one in number..number.saturating_add(length) {
            if !self.entered.insert(one) {
                return Err("the tree leads to this page twice".to_owned());
            }
        }
        Ok(page)
    }

    fn bytes(&self, number: u64, length: u64) -> Option<&'a [u8]> {
        let size = self.meta?.page_size as u64;
        let start = usize::try_from(number.checked_mul(size)?).ok()?;
        let end = usize::try_from(number.checked_add(length)?.checked_mul(size)?).ok()?;
        self.file.get(start..end)
    }

    /// A page that is free and in use is written over by the next transaction.
    fn freelist(&mut self, meta: Meta) {
        if meta.freelist == u64::MAX {
            return;
        }
        let used = std::mem::take(&mut self.entered);
        let Some(page) = self.page(meta.freelist) else { return };
        if page.flags() & FREELIST == 0 {
            let problem = format!("it should be the list of free pages and is {}", kind(page.flags()));
            return self.fault(meta.freelist, &problem);
        }
        let Some(free) = page.free_pages() else {
            return self.fault(meta.freelist, "the list of free pages reaches beyond its page");
        };
        for number in free {
            if number < 2 || number >= meta.high_water {
                self.fault(meta.freelist, &format!("it lists page {number} as free, which does not exist"));
            } else if used.contains(&number) || number == meta.freelist {
                self.fault(number, "it is in use and listed as free: the next change writes over it");
            }
        }
    }

    fn fault(&mut self, page: u64, problem: &str) {
        let offset = self.meta.and_then(|meta| page.checked_mul(meta.page_size as u64));
        self.push(DatabaseFault { page: Some(page), offset, problem: problem.to_owned() });
    }

    fn unnamed_fault(&mut self, problem: &str) {
        self.push(DatabaseFault { page: None, offset: None, problem: problem.to_owned() });
    }

    fn push(&mut self, fault: DatabaseFault) {
        if self.walk.faults.len() < MOST_FAULTS && !self.walk.faults.contains(&fault) {
            self.walk.faults.push(fault);
        }
    }
}

fn kind(flags: u16) -> String {
    match flags {
        BRANCH => "a branch".to_owned(),
        LEAF => "a leaf".to_owned(),
        META => "a meta page".to_owned(),
        FREELIST => "a list of free pages".to_owned(),
        0 => "empty".to_owned(),
        other => format!("of the unknown kind {other:#06x}"),
    }
}
