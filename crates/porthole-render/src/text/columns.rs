//! How wide each column of a table becomes, and which are left out.

use super::width::width;
use crate::doc::{Column, Fit, Table};

/// The spaces between two columns.
pub(super) const GAP: usize = 2;

/// The columns that are shown with their widths, and those that are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Index and width.
    pub(super) shown: Vec<(usize, usize)>,
    /// Indices, in the order of the table.
    pub(super) dropped: Vec<usize>,
}

/// A layout of at most `room` columns, where the smallest widths allow it.
pub(super) fn fit(table: &Table, room: Option<usize>) -> Layout {
    let natural: Vec<usize> = (0..table.columns.len()).map(|index| natural(table, index)).collect();
    let mut layout = Layout { shown: natural.iter().copied().enumerate().collect(), dropped: Vec::new() };
    let Some(room) = room else { return layout };
    while !shrink(&mut layout.shown, &table.columns, room) && drop_one(&mut layout, &table.columns) {
        // What was shrunk for the dropped column gets its room back.
        layout.shown.iter_mut().for_each(|(index, width)| *width = natural[*index]);
    }
    layout.dropped.sort_unstable();
    layout
}

fn natural(table: &Table, index: usize) -> usize {
    let cells = table.rows.iter().map(|row| row[index].spans().iter().map(|span| width(span.text())).sum());
    cells.max().unwrap_or(0).max(width(&table.columns[index].title))
}

/// Takes from the widest column that can give, until all fit; whether they do.
fn shrink(shown: &mut [(usize, usize)], columns: &[Column], room: usize) -> bool {
    let least: Vec<usize> = shown.iter().map(|&(index, width)| least(&columns[index], width)).collect();
    loop {
        let excess = total(shown).saturating_sub(room);
        let givers = shown.iter_mut().zip(&least).filter(|((_, width), least)| *width > **least);
        match givers.max_by_key(|((_, width), _)| *width) {
            _ if excess == 0 => return true,
            Some(((_, width), _)) => *width -= 1,
            None => return false,
        }
    }
}

fn total(shown: &[(usize, usize)]) -> usize {
    shown.iter().map(|(_, width)| width).sum::<usize>() + GAP * shown.len().saturating_sub(1)
}

/// A title is never cut.
fn least(column: &Column, natural: usize) -> usize {
    match column.fit {
        Fit::Whole => natural,
        Fit::Elide | Fit::Wrap => column.minimum.max(width(&column.title)).min(natural),
    }
}

fn drop_one(layout: &mut Layout, columns: &[Column]) -> bool {
    let order =
        |&(_, &(index, _)): &(usize, &(usize, usize))| columns[index].drop_order.map(|order| (order, index));
    let candidates = layout.shown.iter().enumerate().filter(|shown| order(shown).is_some());
    let Some((place, _)) = candidates.min_by_key(order) else { return false };
    let (index, _) = layout.shown.remove(place);
    layout.dropped.push(index);
    true
}
