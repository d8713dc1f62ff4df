//! Any bytes as hex, in the columns of `xxd`.

use std::fmt::Write;

use crate::doc::{Doc, Line, Style};

/// The bytes of a line.
const WIDTH: usize = 16;

/// The bytes in lines of sixteen: where the first stands, hex, ASCII. `offset` is that of the first byte.
pub fn hex(bytes: &[u8], offset: u64) -> Doc {
    let mut doc = Doc::new();
    doc.content((0_u64..).zip(bytes.chunks(WIDTH)).map(|(row, bytes)| line(bytes, offset, row)).collect());
    doc
}

fn line(bytes: &[u8], offset: u64, row: u64) -> Line {
    let offset = offset.saturating_add(row * WIDTH as u64);
    let ascii: String =
        bytes.iter().map(|byte| if is_visible(*byte) { char::from(*byte) } else { '.' }).collect();
    Line::of(Style::Faint, &format!("{offset:08x}: "))
        .plain(&format!("{:39}", digits(bytes)))
        .plain("  ")
        .with(Style::Code, &ascii)
}

/// In groups of two bytes.
fn digits(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(40);
    for (at, byte) in bytes.iter().enumerate() {
        let gap = if at > 0 && at % 2 == 0 { " " } else { "" };
        // Writing to a String cannot fail.
        let _infallible = write!(digits, "{gap}{byte:02x}");
    }
    digits
}

fn is_visible(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}
