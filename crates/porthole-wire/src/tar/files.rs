//! A few small files as one archive, and back.

use super::BLOCK;
use super::writing::{TarError, header, sign};

/// A tar stream of these files, which their owner alone may read.
pub fn of_private_files(files: &[(&str, &[u8])]) -> Result<Vec<u8>, TarError> {
    let mut stream = Vec::new();
    for (name, content) in files {
        let mut header = header(name, content.len())?;
        header[100..108].copy_from_slice(b"0000600\0");
        sign(&mut header);
        stream.extend_from_slice(&header);
        stream.extend_from_slice(content);
        stream.resize(stream.len().next_multiple_of(BLOCK), 0);
    }
    stream.resize(stream.len() + 2 * BLOCK, 0);
    Ok(stream)
}

/// The regular files of a whole archive, by name; `None` where it ends early.
pub fn files(archive: &[u8]) -> Option<Vec<(String, &[u8])>> {
    let mut found = Vec::new();
    let mut rest = archive;
    while let Some((header, behind)) = rest.split_at_checked(BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            return Some(found);
        }
        let size = octal(&header[124..136])?;
        let content = behind.get(..size)?;
        if matches!(header[156], b'0' | 0) {
            let name = header[..100].split(|byte| *byte == 0).next().unwrap_or_default();
            let name = String::from_utf8_lossy(name);
            found.push((name.trim_start_matches("./").to_owned(), content));
        }
        rest = behind.get(size.checked_next_multiple_of(BLOCK)?..)?;
    }
    None
}

fn octal(field: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(field).ok()?.trim_matches(|digit| digit == '\0' || digit == ' ');
    usize::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn files_come_back(one: Vec<u8>, two: Vec<u8>) {
            let archive = of_private_files(&[("one", &one), ("two", &two)]).unwrap();
            let found = files(&archive).unwrap();
            prop_assert_eq!(found, vec![("one".to_owned(), one.as_slice()), ("two".to_owned(), two.as_slice())]);
        }

        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = files(&bytes).is_some();
        }
    }

    #[test]
    fn an_archive_without_an_end_is_none() {
        let archive = of_private_files(&[("one", b"content")]).unwrap();
        assert!(files(&archive[..BLOCK + 3]).is_none());
        assert!(files(b"").is_none());
    }
}
