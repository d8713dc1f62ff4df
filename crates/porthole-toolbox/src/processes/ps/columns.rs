//! What can be told of a process, a column each.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::printable::one_line;
use crate::processes::layout::clock;
use crate::processes::tasks::{Machine, Task};
use crate::trouble::Trouble;

/// A column.
#[derive(Debug)]
pub(in crate::processes) struct Column {
    names: &'static [&'static str],
    heading: &'static str,
    /// Whether it ends in line: numbers do.
    pub(in crate::processes) right: bool,
    pub(in crate::processes) value: fn(&Task, &Machine) -> String,
}

/// A column that was asked for, with its heading.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) column: &'static Column,
    pub(super) heading: String,
}

const fn number(
    names: &'static [&'static str],
    heading: &'static str,
    value: fn(&Task, &Machine) -> String,
) -> Column {
    Column { names, heading, right: true, value }
}

const fn text(
    names: &'static [&'static str],
    heading: &'static str,
    value: fn(&Task, &Machine) -> String,
) -> Column {
    Column { names, heading, right: false, value }
}

const COLUMNS: &[Column] = &[
    number(&["pid"], "PID", |task, _| task.stat.pid.to_string()),
    number(&["ppid"], "PPID", |task, _| task.stat.ppid.to_string()),
    number(&["pgid", "pgrp"], "PGID", |task, _| task.stat.pgrp.to_string()),
    number(&["sid", "sess"], "SID", |task, _| task.stat.session.to_string()),
    text(&["user", "euser", "uname"], "USER", |task, machine| machine.users.name(task.uid)),
    text(&["uid"], "UID", |task, machine| machine.users.name(task.uid)),
    text(&["comm", "ucmd"], "COMMAND", |task, _| one_line(&task.stat.comm)),
    text(&["cmd"], "CMD", |task, _| one_line(&task.stat.comm)),
    text(&["args", "command"], "COMMAND", |task, _| one_line(&task.command_line())),
    text(&["stat"], "STAT", |task, _| state(task)),
    text(&["s", "state"], "S", |task, _| task.stat.state.to_string()),
    text(&["tty", "tt", "tname"], "TTY", |task, _| terminal(task.stat.tty_nr())),
    number(&["time", "cputime"], "TIME", |task, machine| clock(task.ticks() / machine.ticks)),
    number(&["etime"], "ELAPSED", |task, machine| elapsed(task.age(machine))),
    number(&["etimes"], "ELAPSED", |task, machine| task.age(machine).to_string()),
    number(&["start", "start_time"], "START", started),
    number(&["stime"], "STIME", started),
    number(&["%cpu", "pcpu"], "%CPU", |task, machine| {
        tenths(share(task.ticks() * 1000, task.age(machine) * machine.ticks))
    }),
    number(&["c"], "C", |task, machine| {
        share(task.ticks() * 100, task.age(machine) * machine.ticks).to_string()
    }),
    number(&["%mem", "pmem"], "%MEM", |task, machine| {
        tenths(share(task.stat.rss * machine.page * 1000, machine.memory))
    }),
    number(&["vsz", "vsize"], "VSZ", |task, _| (task.stat.vsize / 1024).to_string()),
    number(&["rss", "rssize"], "RSS", |task, machine| (task.stat.rss * machine.page / 1024).to_string()),
    number(&["nlwp", "thcount"], "NLWP", |task, _| task.stat.num_threads.to_string()),
    number(&["ni", "nice"], "NI", |task, _| task.stat.nice.to_string()),
    number(&["pri"], "PRI", |task, _| (39 - task.stat.priority).to_string()),
];

/// The column of that name.
pub(in crate::processes) fn column(name: &str) -> Result<&'static Column, Trouble> {
    let found = COLUMNS.iter().find(|column| column.names.contains(&name));
    found.ok_or_else(|| Trouble::new(format!("there is no column {name}; ps --help names all")))
}

/// The columns of a list: `pid,comm=NAME`. A heading reaches to the end of the list, as POSIX has it, only where it is
/// the last; that is no different from reaching to the next comma.
pub(super) fn chosen(list: &str) -> Result<Vec<Chosen>, Trouble> {
    let words = list.split([',', ' ']).filter(|word| !word.is_empty());
    words.map(one).collect()
}

fn one(word: &str) -> Result<Chosen, Trouble> {
    let (name, heading) = match word.split_once('=') {
        Some((name, heading)) => (name, Some(heading)),
        None => (word, None),
    };
    let column = column(name)?;
    Ok(Chosen { column, heading: heading.unwrap_or(column.heading).to_owned() })
}

/// `/proc/PID/stat`, with ps's marks for priority, session leaders, threads and the foreground.
fn state(task: &Task) -> String {
    let stat = &task.stat;
    let marks = [
        (stat.nice < 0, '<'),
        (stat.nice > 0, 'N'),
        (stat.session == stat.pid, 's'),
        (stat.num_threads > 1, 'l'),
        (stat.tpgid == stat.pgrp, '+'),
    ];
    let marks = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| mark);
    std::iter::once(stat.state).chain(marks).collect()
}

/// The kernel's list of devices: 136 and the seven after it are pseudo-terminals, 4 is consoles and serial lines.
fn terminal((major, minor): (i32, i32)) -> String {
    match major {
        0 => "?".to_owned(),
        136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
        4 if minor < 64 => format!("tty{minor}"),
        4 => format!("ttyS{}", minor - 64),
        _ => format!("{major}:{minor}"),
    }
}

/// `DD-HH:MM:SS`, as much of it as there is.
fn elapsed(seconds: u64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (0, rest) if rest < 3600 => format!("{:02}:{:02}", rest / 60, rest % 60),
        (0, rest) => clock(rest),
        (days, rest) => format!("{days}-{}", clock(rest)),
    }
}

/// The time of a day where it was less than one ago, else the date; in UTC, for a container has no other.
fn started(task: &Task, machine: &Machine) -> String {
    let at = machine.booted + task.stat.starttime / machine.ticks;
    let time = Timestamp::from_second(i64::try_from(at).unwrap_or_default()).unwrap_or_default();
    let form = if machine.now.saturating_sub(at) < 86_400 { "%H:%M" } else { "%b%d" };
    time.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

fn share(part: u64, whole: u64) -> u64 {
    part.checked_div(whole).unwrap_or(0)
}

fn tenths(thousandths: u64) -> String {
    format!("{}.{}", thousandths / 10, thousandths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_name_columns_and_headings() {
        let chosen = chosen("pid,comm=,args=WHAT").unwrap();
        let headings: Vec<_> = chosen.iter().map(|each| each.heading.as_str()).collect();
        assert_eq!(headings, ["PID", "", "WHAT"]);
        assert!(super::chosen("pid,nonsense").is_err());
    }

    #[test]
    fn times_and_terminals_read_as_those_of_ps() {
        assert_eq!((elapsed(65).as_str(), elapsed(90_061).as_str()), ("01:05", "1-01:01:01"));
        assert_eq!((terminal((0, 0)).as_str(), terminal((136, 3)).as_str()), ("?", "pts/3"));
        assert_eq!(tenths(1234), "123.4");
    }
}
