//! The Markdown that checks are documented in, as a document: paragraphs, emphasis, code, lists, fenced code.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::doc::{Doc, Line, Style};

/// A document of `text`. Markup it has no block for is kept as its words.
pub(crate) fn doc(text: &str) -> Doc {
    let mut reader = Reader::default();
    Parser::new(text).for_each(|event| reader.event(event));
    reader.end_paragraph();
    reader.doc
}

#[derive(Default)]
struct Reader {
    doc: Doc,
    line: Line,
    style: Style,
    items: Vec<Line>,
    /// The lists that are open; whether they are numbered.
    lists: Vec<bool>,
    code: Option<String>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => self.line.push(Style::Code, &text),
            Event::SoftBreak | Event::HardBreak => self.line.push(Style::Plain, " "),
            Event::Html(text) | Event::InlineHtml(text) => self.text(text.trim_end()),
            Event::Rule => self.end_paragraph(),
            // Extensions are off, so the parser does not produce the others.
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::CodeBlock(_) => {
                self.end_paragraph();
                self.code = Some(String::new());
            }
            Tag::List(first) => {
                self.end_paragraph();
                self.lists.push(first.is_some());
            }
            Tag::Item => self.end_paragraph(),
            Tag::Strong | Tag::Emphasis => self.style = Style::Strong,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Item | TagEnd::HtmlBlock | TagEnd::BlockQuote(_) => {
                self.end_paragraph();
            }
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::CodeBlock => self.end_code(),
            TagEnd::List(_) => self.end_list(),
            TagEnd::Strong | TagEnd::Emphasis => self.style = Style::Plain,
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        match &mut self.code {
            Some(code) => code.push_str(text),
            None => self.line.push(self.style, text),
        }
    }

    /// Inside a list, a paragraph is an item.
    fn end_paragraph(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        if self.lists.is_empty() {
            self.next().paragraph(line);
        } else {
            self.items.push(line);
        }
    }

    fn end_heading(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.next().heading(line);
    }

    /// Lists in lists are one list: the outermost decides whether it is numbered.
    fn end_list(&mut self) {
        if self.lists.len() == 1 {
            self.flush_items();
        }
        self.lists.pop();
    }

    fn flush_items(&mut self) {
        let items = std::mem::take(&mut self.items);
        match self.lists.first() {
            _ if items.is_empty() => {}
            Some(true) => _ = self.next().steps(items),
            _ => _ = self.next().list(items),
        }
    }

    fn end_code(&mut self) {
        self.flush_items();
        if let Some(code) = self.code.take() {
            self.next().code(code.lines());
        }
    }

    /// The document, behind an empty line where it has a block.
    fn next(&mut self) -> &mut Doc {
        if !self.doc.is_empty() {
            self.doc.blank();
        }
        &mut self.doc
    }
}
