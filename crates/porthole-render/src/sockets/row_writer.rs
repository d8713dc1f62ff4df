//! Long listings: columns of fixed width, written row by row in flat memory.

use std::collections::HashSet;
use std::io::{self, Write};

use porthole_model::{Gap, Socket};

use super::{SocketRow, cells};
use crate::gaps;
use crate::text::{self, TextSettings};

/// Fixed widths: a cell that is wider pushes the rest of its row to the right.
const PLACE: usize = 24;
const PROTOCOL: usize = 6;
const STATE: usize = 12;
const QUEUE: usize = 7;
const ADDRESS: usize = 24;
/// As many spaces as the widest column.
const SPACES: &[u8] = &[b' '; 32];

/// Writes a listing row by row.
#[derive(Debug)]
pub struct RowWriter<W> {
    out: W,
    row: Vec<u8>,
    with_place: bool,
    gaps: HashSet<Gap>,
    order: Vec<Gap>,
}

impl<W: Write> RowWriter<W> {
    /// Writes the titles; `with_place` where the listing shows more than one container.
    pub fn new(mut out: W, with_place: bool) -> io::Result<Self> {
        let mut row = Vec::with_capacity(256);
        if with_place {
            column(&mut row, PLACE, |row| row.extend_from_slice(b"CONTAINER"));
        }
        for (title, width) in [("PROTO", PROTOCOL), ("STATE", STATE)] {
            column(&mut row, width, |row| row.extend_from_slice(title.as_bytes()));
        }
        right(&mut row, b"RECV-Q");
        right(&mut row, b"SEND-Q");
        for title in ["LOCAL", "REMOTE"] {
            column(&mut row, ADDRESS, |row| row.extend_from_slice(title.as_bytes()));
        }
        row.extend_from_slice(b"PROCESS\n");
        out.write_all(&row)?;
        Ok(Self { out, row, with_place, gaps: HashSet::new(), order: Vec::new() })
    }

    /// Writes a row.
    pub fn row(&mut self, shown: SocketRow<'_>) -> io::Result<()> {
        self.row.clear();
        if self.with_place {
            column(&mut self.row, PLACE, |row| cells::text(row, shown.place.unwrap_or("-")));
        }
        cells_of(&mut self.row, shown.socket);
        if let Some(gap) = shown.socket.owners.gap() {
            self.gap(gap);
        }
        self.row.push(b'\n');
        self.out.write_all(&self.row)
    }

    /// Keeps a reason for the list below the rows, once.
    pub fn gap(&mut self, gap: &Gap) {
        if !self.gaps.contains(gap) {
            self.gaps.insert(gap.clone());
            self.order.push(gap.clone());
        }
    }

    /// Writes below the rows what could not be seen, and why.
    pub fn finish(mut self) -> io::Result<()> {
        text::print(&gaps::not_seen(&self.order), &TextSettings::default(), &mut self.out)?;
        self.out.flush()
    }
}

fn cells_of(row: &mut Vec<u8>, socket: &Socket) {
    column(row, PROTOCOL, |row| cells::protocol(row, socket));
    column(row, STATE, |row| cells::state(row, socket));
    queue(row, cells::receive_queue(socket));
    queue(row, cells::send_queue(socket));
    column(row, ADDRESS, |row| cells::local(row, socket));
    column(row, ADDRESS, |row| cells::remote(row, socket));
    cells::owners(row, socket);
}

fn column(row: &mut Vec<u8>, width: usize, write: impl FnOnce(&mut Vec<u8>)) {
    let start = row.len();
    write(row);
    let used = columns(&row[start..]);
    row.extend_from_slice(&SPACES[..width.saturating_sub(used)]);
    row.extend_from_slice(b"  ");
}

fn right(row: &mut Vec<u8>, cell: &[u8]) {
    row.extend_from_slice(&SPACES[..QUEUE.saturating_sub(cell.len())]);
    row.extend_from_slice(cell);
    row.extend_from_slice(b"  ");
}

fn queue(row: &mut Vec<u8>, length: Option<u32>) {
    match length {
        Some(length) => right(row, itoa::Buffer::new().format(length).as_bytes()),
        None => right(row, b"-"),
    }
}

fn columns(cell: &[u8]) -> usize {
    if cell.is_ascii() {
        return cell.len();
    }
    std::str::from_utf8(cell).map_or(cell.len(), text::width)
}
