//! Words as a POSIX shell takes them.

/// A word as a POSIX shell takes it (XCU 2.2.2): in single quotes, where only they themselves mean something.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@,+".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quoted_word_is_the_word_again(word in "[^\u{0}]{0,30}") {
            prop_assert_eq!(shlex::split(&quoted(&word)).unwrap(), [word]);
        }
    }
}
