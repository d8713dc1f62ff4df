//! A document as lines of a terminal or a pipe.

mod columns;
mod palette;
mod table;
mod width;
mod wrap;

use std::io::{self, Write};

use crate::doc::{Block, Doc, Line, Style, TreeNode};
use wrap::{LongWords, Row};

pub(crate) use width::width;

/// Prose wider than this is hard to read.
const PROSE: usize = 100;
/// Room that words keep however deep they are set in.
const LEAST: usize = 8;

/// On what the text is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TextSettings {
    /// The columns of the terminal; `None` for a pipe, where nothing is wrapped or left out.
    pub width: Option<usize>,
    /// Whether to colour.
    pub color: bool,
}

/// Prints a document.
pub fn print(doc: &Doc, settings: &TextSettings, out: &mut dyn Write) -> io::Result<()> {
    Printer { out, width: settings.width, color: settings.color, indent: 0 }.doc(doc)
}

/// A text without its middle, where it is wider than `room` columns.
pub(crate) fn elided(text: &str, room: usize) -> String {
    let line = Line::from(text);
    Row::elided(&line, room).pieces().iter().map(|(_, text)| *text).collect()
}

/// A line without its middle, where it is wider than `room` columns.
pub(crate) fn elided_line(line: &Line, room: usize) -> Line {
    let row = Row::elided(line, room);
    row.pieces().iter().fold(Line::new(), |line, (style, text)| line.with(*style, text))
}

/// Where lines go, and how far they are set in.
struct Printer<'a> {
    out: &'a mut dyn Write,
    width: Option<usize>,
    color: bool,
    indent: usize,
}

impl Printer<'_> {
    fn doc(&mut self, doc: &Doc) -> io::Result<()> {
        doc.blocks.iter().try_for_each(|block| self.block(block))
    }

    fn block(&mut self, block: &Block) -> io::Result<()> {
        match block {
            Block::Heading(line) => self.heading(line),
            Block::Paragraph(line) => self.prose("", "", line),
            Block::List(lines) => lines.iter().try_for_each(|line| self.prose("- ", "  ", line)),
            Block::Steps(lines) => self.steps(lines),
            Block::Definitions(terms) => self.definitions(terms),
            Block::Table(table) => self.table(table),
            Block::Tree(roots) => roots.iter().try_for_each(|root| self.tree(root, "", "")),
            Block::Code(lines) => self.code(lines),
            Block::Content(lines) => lines.iter().try_for_each(|line| self.row("  ", &Row::whole(line))),
            Block::Nested(inner) => self.nested(inner),
            Block::Card(_, inner) => self.doc(inner),
            Block::Picture(picture) => self.prose("", "", &Line::of(Style::Faint, &picture.words)),
            Block::Blank => writeln!(self.out),
        }
    }

    fn heading(&mut self, line: &Line) -> io::Result<()> {
        let strong = line.spans().iter().fold(Line::new(), |strong, span| {
            let style = if span.style() == Style::Plain { Style::Strong } else { span.style() };
            strong.with(style, span.text())
        });
        self.prose("", "", &strong)
    }

    fn nested(&mut self, inner: &Doc) -> io::Result<()> {
        self.indent += 2;
        let printed = self.doc(inner);
        self.indent -= 2;
        printed
    }

    fn steps(&mut self, lines: &[Line]) -> io::Result<()> {
        for (number, line) in (1..).zip(lines) {
            let first = format!("{number}. ");
            self.prose(&first, &" ".repeat(first.len()), line)?;
        }
        Ok(())
    }

    /// Code is never wrapped, so that it can be copied.
    fn code(&mut self, lines: &[String]) -> io::Result<()> {
        for line in lines {
            self.row("  ", &Row::of(Style::Code, line))?;
        }
        Ok(())
    }

    fn definitions(&mut self, terms: &[(Line, Line)]) -> io::Result<()> {
        let widest = terms.iter().map(|(term, _)| width(&term.text())).max().unwrap_or(0);
        for (term, meaning) in terms {
            self.definition(term, meaning, widest)?;
        }
        Ok(())
    }

    fn definition(&mut self, term: &Line, meaning: &Line, widest: usize) -> io::Result<()> {
        let room = self.room(widest + 2);
        let mut first = Row::whole(term);
        first.pad_to(widest + 2);
        for (number, row) in wrap::wrap(meaning, room, LongWords::Keep).into_iter().enumerate() {
            if number == 0 {
                first.append(row);
                self.row("", &first)?;
            } else {
                self.row(&" ".repeat(widest + 2), &row)?;
            }
        }
        Ok(())
    }

    fn tree(&mut self, node: &TreeNode, branch: &str, trunk: &str) -> io::Result<()> {
        let below = if node.children.is_empty() { "  " } else { "│ " };
        self.prose(branch, &format!("{trunk}{below}"), &node.line)?;
        let last = node.children.len().saturating_sub(1);
        for (number, child) in node.children.iter().enumerate() {
            let (fork, rail) = if number == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.tree(child, &format!("{trunk}{fork}"), &format!("{trunk}{rail}"))?;
        }
        Ok(())
    }

    /// Words behind `first`, and behind `rest` where they go on.
    fn prose(&mut self, first: &str, rest: &str, line: &Line) -> io::Result<()> {
        let room = self.room(width(first).max(width(rest)));
        let mut prefix = first;
        for row in wrap::wrap(line, room, LongWords::Keep) {
            self.row(prefix, &row)?;
            prefix = rest;
        }
        Ok(())
    }

    fn room(&self, used: usize) -> Option<usize> {
        self.width.map(|width| width.saturating_sub(self.indent + used).clamp(LEAST, PROSE))
    }

    fn row(&mut self, prefix: &str, row: &Row<'_>) -> io::Result<()> {
        write!(self.out, "{:1$}{prefix}", "", self.indent)?;
        for (style, text) in row.pieces() {
            self.piece(*style, text)?;
        }
        writeln!(self.out)
    }

    fn piece(&mut self, style: Style, text: &str) -> io::Result<()> {
        match (self.color, palette::color(style)) {
            (true, Some(color)) => write!(self.out, "{color}{text}{color:#}"),
            _ => self.out.write_all(text.as_bytes()),
        }
    }
}
