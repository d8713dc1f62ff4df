//! Patterns of POSIX as those of the library `regex`.

use std::iter::Peekable;
use std::str::Chars;

use super::arguments::Syntax;

/// Characters that both kinds of expressions know, with a backslash before them in the one or the other.
const TURNED: &str = "(){}|+?";

/// The pattern in the library's syntax.
pub(super) fn translate(pattern: &str, syntax: Syntax) -> String {
    match syntax {
        Syntax::Fixed => regex::escape(pattern),
        Syntax::Perl => pattern.to_owned(),
        Syntax::Basic => posix(pattern, true),
        Syntax::Extended => posix(pattern, false),
    }
}

/// regex(7). In basic expressions `\(` is what `(` is in extended ones, and the other way round.
fn posix(pattern: &str, is_basic: bool) -> String {
    let mut translated = String::new();
    let mut characters = pattern.chars().peekable();
    let mut begins = true;
    while let Some(character) = characters.next() {
        let began = std::mem::replace(&mut begins, false);
        match character {
            '\\' => begins = escaped(&mut characters, &mut translated, is_basic),
            '[' => bracket(&mut characters, &mut translated),
            '*' if began => translated.push_str("\\*"),
            '^' if is_basic && !began => translated.push_str("\\^"),
            '$' if is_basic && !ends(&characters) => translated.push_str("\\$"),
            '^' => {
                translated.push('^');
                begins = true;
            }
            _ if is_basic && TURNED.contains(character) => translated.extend(['\\', character]),
            _ => {
                translated.push(character);
                begins = matches!(character, '(' | '|');
            }
        }
    }
    translated
}

/// What follows a backslash; whether an expression begins after it.
fn escaped(characters: &mut Peekable<Chars<'_>>, translated: &mut String, is_basic: bool) -> bool {
    match characters.next() {
        Some(next) if is_basic && TURNED.contains(next) => {
            translated.push(next);
            matches!(next, '(' | '|')
        }
        Some(next) => {
            translated.extend(['\\', next]);
            false
        }
        None => {
            translated.push_str("\\\\");
            false
        }
    }
}

/// Whether a `$` stands at the end of an expression.
fn ends(rest: &Peekable<Chars<'_>>) -> bool {
    let rest: String = rest.clone().take(2).collect();
    rest.is_empty() || matches!(rest.as_str(), "\\)" | "\\|")
}

/// A bracket expression. A backslash in it is a backslash, and what the library takes for more than itself is escaped.
fn bracket(characters: &mut Peekable<Chars<'_>>, translated: &mut String) {
    translated.push('[');
    if characters.next_if_eq(&'^').is_some() {
        translated.push('^');
    }
    if characters.next_if_eq(&']').is_some() {
        translated.push_str("\\]");
    }
    while let Some(character) = characters.next() {
        match character {
            ']' => {
                translated.push(']');
                return;
            }
            '[' if characters.peek() == Some(&':') => class(characters, translated),
            '\\' | '[' | '&' | '~' => translated.extend(['\\', character]),
            '-' if characters.peek() == Some(&'-') => translated.push_str("\\-"),
            _ => translated.push(character),
        }
    }
}

/// `[:alpha:]`, as it is.
fn class(characters: &mut Peekable<Chars<'_>>, translated: &mut String) {
    translated.push('[');
    for character in characters.by_ref() {
        translated.push(character);
        if character == ']' {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_expressions_turn_the_backslash_round() {
        let basic = |pattern| translate(pattern, Syntax::Basic);
        assert_eq!(basic(r"a\(b\|c\)\{2\}+?"), r"a(b|c){2}\+\?");
        assert_eq!(basic("*a*^$b$"), r"\*a*\^\$b$");
        assert_eq!(basic(r"\(^a$\)"), "(^a$)");
        assert_eq!(basic(r"\<a\.b\>\w"), r"\<a\.b\>\w");
        assert_eq!(basic(r"(a|b){1}"), r"\(a\|b\)\{1\}");
    }

    #[test]
    fn brackets_hold_what_posix_says() {
        let extended = |pattern| translate(pattern, Syntax::Extended);
        assert_eq!(extended(r"[]a\[&&-z]+"), r"[\]a\\\[\&\&-z]+");
        assert_eq!(extended("[^[:space:]x]"), "[^[:space:]x]");
        assert_eq!(extended("a(b|c)?{1,2}"), "a(b|c)?{1,2}");
        assert_eq!(translate("a.b", Syntax::Fixed), r"a\.b");
    }
}
