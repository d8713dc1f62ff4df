//! An exchange in a line of fixed columns: when, who, what, and how it went.

use porthole_model::{ContainerNames, Exchange};

use super::words;
use crate::doc::{Align, Line, Style};
use crate::{moment, text, units};

const TIME: usize = 12;
const CLIENT: usize = 16;
const STATUS: usize = 6;
const SIZES: usize = 13;
const TIMES: usize = 13;
/// A call's column narrower than this costs other columns their place.
const LEAST_STORY: usize = 24;
/// Fewer columns than these behind a call say nothing of what it is about.
const LEAST_REST: usize = 8;
/// The spaces between two columns.
const GAP: usize = 2;

/// A column of fixed width.
#[derive(Clone, Debug)]
struct Cell {
    line: Line,
    width: usize,
    align: Align,
}

/// An exchange in a line that nothing is left out of, for a pipe.
pub fn line(exchange: &Exchange, names: &ContainerNames) -> Line {
    fitted(exchange, names, None)
}

/// An exchange in a line of at most `room` columns.
pub(super) fn fitted(exchange: &Exchange, names: &ContainerNames, room: Option<usize>) -> Line {
    let cells = [
        Line::of(Style::Faint, &moment::time_of_day(exchange.started)),
        words::client(&exchange.client, names),
        words::status(exchange),
        Line::of(Style::Faint, &sizes(exchange)),
        Line::from(times(exchange)),
    ];
    laid_out(cells, |room| story(exchange, names, room), room)
}

/// The titles of the columns.
pub(super) fn titles(room: Option<usize>) -> Line {
    let strong = |title| Line::of(Style::Strong, title);
    let cells = ["TIME (UTC)", "CLIENT", "STATUS", "SENT/GOT", "FIRST/TOTAL"].map(strong);
    laid_out(cells, |_| strong("CALL"), room)
}

fn sizes(exchange: &Exchange) -> String {
    format!("{}/{}", units::size(exchange.request.body), units::size(exchange.answer.body))
}

fn times(exchange: &Exchange) -> String {
    let first = exchange.first_byte.map_or_else(|| "-".to_owned(), units::time);
    format!("{first}/{}", units::time(exchange.duration))
}

/// Where the room is small, first the sizes are left out, then the client, then the times.
fn laid_out(lines: [Line; 5], story: impl Fn(Option<usize>) -> Line, room: Option<usize>) -> Line {
    let columns = [
        (TIME, Align::Left),
        (CLIENT, Align::Left),
        (STATUS, Align::Right),
        (SIZES, Align::Right),
        (TIMES, Align::Right),
    ];
    let cells = lines.into_iter().zip(columns).map(|(line, (width, align))| Cell { line, width, align });
    let mut cells: Vec<Cell> = cells.collect();
    let Some(room) = room else { return side_by_side(&cells, story(None)) };
    for dropped in [3, 1, 2] {
        if left_for_story(&cells, room) < LEAST_STORY {
            cells.remove(dropped);
        }
    }
    for cell in &mut cells {
        cell.line = text::elided_line(&cell.line, cell.width);
    }
    let story = story(Some(left_for_story(&cells, room)));
    text::elided_line(&side_by_side(&cells, story), room)
}

/// What the columns and the gaps behind them leave.
fn left_for_story(cells: &[Cell], room: usize) -> usize {
    room.saturating_sub(cells.iter().map(|cell| cell.width + GAP).sum())
}

/// Where the room is small, the operation stands for its method too, and keeps its name where what follows can give
/// way.
fn story(exchange: &Exchange, names: &ContainerNames, room: Option<usize>) -> Line {
    let whole = words::story(exchange, names);
    let Some(room) = room.filter(|room| width(&whole) > *room) else { return whole };
    let (name, rest) = (words::name(exchange), words::rest(exchange, names));
    let left = room.saturating_sub(width(&name) + GAP);
    if left >= LEAST_REST.min(width(&rest)) {
        words::joined(name, &text::elided_line(&rest, left))
    } else {
        text::elided_line(&words::joined(name, &rest), room)
    }
}

fn width(line: &Line) -> usize {
    text::width(&line.text())
}

/// The cells, filled up to their widths, and the words behind them.
fn side_by_side(cells: &[Cell], story: Line) -> Line {
    let mut line = Line::new();
    for cell in cells {
        let padding = " ".repeat(cell.width.saturating_sub(width(&cell.line)));
        let (before, behind) = match cell.align {
            Align::Left => ("", padding.as_str()),
            Align::Right => (padding.as_str(), ""),
        };
        line.push(Style::Plain, before);
        line.append(cell.line.clone());
        line.push(Style::Plain, behind);
        line.push(Style::Plain, &" ".repeat(GAP));
    }
    line.append(story);
    line
}
