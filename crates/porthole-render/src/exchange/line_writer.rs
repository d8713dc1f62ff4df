//! Exchanges line by line as they happen.

use std::io::{self, Write};

use porthole_model::{ContainerNames, Exchange};

use super::line;
use crate::doc::{Doc, Line};
use crate::text::{self, TextSettings};

/// Writes a line for each exchange, fitted to a terminal and whole in a pipe, and flushes it.
#[derive(Debug)]
pub struct LineWriter<W> {
    out: W,
    row: Vec<u8>,
    settings: TextSettings,
}

impl<W: Write> LineWriter<W> {
    /// Nothing is written yet.
    pub fn new(out: W, settings: TextSettings) -> Self {
        Self { out, row: Vec::with_capacity(256), settings }
    }

    /// Writes the titles of the columns.
    pub fn titles(&mut self) -> io::Result<()> {
        self.line(line::titles(self.settings.width))
    }

    /// Writes an exchange.
    pub fn exchange(&mut self, exchange: &Exchange, names: &ContainerNames) -> io::Result<()> {
        self.line(line::fitted(exchange, names, self.settings.width))
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

    /// A line is already fitted and is not wrapped; one write keeps it whole among other writers.
    fn line(&mut self, line: Line) -> io::Result<()> {
        let mut doc = Doc::new();
        doc.paragraph(line);
        self.row.clear();
        text::print(&doc, &TextSettings { width: None, ..self.settings }, &mut self.row)?;
        self.out.write_all(&self.row)?;
        self.out.flush()
    }
}
