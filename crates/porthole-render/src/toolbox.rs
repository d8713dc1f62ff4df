//! The tools that porthole takes into a container.

use crate::doc::{Column, Doc, Line, Style, Table};

/// A tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool<'a> {
    /// What it is called as.
    pub name: &'a str,
    /// What it is about; tools of a group stand together.
    pub group: &'a str,
    /// What it does, in a few words.
    pub summary: &'a str,
}

/// A table of the tools, in the order that they come in.
pub fn doc(tools: &[Tool<'_>]) -> Doc {
    let columns = vec![Column::new("TOOL"), Column::new("GROUP"), Column::new("WHAT IT DOES").wrap(20)];
    let mut table = Table::new(columns);
    for tool in tools {
        table.row(vec![Line::of(Style::Name, tool.name), tool.group.into(), tool.summary.into()]);
    }
    let mut doc = Doc::new();
    doc.table(table);
    doc
}
