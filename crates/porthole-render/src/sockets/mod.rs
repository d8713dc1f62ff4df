//! Sockets as a listing: fitted to a terminal, or row by row where they are many.

mod cells;
mod names;
mod row_writer;

use porthole_model::{Gap, Observed, Socket};

use crate::doc::{Column, Doc, Line, Style, Table};
use crate::gaps;

pub(crate) use names::{protocol_name, state_name};
pub use row_writer::RowWriter;

/// The width of the longest IPv4 address with a port, which loses its meaning with its middle.
const WHOLE_IPV4: usize = 21;

/// A socket and where it is.
#[derive(Clone, Copy, Debug)]
pub struct SocketRow<'a> {
    /// The container or namespace, where the listing shows more than one.
    pub place: Option<&'a str>,
    /// The socket.
    pub socket: &'a Socket,
}

/// A listing that fits a terminal, for as many rows as a person reads; `gaps` says what could not be listed.
pub fn doc(rows: &[SocketRow<'_>], gaps: &[Gap]) -> Doc {
    let mut doc = Doc::new();
    if rows.is_empty() {
        doc.paragraph("No such socket.");
    } else {
        doc.table(table(rows));
    }
    let owners = rows.iter().filter_map(|row| row.socket.owners.gap());
    doc.append(gaps::not_seen(gaps.iter().chain(owners)));
    doc
}

/// A socket and who holds it, in words: `nginx[12] on *:80`.
pub(crate) fn holder(socket: &Socket) -> String {
    let mut text = Vec::new();
    cells::owners(&mut text, socket);
    text.extend_from_slice(b" on ");
    cells::local(&mut text, socket);
    String::from_utf8_lossy(&text).into_owned()
}

fn table(rows: &[SocketRow<'_>]) -> Table {
    let with_place = rows.iter().any(|row| row.place.is_some());
    let place = with_place.then(|| Column::new("CONTAINER").elide(12));
    let mut table = Table::new(place.into_iter().chain(columns()).collect());
    for row in rows {
        let place = with_place.then(|| Line::of(Style::Name, row.place.unwrap_or("-")));
        table.row(place.into_iter().chain(line(row.socket)).collect());
    }
    table
}

fn columns() -> [Column; 7] {
    [
        Column::new("PROTO"),
        Column::new("STATE").may_drop(4),
        Column::new("RECV-Q").right().may_drop(2),
        Column::new("SEND-Q").right().may_drop(1),
        Column::new("LOCAL").elide(WHOLE_IPV4),
        Column::new("REMOTE").elide(WHOLE_IPV4).may_drop(3),
        Column::new("PROCESS").wrap(8),
    ]
}

fn line(socket: &Socket) -> [Line; 7] {
    let mut text = Vec::new();
    let mut cell = |write: fn(&mut Vec<u8>, &Socket)| {
        text.clear();
        write(&mut text, socket);
        String::from_utf8_lossy(&text).into_owned()
    };
    let owners = match &socket.owners {
        Observed::Known(_) => Line::from(cell(cells::owners)),
        Observed::Missing(_) => Line::of(Style::Warning, "?"),
    };
    [
        cell(cells::protocol).into(),
        cell(cells::state).into(),
        queue(cells::receive_queue(socket)),
        queue(cells::send_queue(socket)),
        cell(cells::local).into(),
        cell(cells::remote).into(),
        owners,
    ]
}

fn queue(length: Option<u32>) -> Line {
    length.map_or_else(|| "-".into(), |length| length.to_string().into())
}
