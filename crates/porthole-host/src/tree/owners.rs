//! Users and groups inside and outside of a user namespace (`user_namespaces(7)`).

use std::fs;
use std::io;
use std::path::Path;

/// Whose files are when they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// Root's, as the tree counts users.
    Root,
    /// porthole's own user's.
    Own,
    /// Whose the stream says.
    Kept,
}

/// Who has a file that belongs to nobody of the namespace (`/proc/sys/kernel/overflowuid`).
const NOBODY: u32 = 65_534;

/// Ranges of ids: the first one inside, the first one outside, and how many. None at all for no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IdMap(Vec<(u32, u32, u32)>);

impl IdMap {
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        fs::read_to_string(path).map(|text| Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let range = |line: &str| {
            let mut numbers = line.split_whitespace().map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
        };
        Self(text.lines().filter_map(range).collect())
    }

    /// The id as the namespace counts.
    pub(super) fn inside(&self, outside: u32) -> u32 {
        let shift = |(inside, first, count)| translate(outside, first, inside, count);
        if self.0.is_empty() { outside } else { self.0.iter().copied().find_map(shift).unwrap_or(NOBODY) }
    }

    /// The id as porthole counts; `None` where the namespace has no such id.
    pub(super) fn outside(&self, inside: u32) -> Option<u32> {
        let shift = |(first, outside, count)| translate(inside, first, outside, count);
        if self.0.is_empty() { Some(inside) } else { self.0.iter().copied().find_map(shift) }
    }
}

fn translate(id: u32, from: u32, to: u32, count: u32) -> Option<u32> {
    id.checked_sub(from).filter(|offset| *offset < count).and_then(|offset| to.checked_add(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_remapped_container() {
        let map = IdMap::parse("         0     100000      65536\n");
        assert_eq!((map.inside(100_000), map.inside(101_000), map.inside(0)), (0, 1000, NOBODY));
        assert_eq!(
            (map.outside(0), map.outside(65_535), map.outside(65_536)),
            (Some(100_000), Some(165_535), None)
        );
    }

    #[test]
    fn ids_without_a_map_and_of_the_first_namespace() {
        for map in [IdMap::default(), IdMap::parse("0 0 4294967295")] {
            assert_eq!((map.inside(7), map.outside(7)), (7, Some(7)));
        }
    }
}
