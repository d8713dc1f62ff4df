//! The arguments in the input of `xargs`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::trouble::Trouble;

/// What stands between arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// Blanks and line feeds; quotes and backslashes keep them.
    Words,
    /// Line feeds; blanks before a line do not count.
    Lines,
    /// This byte.
    Byte(u8),
}

/// The arguments, line by line.
pub(super) fn lines(input: &[u8], separator: Separator) -> Result<Vec<Vec<OsString>>, Trouble> {
    match separator {
        Separator::Words => words(input),
        Separator::Lines => {
            let lines = input.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
            Ok(lines.filter(|line| !line.is_empty()).map(|line| vec![word(line)]).collect())
        }
        Separator::Byte(byte) => {
            let input = input.strip_suffix(&[byte]).unwrap_or(input);
            let items = input.split(|each| *each == byte).filter(|_| !input.is_empty());
            Ok(items.map(|item| vec![word(item)]).collect())
        }
    }
}

/// The command with `item` in the place of each `mark`.
pub(super) fn replaced(command: &[OsString], mark: &OsStr, item: &OsStr) -> Vec<OsString> {
    command.iter().map(|part| in_place_of(part.as_bytes(), mark.as_bytes(), item.as_bytes())).collect()
}

fn in_place_of(mut part: &[u8], mark: &[u8], item: &[u8]) -> OsString {
    let mut whole = Vec::new();
    while let Some((first, rest)) = part.split_first() {
        if let Some(behind) = part.strip_prefix(mark).filter(|_| !mark.is_empty()) {
            whole.extend_from_slice(item);
            part = behind;
        } else {
            whole.push(*first);
            part = rest;
        }
    }
    OsString::from_vec(whole)
}

fn words(input: &[u8]) -> Result<Vec<Vec<OsString>>, Trouble> {
    let (mut lines, mut line, mut current): (Vec<_>, Vec<_>, Option<Vec<u8>>) = Default::default();
    let mut bytes = input.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\n' => {
                line.extend(current.take().map(OsString::from_vec));
                if byte == b'\n' {
                    lines.push(std::mem::take(&mut line));
                }
            }
            b'\\' => current.get_or_insert_default().extend(bytes.next()),
            b'"' | b'\'' => quoted(byte, &mut bytes, current.get_or_insert_default())?,
            byte => current.get_or_insert_default().push(byte),
        }
    }
    line.extend(current.map(OsString::from_vec));
    lines.push(line);
    Ok(lines)
}

fn quoted(quote: u8, bytes: &mut impl Iterator<Item = u8>, current: &mut Vec<u8>) -> Result<(), Trouble> {
    loop {
        match bytes.next() {
            Some(byte) if byte == quote => return Ok(()),
            Some(byte) if byte != b'\n' => current.push(byte),
            _ => {
                return Err(Trouble::new("a quote is not closed; with -0 and -d quotes are nothing special"));
            }
        }
    }
}

fn word(bytes: &[u8]) -> OsString {
    OsStr::from_bytes(bytes).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_and_backslashes_keep_blanks() {
        let found = lines(b"a\\ b 'c d'\"e\" '' \xff\nf\n", Separator::Words).unwrap();
        let first: Vec<_> = found[0].iter().map(|word| word.as_bytes()).collect();
        assert_eq!(first, [&b"a b"[..], b"c de", b"", b"\xff"]);
        assert_eq!(found[1], [OsString::from("f")]);
        assert!(lines(b"it's", Separator::Words).is_err());
    }

    proptest! {
        #[test]
        fn bytes_between_separators_come_as_they_are(items in proptest::collection::vec(proptest::collection::vec(1_u8.., 1..9), 1..9)) {
            let mut input = items.join(&0);
            input.push(0);
            let found = lines(&input, Separator::Byte(0)).unwrap().concat();
            prop_assert_eq!(found.into_iter().map(OsStringExt::into_vec).collect::<Vec<_>>(), items);
        }

        #[test]
        fn any_bytes_give_no_panic(input: Vec<u8>) {
            let _either = lines(&input, Separator::Words);
        }
    }
}
