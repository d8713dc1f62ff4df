//! Exchanges line by line as they happen.

use std::io::{self, Write};

use porthole_model::{ContainerNames, Exchange};

use super::{line, words};
use crate::doc::{Doc, Line};
use crate::text::{self, TextSettings};

/// Writes a line for each exchange, fitted to a terminal and whole in a pipe, and flushes it.
#[derive(Debug)]
pub struct LineWriter<W> {
    out: W,
    row: Vec<u8>,
    settings: TextSettings,
    is_numbered: bool,
}

impl<W: Write> LineWriter<W> {
    /// Nothing is written yet.
    pub fn new(out: W, settings: TextSettings) -> Self {
        Self { out, row: Vec::with_capacity(256), settings, is_numbered: false }
    }

    /// The same, with the number of its exchange before each line.
    #[must_use]
    pub fn numbered(mut self) -> Self {
        self.is_numbered = true;
        self
    }

    /// Where the lines go.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// Writes the titles of the columns.
    pub fn titles(&mut self) -> io::Result<()> {
        self.line(line::titles(self.settings.width))
    }

    /// Writes an exchange.
    pub fn exchange(&mut self, exchange: &Exchange, names: &ContainerNames) -> io::Result<()> {
        let number = if self.is_numbered { words::number(exchange) } else { Line::new() };
        let room = self.settings.width.map(|width| width.saturating_sub(text::width(&number.text())));
        let mut line = number;
        line.append(line::fitted(exchange, names, room));
        self.line(line)
    }

    /// Writes a title: its middle is left out where it is wider than the terminal.
    pub fn title(&mut self, title: &Line) -> io::Result<()> {
        let fitted = self.settings.width.map(|width| text::elided_line(title, width));
        self.line(fitted.unwrap_or_else(|| title.clone()))
    }

    /// Writes lines as they are, however wide, at once.
    pub fn lines(&mut self, lines: impl IntoIterator<Item = Line>) -> io::Result<()> {
        let mut doc = Doc::new();
        for line in lines {
            doc.paragraph(line);
        }
        self.unwrapped(&doc)
    }

    /// Writes a document between the lines, such as an exchange in full.
    pub fn doc(&mut self, doc: &Doc) -> io::Result<()> {
        self.row.clear();
        text::print(doc, &self.settings, &mut self.row)?;
        self.out.write_all(&self.row)?;
        self.out.flush()
    }

    /// Writes a text and the end of its line, such as an exchange in JSON.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.row.clear();
        self.row.extend_from_slice(text.trim_end().as_bytes());
        self.row.push(b'\n');
        self.out.write_all(&self.row)?;
        self.out.flush()
    }

    /// The terminal may have another width by now.
    pub fn resize(&mut self, width: Option<usize>) {
        self.settings.width = width;
    }

    /// A line is already fitted and is not wrapped.
    fn line(&mut self, line: Line) -> io::Result<()> {
        self.lines([line])
    }

    /// One write keeps the lines together among other writers.
    fn unwrapped(&mut self, doc: &Doc) -> io::Result<()> {
        self.row.clear();
        text::print(doc, &TextSettings { width: None, ..self.settings }, &mut self.row)?;
        self.out.write_all(&self.row)?;
        self.out.flush()
    }
}
