//! Names as words of a POSIX shell, so that a command that is offered can be pasted.

use std::borrow::Cow;

/// `text` as one word: itself where that is safe, in single quotes where it is not.
pub fn word(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_@%+=:,./-".contains(character)
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn only_what_needs_it_is_quoted() {
        assert_eq!(word("app_net-1.x"), "app_net-1.x");
        assert_eq!(word("my net"), "'my net'");
        assert_eq!(word("it's; rm -rf /"), r"'it'\''s; rm -rf /'");
        assert_eq!(word("$(reboot)"), "'$(reboot)'");
        assert_eq!(word(""), "''");
    }
}
