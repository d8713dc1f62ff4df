//! Words with a meaning, from which a printer chooses colours.

use crate::harmless::harmless;

/// What words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// Nothing special.
    #[default]
    Plain,
    /// Important.
    Strong,
    /// Less important.
    Faint,
    /// Typed or quoted.
    Code,
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Risky.
    Warning,
    /// Broken.
    Error,
    /// The name of a thing.
    Name,
}

/// Words of one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    style: Style,
    text: String,
}

impl Span {
    /// Words; what could steer a terminal in them is escaped.
    pub fn new(style: Style, text: &str) -> Self {
        Self { style, text: harmless(text).into_owned() }
    }

    /// What the words mean.
    pub fn style(&self) -> Style {
        self.style
    }

    /// The words.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Spans side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    spans: Vec<Span>,
}

impl Line {
    /// A line without words.
    pub fn new() -> Self {
        Self::default()
    }

    /// A line of one style.
    pub fn of(style: Style, text: &str) -> Self {
        Self::new().with(style, text)
    }

    /// The same line and more words.
    #[must_use]
    pub fn with(mut self, style: Style, text: &str) -> Self {
        self.push(style, text);
        self
    }

    /// The same line and plain words.
    #[must_use]
    pub fn plain(self, text: &str) -> Self {
        self.with(Style::Plain, text)
    }

    /// Adds words.
    pub fn push(&mut self, style: Style, text: &str) {
        if !text.is_empty() {
            self.spans.push(Span::new(style, text));
        }
    }

    /// Adds the words of another line.
    pub fn append(&mut self, other: Self) {
        self.spans.extend(other.spans);
    }

    /// The spans.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Whether it has no words.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Its words without their styles.
    pub fn text(&self) -> String {
        self.spans.iter().map(Span::text).collect()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::of(Style::Plain, text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}
