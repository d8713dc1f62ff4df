//! A document: what is said and in which order, before anyone knows on what it is printed.

mod table;
mod words;

pub use table::{Align, Column, Fit, Table};
pub use words::{Line, Span, Style};

/// Blocks, top to bottom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doc {
    pub(crate) blocks: Vec<Block>,
}

/// One block of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Heading(Line),
    Paragraph(Line),
    /// Bulleted lines.
    List(Vec<Line>),
    /// Numbered lines.
    Steps(Vec<Line>),
    /// Terms and what they mean.
    Definitions(Vec<(Line, Line)>),
    Table(Table),
    Tree(Vec<TreeNode>),
    /// Lines that are typed or quoted as they are.
    Code(Vec<String>),
    /// Lines of content, coloured and never wrapped.
    Content(Vec<Line>),
    /// A document set in.
    Nested(Doc),
    /// A document that stands for itself, such as a finding; the style says how bad it is.
    Card(Style, Doc),
    Picture(Picture),
    Blank,
}

/// A node of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeNode {
    pub(crate) line: Line,
    pub(crate) children: Vec<TreeNode>,
}

impl TreeNode {
    /// A node with what hangs below it.
    pub fn new(line: impl Into<Line>, children: Vec<Self>) -> Self {
        Self { line: line.into(), children }
    }
}

/// An SVG picture of this crate's own making, and what it shows in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) svg: String,
    pub(crate) words: String,
}

impl Doc {
    /// A document without a block.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Adds a heading.
    pub fn heading(&mut self, line: impl Into<Line>) -> &mut Self {
        self.push(Block::Heading(line.into()))
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, line: impl Into<Line>) -> &mut Self {
        self.push(Block::Paragraph(line.into()))
    }

    /// Adds a bulleted list.
    pub fn list(&mut self, lines: Vec<Line>) -> &mut Self {
        self.push(Block::List(lines))
    }

    /// Adds a numbered list.
    pub fn steps(&mut self, lines: Vec<Line>) -> &mut Self {
        self.push(Block::Steps(lines))
    }

    /// Adds terms and what they mean.
    pub fn definitions(&mut self, terms: Vec<(Line, Line)>) -> &mut Self {
        self.push(Block::Definitions(terms))
    }

    /// Adds a table.
    pub fn table(&mut self, table: Table) -> &mut Self {
        self.push(Block::Table(table))
    }

    /// Adds trees.
    pub fn tree(&mut self, roots: Vec<TreeNode>) -> &mut Self {
        self.push(Block::Tree(roots))
    }

    /// Adds lines that are typed or quoted as they are.
    pub fn code<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> &mut Self {
        let lines = lines.into_iter().map(|line| crate::harmless::harmless(line).into_owned());
        self.push(Block::Code(lines.collect()))
    }

    /// Adds lines of content, which are never wrapped.
    pub fn content(&mut self, lines: Vec<Line>) -> &mut Self {
        self.push(Block::Content(lines))
    }

    /// Adds a document, set in.
    pub fn nested(&mut self, inner: Self) -> &mut Self {
        self.push(Block::Nested(inner))
    }

    /// Adds a document that stands for itself.
    pub fn card(&mut self, style: Style, inner: Self) -> &mut Self {
        self.push(Block::Card(style, inner))
    }

    /// Adds an empty line, which a page does not show.
    pub fn blank(&mut self) -> &mut Self {
        self.push(Block::Blank)
    }

    /// Adds the blocks of another document.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.blocks.extend(other.blocks);
        self
    }

    pub(crate) fn picture(&mut self, picture: Picture) -> &mut Self {
        self.push(Block::Picture(picture))
    }

    fn push(&mut self, block: Block) -> &mut Self {
        self.blocks.push(block);
        self
    }
}
