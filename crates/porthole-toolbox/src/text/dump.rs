//! `hexdump` and `xxd`: bytes in hexadecimal and as text.

use std::ffi::OsString;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::trouble::{Trouble, exit};
use crate::{arguments, input};

/// Bytes in a line.
const LINE: usize = 16;

/// Print bytes in hexadecimal and as text
#[derive(Debug, Parser)]
struct DumpArguments {
    /// Hexadecimal and text, which is so anyway
    #[arg(short = 'C', hide = true)]
    canonical: bool,
    /// Print at most so many bytes
    #[arg(short = 'n', short_alias = 'l', value_name = "N")]
    length: Option<u64>,
    /// Skip so many bytes
    #[arg(short = 's', value_name = "N", default_value = "0")]
    skip: u64,
    /// Print only the digits, in lines of 60
    #[arg(short = 'p')]
    plain: bool,
    /// The file; - or none is standard input
    file: Option<PathBuf>,
}

/// `hexdump`.
pub(super) fn hexdump(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &DumpArguments| exit("hexdump", dump(arguments, canonical), 1))
}

/// `xxd`.
pub(super) fn xxd(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &DumpArguments| exit("xxd", dump(arguments, pairs), 1))
}

fn dump(arguments: &DumpArguments, line: fn(u64, &[u8]) -> String) -> Result<i32, Trouble> {
    let path = arguments.file.as_deref().unwrap_or(Path::new(input::STANDARD));
    let mut source = from(path, arguments.skip)?.take(arguments.length.unwrap_or(u64::MAX));
    let mut out = io::BufWriter::new(io::stdout().lock());
    let width = if arguments.plain { 30 } else { LINE };
    let mut offset = arguments.skip;
    loop {
        let mut bytes = Vec::with_capacity(width);
        source.by_ref().take(width as u64).read_to_end(&mut bytes).map_err(Trouble::at(path))?;
        if bytes.is_empty() {
            break;
        }
        let text = if arguments.plain { digits(&bytes) } else { line(offset, &bytes) };
        writeln!(out, "{text}")?;
        offset += bytes.len() as u64;
    }
    out.flush()?;
    Ok(0)
}

/// The file from there on. Memory and devices can be long: what can be skipped by seeking is not read.
fn from(path: &Path, skip: u64) -> Result<Box<dyn Read>, Trouble> {
    if path != Path::new(input::STANDARD) {
        let mut file = std::fs::File::open(path).map_err(Trouble::at(path))?;
        if file.seek(SeekFrom::Start(skip)).is_ok() {
            return Ok(Box::new(file));
        }
    }
    let mut source = input::open(path)?;
    io::copy(&mut source.by_ref().take(skip), &mut io::sink()).map_err(Trouble::at(path))?;
    Ok(source)
}

/// `hexdump -C`: two groups of eight.
fn canonical(offset: u64, bytes: &[u8]) -> String {
    let groups: Vec<_> = bytes.chunks(LINE / 2).map(|group| spaced(group, 1)).collect();
    format!("{offset:08x}  {:<48}  |{}|", groups.join("  "), text(bytes))
}

/// `xxd`: pairs.
fn pairs(offset: u64, bytes: &[u8]) -> String {
    format!("{offset:08x}: {:<39}  {}", spaced(bytes, 2), text(bytes))
}

fn spaced(bytes: &[u8], group: usize) -> String {
    bytes.chunks(group).map(digits).collect::<Vec<_>>().join(" ")
}

fn digits(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes everything.
        let _fits = write!(text, "{byte:02x}");
        text
    })
}

fn text(bytes: &[u8]) -> String {
    let shown = |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
    bytes.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_look_as_those_of_the_tools_they_are_named_after() {
        let bytes = b"#!/bin/sh\necho \x00";
        assert_eq!(
            canonical(16, bytes),
            "00000010  23 21 2f 62 69 6e 2f 73  68 0a 65 63 68 6f 20 00  |#!/bin/sh.echo .|"
        );
        assert_eq!(pairs(0, b"abc"), "00000000: 6162 63                                  abc");
    }
}
