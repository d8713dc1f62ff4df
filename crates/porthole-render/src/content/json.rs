//! JSON laid out, from its text alone: nothing is reordered, rounded or lost, and the beginning of a document will do.

use porthole_model::JsonText;

use crate::doc::{Line, Style};

/// One value a line, indented by two.
pub(super) fn pretty(json: &JsonText) -> Vec<Line> {
    let mut layout = Layout::default();
    let tokens: Vec<Token<'_>> = tokens(&json.text).collect();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).copied();
        let before = at.checked_sub(1).and_then(|before| tokens.get(before)).copied();
        layout.token(*token, before, next);
    }
    let mut lines = layout.lines;
    lines.push(layout.line);
    if !json.is_whole
        && let Some(last) = lines.last_mut()
    {
        last.push(Style::Faint, " …");
    }
    lines
}

/// All in one line, without blanks.
pub(super) fn compact(json: &JsonText) -> Line {
    let tokens: Vec<Token<'_>> = tokens(&json.text).collect();
    let mut line = Line::new();
    for (at, token) in tokens.iter().enumerate() {
        line.push(token.style(tokens.get(at + 1).copied()), token.text());
    }
    if json.is_whole { line } else { line.with(Style::Faint, " …") }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A bracket, a comma, a colon.
    Mark(&'a str),
    /// A string with its quotes.
    Text(&'a str),
    /// A number, or a literal.
    Word(&'a str),
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        let (Self::Mark(text) | Self::Text(text) | Self::Word(text)) = self;
        text
    }

    fn style(self, next: Option<Self>) -> Style {
        match self {
            Self::Mark(_) => Style::Faint,
            Self::Text(_) if next == Some(Token::Mark(":")) => Style::Name,
            Self::Text(_) => Style::Plain,
            Self::Word(_) => Style::Code,
        }
    }

    fn opens(self) -> bool {
        matches!(self, Self::Mark("{" | "["))
    }

    fn closes(self) -> bool {
        matches!(self, Self::Mark("}" | "]"))
    }
}

#[derive(Default)]
struct Layout {
    lines: Vec<Line>,
    line: Line,
    depth: usize,
}

impl Layout {
    fn token(&mut self, token: Token<'_>, before: Option<Token<'_>>, next: Option<Token<'_>>) {
        if token.closes() {
            self.depth = self.depth.saturating_sub(1);
            if !before.is_some_and(Token::opens) {
                self.end_line();
            }
        }
        self.line.push(token.style(next), token.text());
        match token {
            Token::Mark(":") => self.line.push(Style::Plain, " "),
            Token::Mark(",") => self.end_line(),
            _ if token.opens() => {
                self.depth += 1;
                if !next.is_some_and(Token::closes) {
                    self.end_line();
                }
            }
            _ => {}
        }
    }

    fn end_line(&mut self) {
        let indent = Line::from("  ".repeat(self.depth));
        self.lines.push(std::mem::replace(&mut self.line, indent));
    }
}

/// What stands between blanks; a string that is cut off ends with the text.
fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let is_mark = matches!(first, '{' | '}' | '[' | ']' | ',' | ':');
        let length = match first {
            '"' => string_length(rest),
            _ if is_mark => 1,
            _ => rest.find(is_boundary).unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(length);
        rest = behind;
        Some(match first {
            '"' => Token::Text(token),
            _ if is_mark => Token::Mark(token),
            _ => Token::Word(token),
        })
    })
}

fn is_boundary(character: char) -> bool {
    character.is_whitespace() || matches!(character, '{' | '}' | '[' | ']' | ',' | ':' | '"')
}

fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|(_, byte)| {
        let ends = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}
