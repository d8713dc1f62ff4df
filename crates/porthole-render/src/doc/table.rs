//! Tables: what each column holds, and what may happen to it where there is too little room.

use super::Line;

/// Columns and rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Line>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub(crate) title: String,
    pub(crate) align: Align,
    pub(crate) fit: Fit,
    pub(crate) minimum: usize,
    pub(crate) drop_order: Option<u8>,
}

/// Where the words of a cell stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left.
    Left,
    /// At the right, as numbers do.
    Right,
}

/// What happens to a cell that is wider than its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The column is never narrower than its cells.
    Whole,
    /// The middle of the cell is left out: `docker-pro…:8080`.
    Elide,
    /// The cell goes on in the next line.
    Wrap,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row; cells it lacks are empty, cells too many are left out.
    pub fn row(&mut self, mut cells: Vec<Line>) {
        cells.resize(self.columns.len(), Line::new());
        self.rows.push(cells);
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Column {
    /// A column at the left that is never narrower than its cells.
    pub fn new(title: &str) -> Self {
        Self {
            title: crate::harmless::harmless(title).into_owned(),
            align: Align::Left,
            fit: Fit::Whole,
            minimum: 0,
            drop_order: None,
        }
    }

    /// The same column at the right.
    #[must_use]
    pub fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// The same column, whose cells may lose their middle down to this width.
    #[must_use]
    pub fn elide(self, minimum: usize) -> Self {
        Self { fit: Fit::Elide, minimum, ..self }
    }

    /// The same column, whose cells may go on in the next line from this width on.
    #[must_use]
    pub fn wrap(self, minimum: usize) -> Self {
        Self { fit: Fit::Wrap, minimum, ..self }
    }

    /// The same column, which may be left out; the lowest order goes first.
    #[must_use]
    pub fn may_drop(mut self, order: u8) -> Self {
        self.drop_order = Some(order);
        self
    }
}
