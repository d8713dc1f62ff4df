//! The owners in a tar archive, counted anew.

use super::BLOCK;
use super::header::{Header, number};
use super::writing::sign;

const USER: std::ops::Range<usize> = 108..116;
const GROUP: std::ops::Range<usize> = 116..124;

/// Counts every owner from `first` on: Docker packs the files of containers whose users are remapped with the numbers of
/// its host, and unpacks them by those of the container. An owner below `first` stays.
///
/// Numbers above 2097151, which stand in an extended header, stay too.
pub fn count_owners_from(archive: &mut [u8], first: u32) {
    let mut rest = archive;
    while let Some((block, behind)) = rest.split_first_chunk_mut::<BLOCK>() {
        let Some(size) = Header::of(block).map(|header| header.size()) else { return };
        for field in [USER, GROUP] {
            lower(&mut block[field], first);
        }
        sign(block);
        let content = usize::try_from(size).unwrap_or(usize::MAX).checked_next_multiple_of(BLOCK);
        rest = match content.and_then(|content| behind.get_mut(content..)) {
            Some(rest) => rest,
            None => return,
        };
    }
}

fn lower(field: &mut [u8], first: u32) {
    let lowered = number(field).and_then(|number| number.checked_sub(first.into())).filter(|id| *id >= 0);
    if let Some(lowered) = lowered {
        let digits = format!("{lowered:07o}\0");
        if digits.len() == field.len() {
            field.copy_from_slice(digits.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tar::{TarReader, of_program_with_names};

    fn owned(user: u32) -> Vec<u8> {
        let mut archive = of_program_with_names("a", &[7; 700], ["b"]).unwrap();
        for start in [0, BLOCK + 1024] {
            archive[start..][USER].copy_from_slice(format!("{user:07o}\0").as_bytes());
            sign((&mut archive[start..start + BLOCK]).try_into().unwrap());
        }
        archive
    }

    fn users(archive: &[u8]) -> Vec<String> {
        let (mut reader, mut rest, mut users) = (TarReader::default(), archive, Vec::new());
        while !rest.is_empty() {
            users.extend(reader.step(&mut rest).unwrap().map(|entry| entry.user));
        }
        users
    }

    #[test]
    fn the_host_s_numbers_become_the_container_s() {
        for (user, expected) in [(100_000, "0"), (101_000, "1000"), (7, "7")] {
            let mut archive = owned(user);
            count_owners_from(&mut archive, 100_000);
            assert_eq!(users(&archive), [expected, expected]);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..2048), first: u32) {
            count_owners_from(&mut bytes, first);
        }
    }
}
