//! Styled words laid out in rows: wrapped at spaces, or with the middle left out.

use super::width::{beginning, ending, width};
use crate::doc::{Line, Style};

/// What happens to a word that is wider than a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LongWords {
    /// It stays whole and sticks out, so that it can be copied.
    Keep,
    /// It is broken.
    Break,
}

/// Words of one row and the columns they take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row<'a> {
    pieces: Vec<(Style, &'a str)>,
    width: usize,
}

/// As many spaces as a row may need between words and behind them.
const SPACES: &str = "                                                                ";

impl<'a> Row<'a> {
    /// One text.
    pub(super) fn of(style: Style, text: &'a str) -> Self {
        Self { pieces: vec![(style, text)], width: width(text) }
    }

    /// A whole line.
    pub(super) fn whole(line: &'a Line) -> Self {
        let mut row = Self::default();
        line.spans().iter().for_each(|span| row.push(span.style(), span.text()));
        row
    }

    /// A line that keeps its beginning and its end where it is wider than `room`.
    pub(super) fn elided(line: &'a Line, room: usize) -> Self {
        let whole = Self::whole(line);
        if whole.width <= room {
            return whole;
        }
        let kept = room.saturating_sub(1);
        let mut row = whole.beginning(kept.div_ceil(2));
        row.push(Style::Faint, if room == 0 { "" } else { "…" });
        row.append(whole.ending(kept / 2));
        row
    }

    /// The styled texts.
    pub(super) fn pieces(&self) -> &[(Style, &'a str)] {
        &self.pieces
    }

    /// The columns it takes.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Adds spaces up to a width.
    pub(super) fn pad_to(&mut self, wanted: usize) {
        while self.width < wanted {
            let missing = (wanted - self.width).min(SPACES.len());
            self.push(Style::Plain, &SPACES[..missing]);
        }
    }

    /// Adds the pieces of another row.
    pub(super) fn append(&mut self, other: Self) {
        self.width += other.width;
        self.pieces.extend(other.pieces);
    }

    fn push(&mut self, style: Style, text: &'a str) {
        if !text.is_empty() {
            self.width += width(text);
            self.pieces.push((style, text));
        }
    }

    fn beginning(&self, room: usize) -> Self {
        let mut row = Self::default();
        for &(style, text) in &self.pieces {
            let (kept, _) = beginning(text, room - row.width);
            row.push(style, kept);
            if kept.len() < text.len() {
                break;
            }
        }
        row
    }

    fn ending(&self, room: usize) -> Self {
        let mut row = Self::default();
        for &(style, text) in self.pieces.iter().rev() {
            let (kept, _) = ending(text, room - row.width);
            row.push(style, kept);
            if kept.len() < text.len() {
                break;
            }
        }
        row.pieces.reverse();
        row
    }
}

/// A line in rows of at most `room` columns; without a room, one row as it is.
pub(super) fn wrap(line: &Line, room: Option<usize>, long: LongWords) -> Vec<Row<'_>> {
    let whole = Row::whole(line);
    match room {
        Some(room) if whole.width > room => fill(words(line), room, long),
        _ => vec![whole],
    }
}

/// The words between spaces; a word may change its style inside.
fn words(line: &Line) -> Vec<Row<'_>> {
    let mut words = vec![Row::default()];
    for span in line.spans() {
        for (number, part) in span.text().split(' ').enumerate() {
            if number > 0 {
                words.push(Row::default());
            }
            if let Some(word) = words.last_mut() {
                word.push(span.style(), part);
            }
        }
    }
    words.retain(|word| word.width > 0 || !word.pieces.is_empty());
    words
}

fn fill(words: Vec<Row<'_>>, room: usize, long: LongWords) -> Vec<Row<'_>> {
    let mut rows = vec![Row::default()];
    for word in words {
        let parts = if long == LongWords::Break { broken(word, room) } else { vec![word] };
        for part in parts {
            place(&mut rows, part, room);
        }
    }
    rows
}

fn place<'a>(rows: &mut Vec<Row<'a>>, word: Row<'a>, room: usize) {
    match rows.last_mut() {
        Some(row) if row.pieces.is_empty() => row.append(word),
        Some(row) if row.width + 1 + word.width <= room => {
            row.push(Style::Plain, " ");
            row.append(word);
        }
        _ => rows.push(word),
    }
}

/// A word in parts of at most `room` columns; a character wider than that stays whole.
fn broken(word: Row<'_>, room: usize) -> Vec<Row<'_>> {
    if word.width <= room {
        return vec![word];
    }
    let mut parts = vec![Row::default()];
    for (style, mut text) in word.pieces {
        while !text.is_empty() {
            let used = parts.last().map_or(0, |part| part.width);
            let (fitting, _) = beginning(text, room.saturating_sub(used));
            let taken = if fitting.is_empty() && used == 0 { text } else { fitting };
            if let Some(part) = parts.last_mut() {
                part.push(style, taken);
            }
            text = &text[taken.len()..];
            if !text.is_empty() {
                parts.push(Row::default());
            }
        }
    }
    parts
}
