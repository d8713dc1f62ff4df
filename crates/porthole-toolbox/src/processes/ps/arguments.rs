//! The options of `ps`, of both kinds.

use std::ffi::OsString;

use clap::Parser;

use super::columns::{Chosen, chosen};
use crate::processes::tasks::{Machine, Task};
use crate::trouble::Trouble;

/// The columns where nothing is said.
const BRIEF: &str = "pid,tty,time,cmd";
/// The columns of -f.
const FULL: &str = "uid,pid,ppid,c,stime,tty,time,args=CMD";
/// The columns of u.
const OF_USERS: &str = "user,pid,%cpu,%mem,vsz,rss,tty,stat,start,time,args=COMMAND";

/// What BSD's letters are in our options. Width and environment need nothing.
const LETTERS: [(char, Option<&str>); 6] =
    [('a', Some("-e")), ('x', Some("-e")), ('u', Some("--of-users")), ('w', None), ('e', None), ('f', None)];

/// The processes
///
/// Without an option those of this terminal and user. `ps aux` and `ps -ef` are all.
#[derive(Debug, Parser)]
#[command(
    name = "ps",
    after_help = "\
Columns of -o: pid ppid pgid sid user uid comm args stat tty time etime start stime %cpu %mem c vsz rss nlwp ni pri

Examples:
  ps aux --sort -rss
  ps -o pid,etime,args -C nginx"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of ps")]
pub(super) struct PsArguments {
    /// All processes
    #[arg(short = 'e', short_alias = 'A')]
    all: bool,
    /// More of each
    #[arg(short)]
    full: bool,
    /// As `ps u`
    #[arg(long, hide = true)]
    of_users: bool,
    /// These columns, each with =HEADING where another is wanted
    #[arg(short = 'o', long = "format", value_name = "COLUMNS")]
    formats: Vec<String>,
    /// These processes
    #[arg(short, long = "pid", value_name = "PID", value_delimiter = ',')]
    pids: Vec<i32>,
    /// Those that these processes started
    #[arg(long = "ppid", value_name = "PID", value_delimiter = ',')]
    parents: Vec<i32>,
    /// Those of these users
    #[arg(short, long = "user", short_alias = 'U', value_name = "USER", value_delimiter = ',')]
    users: Vec<String>,
    /// Those of these names
    #[arg(short = 'C', value_name = "NAME", value_delimiter = ',')]
    names: Vec<String>,
    /// By this column; -COLUMN is the other way round
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    pub(super) sort: Option<String>,
    /// No line of headings
    #[arg(long, visible_alias = "no-heading")]
    pub(super) no_headers: bool,
    /// Lines of any length, which is so anyway
    #[arg(short = 'w', hide = true, action = clap::ArgAction::Count)]
    wide: u8,
}

impl PsArguments {
    /// The columns to print.
    pub(super) fn columns(&self) -> Result<Vec<Chosen>, Trouble> {
        if !self.formats.is_empty() {
            return chosen(&self.formats.join(","));
        }
        chosen(match (self.of_users, self.full) {
            (true, _) => OF_USERS,
            (_, true) => FULL,
            _ => BRIEF,
        })
    }

    /// Whether a process is to be printed; `own` is this one.
    pub(super) fn selects(&self, task: &Task, own: &Task, machine: &Machine) -> bool {
        if self.all {
            return true;
        }
        if !self.names_some() {
            return task.uid == own.uid && task.stat.tty_nr == own.stat.tty_nr;
        }
        self.pids.contains(&task.stat.pid)
            || self.parents.contains(&task.stat.ppid)
            || self.users.iter().any(|user| machine.users.uid(user) == Some(task.uid))
            || self.names.contains(&task.stat.comm)
    }

    fn names_some(&self) -> bool {
        !(self.pids.is_empty() && self.parents.is_empty() && self.users.is_empty() && self.names.is_empty())
    }
}

/// The words with BSD's letters, which have no dash, as our options.
pub(super) fn of_either_kind(words: Vec<OsString>) -> Vec<OsString> {
    let letters = words.get(1).and_then(|word| word.to_str()).map(letters);
    let Some(Some(options)) = letters else { return words };
    let mut turned = vec![words[0].clone()];
    turned.extend(options.into_iter().map(OsString::from));
    turned.extend(words.into_iter().skip(2));
    turned
}

fn letters(word: &str) -> Option<Vec<&'static str>> {
    let mut options = Vec::new();
    for letter in word.chars() {
        let (_, option) = LETTERS.iter().find(|(known, _)| *known == letter)?;
        options.extend(option.filter(|option| !options.contains(option)));
    }
    Some(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_without_a_dash_are_those_of_bsd() {
        let turned = |words: &[&str]| of_either_kind(words.iter().map(OsString::from).collect());
        assert_eq!(turned(&["ps", "auxww", "--sort", "-rss"]), ["ps", "-e", "--of-users", "--sort", "-rss"]);
        assert_eq!(turned(&["ps", "-ef"]), ["ps", "-ef"]);
        assert_eq!(turned(&["ps", "nonsense"]), ["ps", "nonsense"]);
    }
}
