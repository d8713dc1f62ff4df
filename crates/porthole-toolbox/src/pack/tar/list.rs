//! Listing.

use std::io::{self, Read, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tar::{Archive, Entry};

use super::arguments::TarArguments;
use super::{is_wanted, source};
use crate::trouble::Trouble;

/// Lists what is wanted, as `ls -l` does where more is to be told.
pub(super) fn list(arguments: &TarArguments) -> Result<i32, Trouble> {
    let mut archive = Archive::new(source(arguments)?);
    let mut out = io::stdout().lock();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !is_wanted(&entry.path()?, &arguments.members) {
            continue;
        }
        if arguments.verbose {
            write!(out, "{} ", details(&mut entry)?)?;
        }
        out.write_all(&entry.path_bytes())?;
        if let Some(link) = entry.link_name_bytes().filter(|_| arguments.verbose) {
            let arrow = if entry.header().entry_type().is_hard_link() { " link to " } else { " -> " };
            out.write_all(arrow.as_bytes())?;
            out.write_all(&link)?;
        }
        out.write_all(b"\n")?;
    }
    Ok(0)
}

fn details<R: Read>(entry: &mut Entry<'_, R>) -> Result<String, Trouble> {
    let header = entry.header();
    let time = Timestamp::from_second(i64::try_from(header.mtime()?).unwrap_or(i64::MAX)).unwrap_or_default();
    let time = time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string();
    let (uid, gid) = (header.uid()?, header.gid()?);
    Ok(format!(
        "{}{} {:>11} {:>9} {time}",
        kind(entry),
        mode(header.mode()?),
        format!("{uid}/{gid}"),
        entry.size()
    ))
}

fn kind<R: Read>(entry: &Entry<'_, R>) -> char {
    let kind = entry.header().entry_type();
    let kinds = [
        (kind.is_dir(), 'd'),
        (kind.is_symlink(), 'l'),
        (kind.is_hard_link(), 'h'),
        (kind.is_character_special(), 'c'),
        (kind.is_block_special(), 'b'),
        (kind.is_fifo(), 'p'),
    ];
    kinds.into_iter().find(|(is_so, _)| *is_so).map_or('-', |(_, letter)| letter)
}

/// inode(7): read, write and execute for user, group and others; the special bits in the place of execute.
fn mode(bits: u32) -> String {
    let specials = [(0o4000, 's'), (0o2000, 's'), (0o1000, 't')];
    let mut text = String::new();
    for (place, (special, letter)) in specials.into_iter().enumerate() {
        let three = bits >> (6 - 3 * place);
        text.push(if three & 4 == 0 { '-' } else { 'r' });
        text.push(if three & 2 == 0 { '-' } else { 'w' });
        text.push(match (three & 1 != 0, bits & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_as_those_of_ls() {
        assert_eq!(mode(0o755), "rwxr-xr-x");
        assert_eq!(mode(0o4711), "rws--x--x");
        assert_eq!(mode(0o1770), "rwxrwx--T");
    }
}
