//! How many columns of a terminal a text takes, and what of it fits into fewer.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The columns of `text`, whole characters as people see them counted.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else if text.chars().all(is_plain) {
        text.chars().count()
    } else {
        text.graphemes(true).map(UnicodeWidthStr::width).sum()
    }
}

/// Whether a character takes one column, whatever is beside it. Most lines have no others.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{ff}' | '…' | '→' | '←')
}

/// The longest beginning of `text` that fits into `room` columns, and its width.
pub(super) fn beginning(text: &str, room: usize) -> (&str, usize) {
    if text.is_ascii() {
        let end = text.len().min(room);
        return (&text[..end], end);
    }
    let mut end = 0;
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        if used + grapheme.width() > room {
            break;
        }
        used += grapheme.width();
        end = start + grapheme.len();
    }
    (&text[..end], used)
}

/// The longest end of `text` that fits into `room` columns, and its width.
pub(super) fn ending(text: &str, room: usize) -> (&str, usize) {
    if text.is_ascii() {
        let width = text.len().min(room);
        return (&text[text.len() - width..], width);
    }
    let mut from = text.len();
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true).rev() {
        if used + grapheme.width() > room {
            break;
        }
        used += grapheme.width();
        from = start;
    }
    (&text[from..], used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_one_wide_character() {
        assert_eq!(width("👩‍👩‍👧"), 2);
        assert_eq!(width("日本"), 4);
        assert_eq!(width("web"), 3);
        assert_eq!(width("12 µs → nginx…"), 14);
    }

    #[test]
    fn plain_characters_are_as_wide_as_their_tables_say() {
        for character in ('\0'..='\u{3000}').filter(|character| is_plain(*character)) {
            assert_eq!(character.to_string().width(), 1, "{character:?}");
        }
    }

    #[test]
    fn a_wide_character_is_not_cut() {
        assert_eq!(beginning("日本語", 3), ("日", 2));
        assert_eq!(ending("日本語", 5), ("本語", 4));
        assert_eq!(beginning("👩‍👩‍👧x", 1), ("", 0));
        for (room, start, end) in [(0, "", ""), (2, "we", "eb"), (9, "web", "web")] {
            assert_eq!((beginning("web", room).0, ending("web", room).0), (start, end));
        }
    }
}
