//! Entries of tar archives, as `tar -tv` lists them.

use porthole_model::{TarEntry, TarKind};

use crate::doc::{Line, Style};

/// As wide as GNU tar makes owner and size together.
const OWNER_AND_SIZE: usize = 18;

/// One entry: mode, owner, size, time in UTC, name, and what a link leads to.
pub(super) fn entry(entry: &TarEntry) -> Line {
    let owner = format!("{}/{}", entry.user, entry.group);
    let room = OWNER_AND_SIZE.saturating_sub(owner.chars().count());
    let before = format!(
        "{}{} {owner} {:>room$} {} ",
        letter(entry.kind),
        permissions(entry.mode),
        entry.size,
        time(entry.modified)
    );
    let style = if entry.kind == TarKind::Directory { Style::Name } else { Style::Plain };
    let line = Line::of(Style::Faint, &before).with(style, &entry.name);
    match (&entry.link, entry.kind) {
        (None, _) => line,
        (Some(target), TarKind::HardLink) => line.with(Style::Faint, " link to ").plain(target),
        (Some(target), _) => line.with(Style::Faint, " -> ").plain(target),
    }
}

fn letter(kind: TarKind) -> char {
    match kind {
        TarKind::File => '-',
        TarKind::HardLink => 'h',
        TarKind::SymbolicLink => 'l',
        TarKind::CharacterDevice => 'c',
        TarKind::BlockDevice => 'b',
        TarKind::Directory => 'd',
        TarKind::Pipe => 'p',
        TarKind::Other(letter) => letter,
    }
}

/// `rwxr-xr-x`, with `s` and `t` where a program runs as its owner or a directory is sticky.
fn permissions(mode: u32) -> String {
    let class = |shift: u32, special: u32, letter: char| {
        let is_set = |bit: u32| mode >> shift & bit != 0;
        let last = match (is_set(1), mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        };
        [if is_set(4) { 'r' } else { '-' }, if is_set(2) { 'w' } else { '-' }, last]
    };
    [class(6, 0o4000, 's'), class(3, 0o2000, 's'), class(0, 0o1000, 't')].into_iter().flatten().collect()
}

fn time(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(known) => known.strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => format!("{seconds} s"),
    }
}
