//! Tables of processes: as wide as their cells, the last column as long as it is.

use std::io::{self, Write};

/// Prints rows below each other; `right` says which columns end, rather than begin, in line.
pub(super) fn print(out: &mut impl Write, rows: &[Vec<String>], right: &[bool]) -> io::Result<()> {
    for line in lines(rows, right) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The lines of a table.
pub(super) fn lines(rows: &[Vec<String>], right: &[bool]) -> Vec<String> {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..right.len()).map(width).collect();
    rows.iter().map(|row| line(row, &widths, right)).collect()
}

fn line(row: &[String], widths: &[usize], right: &[bool]) -> String {
    let cells = row.iter().zip(widths).zip(right).map(|((cell, width), right)| {
        if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    cells.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

/// A time of the processor as `HH:MM:SS`.
pub(super) fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_in_line() {
        let rows = [["PID", "CMD"], ["7", "sh"], ["1234", "a long one"]];
        let rows: Vec<Vec<_>> =
            rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        assert_eq!(lines(&rows, &[true, false]), [" PID CMD", "   7 sh", "1234 a long one"]);
        assert_eq!(clock(3725), "01:02:05");
    }
}
