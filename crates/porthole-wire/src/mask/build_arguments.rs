//! Masks the values of build arguments, which often are tokens, in BuildKit's messages: protobuf's entries of a map,
//! whose key is `build-arg:` and a name. A value keeps its length, so that the message stays one.

use std::borrow::Cow;
use std::ops::Range;

/// How the keys begin (BuildKit, `frontend/dockerui/config.go`).
const MARK: &[u8] = b"build-arg:";

/// The tags of a map entry's key and value.
const KEY: u8 = 0x0a;
const VALUE: u8 = 0x12;

/// The body without the values of build arguments.
pub(super) fn masked(body: &[u8]) -> Cow<'_, [u8]> {
    let mut masked = Cow::Borrowed(body);
    let mut from = 0;
    while let Some(key) = find(body, from) {
        from = key + MARK.len();
        if let Some(value) = value_of(body, key).filter(|value| !value.is_empty()) {
            masked.to_mut()[value.clone()].fill(b'*');
            from = value.end;
        }
    }
    masked
}

fn find(body: &[u8], from: usize) -> Option<usize> {
    let rest = body.get(from..)?;
    rest.windows(MARK.len()).position(|window| window == MARK).map(|place| from + place)
}

/// Where the value lies of the entry whose key begins at `key`, as far as it is there.
fn value_of(body: &[u8], key: usize) -> Option<Range<usize>> {
    let length = match &body[..key] {
        [.., KEY, length @ 0..0x80] => usize::from(*length),
        [.., KEY, low @ 0x80..=0xff, high @ 0..0x80] => usize::from(low & 0x7f) | usize::from(*high) << 7,
        _ => return None,
    };
    let [VALUE, rest @ ..] = body.get(key + length..)? else { return None };
    let digits = rest.iter().take(4).position(|byte| *byte < 0x80)? + 1;
    let length = rest[..digits].iter().rev().fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
    let start = body.len() - rest.len() + digits;
    Some(start..body.len().min(start + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(name: &str, value: &str) -> Vec<u8> {
        let varint = |length: usize| match u8::try_from(length) {
            Ok(short @ 0..0x80) => vec![short],
            _ => vec![u8::try_from(length & 0x7f).unwrap() | 0x80, u8::try_from(length >> 7).unwrap()],
        };
        let key = format!("build-arg:{name}");
        [&[KEY][..], &varint(key.len()), key.as_bytes(), &[VALUE], &varint(value.len()), value.as_bytes()]
            .concat()
    }

    #[test]
    fn values_are_masked_and_all_else_stays() {
        let body =
            [b"\0\0\0".to_vec(), entry("A", "hunter2"), entry("B", ""), b"\x1a\x01x".to_vec()].concat();
        let expected =
            [b"\0\0\0".to_vec(), entry("A", "*******"), entry("B", ""), b"\x1a\x01x".to_vec()].concat();
        assert_eq!(masked(&body), expected);
        let long = entry(&"N".repeat(300), &"v".repeat(300));
        assert_eq!(masked(&long), entry(&"N".repeat(300), &"*".repeat(300)));
    }

    #[test]
    fn a_value_that_was_cut_off_is_masked_as_far_as_it_goes() {
        let body = entry("A", "hunter2");
        let cut = body.len() - 3;
        assert_eq!(*masked(&body[..cut]), entry("A", "*******")[..cut]);
    }

    #[test]
    fn the_words_in_a_text_are_not_touched() {
        let text = b"docker build takes build-arg:NAME=value";
        assert!(matches!(masked(text), Cow::Borrowed(same) if same == text));
    }

    proptest! {
        #[test]
        fn any_bytes_keep_their_length(bytes in proptest::collection::vec(any::<u8>(), 0..20), at in 0_usize..20) {
            let at = at.min(bytes.len());
            let body = [&bytes[..at], MARK, &bytes[at..]].concat();
            prop_assert_eq!(masked(&body).len(), body.len());
        }
    }
}
