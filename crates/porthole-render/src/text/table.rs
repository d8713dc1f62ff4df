//! A table in rows of a terminal.

use std::io;

use super::columns::{self, GAP, Layout};
use super::wrap::{self, LongWords, Row};
use super::{LEAST, Printer};
use crate::doc::{Align, Column, Fit, Line, Style, Table};

impl Printer<'_> {
    /// Prints a table, fitted to the terminal.
    pub(super) fn table(&mut self, table: &Table) -> io::Result<()> {
        let room = self.width.map(|width| width.saturating_sub(self.indent).max(LEAST));
        let layout = columns::fit(table, room);
        self.titles(table, &layout)?;
        for row in &table.rows {
            self.cells(row, table, &layout)?;
        }
        self.dropped(table, &layout)
    }

    fn titles(&mut self, table: &Table, layout: &Layout) -> io::Result<()> {
        let titles: Vec<Line> =
            table.columns.iter().map(|column| Line::of(Style::Strong, &column.title)).collect();
        self.cells(&titles, table, layout)
    }

    fn cells(&mut self, cells: &[Line], table: &Table, layout: &Layout) -> io::Result<()> {
        let wide = self.width.is_none();
        let stacks: Vec<Vec<Row<'_>>> = layout
            .shown
            .iter()
            .map(|&(index, width)| {
                if wide {
                    vec![Row::whole(&cells[index])]
                } else {
                    stack(&cells[index], &table.columns[index], width)
                }
            })
            .collect();
        let height = stacks.iter().map(Vec::len).max().unwrap_or(0);
        for level in 0..height {
            let row = side_by_side(&stacks, level, table, layout);
            self.row("", &row)?;
        }
        Ok(())
    }

    fn dropped(&mut self, table: &Table, layout: &Layout) -> io::Result<()> {
        if layout.dropped.is_empty() {
            return Ok(());
        }
        let titles: Vec<&str> =
            layout.dropped.iter().map(|&index| table.columns[index].title.as_str()).collect();
        let note = format!("(the terminal is too narrow for {})", titles.join(", "));
        self.prose("", "", &Line::of(Style::Faint, &note))
    }
}

fn stack<'a>(cell: &'a Line, column: &Column, width: usize) -> Vec<Row<'a>> {
    match column.fit {
        Fit::Whole | Fit::Elide => vec![Row::elided(cell, width)],
        Fit::Wrap => wrap::wrap(cell, Some(width), LongWords::Break),
    }
}

/// One row of all columns, without spaces at its end.
fn side_by_side<'a>(stacks: &[Vec<Row<'a>>], level: usize, table: &Table, layout: &Layout) -> Row<'a> {
    let mut row = Row::default();
    let mut start = 0;
    for (stack, &(index, width)) in stacks.iter().zip(&layout.shown) {
        if let Some(cell) = stack.get(level).filter(|cell| cell.width() > 0) {
            let shift = match table.columns[index].align {
                Align::Left => 0,
                Align::Right => width.saturating_sub(cell.width()),
            };
            row.pad_to(start + shift);
            row.append(cell.clone());
        }
        start += width + GAP;
    }
    row
}
