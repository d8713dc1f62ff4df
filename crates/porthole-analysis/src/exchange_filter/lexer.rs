//! An expression in words, quoted texts and signs.

use std::ops::Range;

use super::error::{FilterProblem, Located};

/// A word or sign and its bytes in the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) place: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word without quotes: a field, a keyword or a value.
    Word(String),
    /// A text in quotes, without them.
    Quoted(String),
    Sign(Sign),
    Open,
    Close,
    Comma,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Match,
    NotMatch,
}

/// Longer ones first. `==` is what some languages write.
const SIGNS: [(&str, Sign); 9] = [
    ("==", Sign::Equal),
    ("!=", Sign::NotEqual),
    ("!~", Sign::NotMatch),
    ("<=", Sign::LessOrEqual),
    (">=", Sign::GreaterOrEqual),
    ("=", Sign::Equal),
    ("<", Sign::Less),
    (">", Sign::Greater),
    ("~", Sign::Match),
];

/// The words and signs, and at last [`TokenKind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Located> {
    let mut tokens = Vec::new();
    let mut start = 0;
    loop {
        start += text[start..].len() - text[start..].trim_start().len();
        let (kind, length) = next(&text[start..])
            .map_err(|(problem, length)| Located { place: start..start + length, problem })?;
        let is_end = kind == TokenKind::End;
        tokens.push(Token { kind, place: start..start + length });
        if is_end {
            return Ok(tokens);
        }
        start += length;
    }
}

/// Whether `text` is one bare word.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && word_length(text) == text.len()
}

type Found = Result<(TokenKind, usize), (FilterProblem, usize)>;

fn next(rest: &str) -> Found {
    let Some(first) = rest.chars().next() else { return Ok((TokenKind::End, 0)) };
    if let Some((sign, kind)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((TokenKind::Sign(*kind), sign.len()));
    }
    match first {
        '(' => Ok((TokenKind::Open, 1)),
        ')' => Ok((TokenKind::Close, 1)),
        ',' => Ok((TokenKind::Comma, 1)),
        '"' | '\'' => quoted(rest, first),
        '!' => Err((expected("!=, !~ or the word not"), 1)),
        _ => {
            let length = word_length(rest);
            Ok((TokenKind::Word(rest[..length].to_owned()), length))
        }
    }
}

fn expected(expected: &str) -> FilterProblem {
    FilterProblem::Expected { expected: expected.to_owned(), found: "'!'".to_owned() }
}

fn word_length(rest: &str) -> usize {
    rest.find(|character: char| character.is_whitespace() || "=!<>~(),\"'".contains(character))
        .unwrap_or(rest.len())
}

/// A backslash takes its meaning from a quote or a backslash behind it and stands for itself before anything else, so
/// that the classes of regular expressions need no second one.
fn quoted(rest: &str, quote: char) -> Found {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((place, character)) = characters.next() {
        if character == quote {
            return Ok((TokenKind::Quoted(text), place + 1));
        }
        let escaped = (character == '\\')
            .then(|| characters.next_if(|(_, next)| matches!(next, '"' | '\'' | '\\')))
            .flatten();
        text.push(escaped.map_or(character, |(_, escaped)| escaped));
    }
    Err((FilterProblem::OpenQuote, rest.len()))
}
