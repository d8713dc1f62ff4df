//! `strings`: text within binary files.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Parser;

use crate::trouble::{Trouble, exit};
use crate::{arguments, input};

/// Print text within binary files
#[derive(Debug, Parser)]
#[command(name = "strings")]
struct StringsArguments {
    /// The fewest characters that are text
    #[arg(short = 'n', long = "bytes", default_value = "4", value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    least: u16,
    /// Print where each stands, in hexadecimal
    #[arg(short = 'x')]
    offsets: bool,
    /// The files; - or none is standard input
    files: Vec<PathBuf>,
}

/// `strings`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &StringsArguments| exit("strings", print(arguments), 1))
}

fn print(arguments: &StringsArguments) -> Result<i32, Trouble> {
    let mut out = io::stdout().lock();
    for file in input::or_standard(&arguments.files) {
        let content = input::read(&file)?;
        for (offset, text) in texts(&content, usize::from(arguments.least)) {
            if arguments.offsets {
                write!(out, "{offset:7x} ")?;
            }
            out.write_all(text)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(0)
}

fn texts(content: &[u8], least: usize) -> impl Iterator<Item = (usize, &[u8])> {
    let mut offset = 0;
    let pieces = content.split(|byte| !is_text(*byte)).map(move |piece| {
        let start = offset;
        offset += piece.len() + 1;
        (start, piece)
    });
    pieces.filter(move |(_, piece)| piece.len() >= least)
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || byte == b' ' || byte.is_ascii_graphic()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_long_enough_is_text() {
        let found: Vec<_> = texts(b"\x7fELF\x02long enough\0abc\0\0four", 4).collect();
        assert_eq!(found, [(5, &b"long enough"[..]), (22, b"four")]);
    }
}
