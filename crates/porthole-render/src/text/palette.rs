//! The colours of meanings. They add to the words and never replace them.

use anstyle::{AnsiColor, Style as Color};

use crate::doc::Style;

/// The colour of a meaning, if it has one.
pub(super) fn color(style: Style) -> Option<Color> {
    let plain = Color::new();
    match style {
        Style::Plain => None,
        Style::Strong => Some(plain.bold()),
        Style::Faint => Some(plain.dimmed()),
        Style::Code => Some(AnsiColor::Magenta.on_default()),
        Style::Good => Some(AnsiColor::Green.on_default().bold()),
        Style::Note => Some(AnsiColor::Blue.on_default().bold()),
        Style::Warning => Some(AnsiColor::Yellow.on_default().bold()),
        Style::Error => Some(AnsiColor::Red.on_default().bold()),
        Style::Name => Some(AnsiColor::Cyan.on_default()),
    }
}
