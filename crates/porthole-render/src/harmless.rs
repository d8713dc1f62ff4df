//! Names come from strangers: what could steer a terminal or reorder a line is shown as an escape.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with control characters, line breaks and direction overrides written as escapes.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain || !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        push(&mut escaped, character);
    }
    Cow::Owned(escaped)
}

fn push(escaped: &mut String, character: char) {
    match character {
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        _ if is_harmful(character) => {
            // Writing to a String cannot fail.
            let _infallible = write!(escaped, "\\u{{{:x}}}", u32::from(character));
        }
        _ => escaped.push(character),
    }
}

/// C0 and C1 controls, Unicode's line breaks, and the direction controls of UAX #9.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{061c}' | '\u{200e}' | '\u{200f}')
        || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped() {
        assert_eq!(harmless("\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(harmless("a\r\nb\tc"), "a\\r\\nb\\tc");
        assert_eq!(harmless("\u{9b}2J \u{202e}gpj.exe"), "\\u{9b}2J \\u{202e}gpj.exe");
    }

    #[test]
    fn other_scripts_and_joined_emoji_stay() {
        for text in ["web-1", "日本語", "👩‍👩‍👧", "naïve", ""] {
            assert!(matches!(harmless(text), Cow::Borrowed(same) if same == text));
        }
    }
}
