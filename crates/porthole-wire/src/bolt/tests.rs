//! Files that are built here page by page, broken in every way, and read.

use proptest::prelude::*;

use super::meta::checksum;
use super::*;

const SIZE: usize = 4096;

/// A leaf of these elements; flag, key, value.
fn leaf(elements: &[(u32, &[u8], &[u8])]) -> Vec<u8> {
    let mut page = vec![0; 16 + 16 * elements.len()];
    page[8] = 2;
    page[10..12].copy_from_slice(&u16::try_from(elements.len()).unwrap().to_le_bytes());
    for (index, (flags, key, value)) in elements.iter().enumerate() {
        let at = 16 + 16 * index;
        let position = u32::try_from(page.len() - at).unwrap();
        let sizes = [key.len(), value.len()].map(|size| u32::try_from(size).unwrap());
        for (number, word) in [*flags, position, sizes[0], sizes[1]].into_iter().enumerate() {
            page[at + 4 * number..at + 4 * number + 4].copy_from_slice(&word.to_le_bytes());
        }
        page.extend_from_slice(key);
        page.extend_from_slice(value);
    }
    page
}

/// A branch to these pages.
fn branch(elements: &[(&[u8], u64)]) -> Vec<u8> {
    let mut page = vec![0; 16 + 16 * elements.len()];
    page[8] = 1;
    page[10..12].copy_from_slice(&u16::try_from(elements.len()).unwrap().to_le_bytes());
    for (index, (key, number)) in elements.iter().enumerate() {
        let at = 16 + 16 * index;
        let position = u32::try_from(page.len() - at).unwrap();
        page[at..at + 4].copy_from_slice(&position.to_le_bytes());
        page[at + 4..at + 8].copy_from_slice(&u32::try_from(key.len()).unwrap().to_le_bytes());
        page[at + 8..at + 16].copy_from_slice(&number.to_le_bytes());
        page.extend_from_slice(key);
    }
    page
}

fn freelist(numbers: &[u64]) -> Vec<u8> {
    let mut page = vec![0; 16];
    page[8] = 0x10;
    page[10..12].copy_from_slice(&u16::try_from(numbers.len()).unwrap().to_le_bytes());
    for number in numbers {
        page.extend_from_slice(&number.to_le_bytes());
    }
    page
}

fn meta(size: usize, transaction: u64, high_water: u64) -> Vec<u8> {
    let mut page = vec![0; 16];
    page[8] = 4;
    let mut meta = Vec::new();
    for word in [0xED0C_DAED_u32, 2, u32::try_from(size).unwrap(), 0] {
        meta.extend_from_slice(&word.to_le_bytes());
    }
    for word in [3, 0, 2, high_water, transaction] {
        meta.extend_from_slice(&word.to_le_bytes());
    }
    meta.extend_from_slice(&checksum(&meta).to_le_bytes());
    page.extend_from_slice(&meta);
    page
}

/// A file of two meta pages, a list of free pages, and these pages from the third on, of which the first is the root.
fn file(size: usize, free: &[u64], pages: &[Vec<u8>]) -> Vec<u8> {
    let needed = |page: &Vec<u8>| page.len().div_ceil(size).max(1);
    let high_water = 3 + pages.iter().map(needed).sum::<usize>() as u64;
    let mut file = Vec::new();
    let all = [meta(size, 7, high_water), meta(size, 6, high_water), freelist(free)];
    for page in all.iter().chain(pages) {
        let number = (file.len() / size) as u64;
        let start = file.len();
        file.extend_from_slice(page);
        let overflow = u32::try_from(needed(page) - 1).unwrap();
        file[start..start + 8].copy_from_slice(&number.to_le_bytes());
        file[start + 12..start + 16].copy_from_slice(&overflow.to_le_bytes());
        file.resize(start + needed(page) * size, 0);
    }
    file
}

fn root_of(value: u64) -> Vec<u8> {
    [value.to_le_bytes(), [0; 8]].concat()
}

/// Root, a bucket `b` with a branch, two leaves of it, one of them with an overflow page, and an inline bucket `s`.
fn sample(size: usize) -> Vec<u8> {
    let inline = [root_of(0), leaf(&[(0, b"small", b"1")])].concat();
    let root = leaf(&[(1, b"b", &root_of(4)), (1, b"s", &inline)]);
    let long = vec![b'x'; size + 10];
    let pages = [
        root,
        branch(&[(b"a", 5), (b"m", 6)]),
        leaf(&[(0, b"a", b"first"), (0, b"c", b"second")]),
        leaf(&[(0, b"m", &long)]),
    ];
    file(size, &[], &pages)
}

fn keys(walk: &Walk<'_>) -> Vec<String> {
    let name = |entry: &Entry<'_>| {
        let parts: Vec<_> = entry.buckets.iter().chain([&entry.key]).copied().collect();
        String::from_utf8_lossy(&parts.join(&b'/')).into_owned()
    };
    walk.entries.iter().map(name).collect()
}

#[test]
fn buckets_branches_inline_buckets_and_overflow_pages_at_every_page_size() {
    for size in [512, 1024, 4096, 16384, 65536] {
        let file = sample(size);
        let walk = walk(&file);
        assert_eq!(keys(&walk), ["b/a", "b/c", "b/m", "s/small"], "{size}");
        assert_eq!(walk.entries[2].value.len(), size + 10);
        assert_eq!((walk.faults, walk.meta.unwrap().transaction), (vec![], 7));
    }
}

#[test]
fn the_newer_meta_page_that_is_whole_counts() {
    for size in [512, 4096, 65536] {
        let mut file = sample(size);
        file[20] ^= 1;
        let walk = walk(&file);
        assert_eq!((walk.meta.unwrap().transaction, walk.entries.len()), (6, 4));
        assert_eq!((walk.faults[0].page, walk.faults[0].offset), (Some(0), Some(0)));
    }
    let mut file = sample(SIZE);
    file[SIZE + 20] ^= 1;
    let walk = walk(&file);
    assert_eq!((walk.meta.unwrap().transaction, walk.entries.len()), (7, 4));
    assert_eq!((walk.faults[0].page, walk.faults[0].offset), (Some(1), Some(4096)));
}

#[test]
fn a_damaged_page_is_named_and_the_rest_is_read() {
    let mut file = sample(SIZE);
    file[5 * SIZE..6 * SIZE].fill(0xA5);
    let walk = walk(&file);
    assert_eq!(keys(&walk), ["b/m", "s/small"]);
    assert_eq!((walk.faults[0].page, walk.faults[0].offset), (Some(5), Some(5 * 4096)));
    assert_eq!(walk.faults.len(), 1);
}

#[test]
fn a_cut_off_file_keeps_what_is_before() {
    let file = sample(SIZE);
    let walk = walk(&file[..6 * SIZE]);
    assert_eq!(keys(&walk), ["b/a", "b/c", "s/small"]);
    assert!(walk.faults[0].problem.contains("ends before"), "{:?}", walk.faults);
}

#[test]
fn cycles_end() {
    let pages = [leaf(&[(1, b"b", &root_of(4))]), branch(&[(b"a", 5), (b"b", 4)]), leaf(&[])];
    let file = file(SIZE, &[], &pages);
    let walk = walk(&file);
    assert_eq!(walk.faults.len(), 1);
    assert!(walk.faults[0].problem.contains("twice"), "{:?}", walk.faults);
}

#[test]
fn overlapping_elements_end() {
    // Each level holds two elements with the same bytes: without a bound, 2^60 of them.
    let mut value = [root_of(0), leaf(&[(0, b"k", b"v")])].concat();
    for _ in 0..60 {
        let mut doubled = leaf(&[(1, b"", b""), (1, b"z", &value)]);
        let (first, second) = (16, 32);
        let position = u32::from_le_bytes(doubled[second + 4..second + 8].try_into().unwrap()) + 16;
        let length: [u8; 4] = doubled[second + 12..second + 16].try_into().unwrap();
        doubled[first + 4..first + 8].copy_from_slice(&(position + 1).to_le_bytes());
        doubled[first + 12..first + 16].copy_from_slice(&length);
        value = [root_of(0), doubled].concat();
    }
    let file = file(SIZE, &[], &[leaf(&[(1, b"b", &value)])]);
    assert!(walk(&file).faults.iter().any(|fault| fault.problem.contains("overlap")));
}

#[test]
fn a_page_that_is_used_and_free_is_a_fault() {
    let pages = [leaf(&[(0, b"k", b"v")])];
    assert!(walk(&file(SIZE, &[], &pages)).faults.is_empty());
    let faults = walk(&file(SIZE, &[3, 900], &pages)).faults;
    assert_eq!(faults.len(), 2);
    assert!(faults[0].problem.contains("listed as free") && faults[1].problem.contains("900"), "{faults:?}");
}

#[test]
fn what_is_no_bolt_file_has_no_meta() {
    for bytes in [&b""[..], b"SQLite format 3\0", &[0; 5000]] {
        let walk = walk(bytes);
        assert!(walk.meta.is_none() && walk.entries.is_empty() && walk.faults.len() == 1);
    }
}

#[test]
fn the_head_is_enough_to_choose_the_meta_page() {
    for size in [512, 4096, 65536] {
        let file = sample(size);
        let head = &file[..HEAD.min(file.len())];
        assert_eq!(chosen_meta(head), walk(&file).meta);
    }
}

proptest! {
    #[test]
    fn any_bytes_give_no_panic(bytes: Vec<u8>) {
        let _ = walk(&bytes);
    }

    #[test]
    fn any_damage_gives_no_panic_and_no_hang(at in 0usize..32768, with: Vec<u8>) {
        let mut file = sample(SIZE);
        let at = at.min(file.len());
        let end = (at + with.len()).min(file.len());
        file[at..end].copy_from_slice(&with[..end - at]);
        let walk = walk(&file);
        prop_assert!(walk.entries.len() <= file.len() / 16);
    }

    #[test]
    fn any_cut_gives_no_panic(length in 0usize..32768) {
        let file = sample(SIZE);
        let _ = walk(&file[..length.min(file.len())]);
    }
}
