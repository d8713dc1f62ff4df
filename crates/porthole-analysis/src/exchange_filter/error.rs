//! Why an expression is not a filter, and where in it.

use std::ops::Range;

use thiserror::Error;

/// Why an expression is not a filter. It prints as the expression and, below the place, a caret with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}\n{}", self.expression(), self.caret())]
pub struct FilterError {
    text: String,
    place: Range<usize>,
    problem: FilterProblem,
}

/// What is wrong at one place of an expression.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterProblem {
    /// Something else should stand here.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What should stand here.
        expected: String,
        /// What does.
        found: String,
    },
    /// There is no such field.
    #[error("there is no field '{name}'{}", suggestion(near))]
    UnknownField {
        /// What was typed.
        name: String,
        /// The names that are near.
        near: Vec<&'static str>,
    },
    /// The operator means nothing for the kind of field.
    #[error("{field} is {kind}; it can be compared with {allowed}")]
    Operator {
        /// The field.
        field: &'static str,
        /// What it holds.
        kind: &'static str,
        /// The operators that it has.
        allowed: &'static str,
    },
    /// The pattern is no regular expression.
    #[error("not a regular expression: {reason}")]
    Pattern {
        /// The words of the regex library.
        reason: String,
    },
    /// A quoted text has no end.
    #[error("the quote is not closed")]
    OpenQuote,
    /// Parentheses or `not` are nested too deeply.
    #[error("nested too deeply")]
    TooDeep,
}

/// A problem and its bytes in the expression.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) place: Range<usize>,
    pub(super) problem: FilterProblem,
}

impl Located {
    pub(super) fn in_text(self, text: &str) -> FilterError {
        FilterError { text: text.to_owned(), place: self.place, problem: self.problem }
    }
}

impl FilterError {
    /// What is wrong.
    pub fn problem(&self) -> &FilterProblem {
        &self.problem
    }

    /// The column of the wrong place: characters, counted from 1.
    pub fn column(&self) -> usize {
        self.before().chars().count() + 1
    }

    /// The expression in one line; characters that a terminal would obey are replaced.
    pub fn expression(&self) -> String {
        self.text.chars().map(shown).collect()
    }

    /// The line below the expression: a caret for each character of the wrong place, and the reason.
    pub fn caret(&self) -> String {
        let wrong = self.text.get(self.place.clone()).unwrap_or_default();
        let carets = "^".repeat(wrong.chars().count().max(1));
        let reason: String = self.problem.to_string().chars().map(shown).collect();
        // A width in a format string ends at 65535.
        format!("{}{carets} {reason}", " ".repeat(self.column() - 1))
    }

    fn before(&self) -> &str {
        self.text.get(..self.place.start).unwrap_or(&self.text)
    }
}

fn shown(character: char) -> char {
    if character.is_whitespace() {
        ' '
    } else if character.is_control()
        || matches!(character, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}

fn suggestion(near: &[&str]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}
