//! Text of the container on our terminal: it cannot command it.

/// A text of several lines with control characters as `^X`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            '\0'..='\u{1f}' => shown.extend(['^', char::from(character as u8 + b'@')]),
            '\u{7f}' => shown.push_str("^?"),
            '\u{80}'..='\u{9f}' => shown.extend(character.escape_unicode()),
            _ => shown.push(character),
        }
    }
    shown
}

/// A text of one line with `?` for control characters, as ps prints them.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '?' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_command_the_terminal() {
        assert_eq!(visible("a\tb\n\x1b[31mred\x7f\u{9b}"), "a\tb\n^[[31mred^?\\u{9b}");
        assert_eq!(one_line("a\n\x1b[31m"), "a??[31m");
    }
}
