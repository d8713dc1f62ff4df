//! `pgrep`, `pkill` and `pidof`: processes by name.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Parser;
use regex::{Regex, RegexBuilder};
use rustix::process::{Pid, Signal, kill_process};

use super::tasks::{Machine, Task, tasks};
use crate::arguments;
use crate::printable::one_line;
use crate::trouble::{Trouble, exit, reason, say};

/// No process matched.
const NONE: i32 = 1;
/// Something went wrong.
const WRONG: i32 = 2;

/// Find processes by name, or send them a signal
#[derive(Debug, Parser)]
#[command(
    name = "pgrep",
    after_help = "\
Examples:
  pgrep -a nginx
  pkill -HUP -x nginx"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of pgrep")]
struct MatchArguments {
    /// Look at the whole command line, not the name alone
    #[arg(short, long)]
    full: bool,
    /// The whole name must match
    #[arg(short = 'x', long)]
    exact: bool,
    /// Upper and lower case are the same
    #[arg(short, long)]
    ignore_case: bool,
    /// Those that do not match
    #[arg(short = 'v', long)]
    inverse: bool,
    /// Of these users
    #[arg(short, long = "euid", value_name = "USER", value_delimiter = ',')]
    users: Vec<String>,
    /// Started by these processes
    #[arg(short = 'P', long = "parent", value_name = "PID", value_delimiter = ',')]
    parents: Vec<i32>,
    /// The youngest alone
    #[arg(short, long)]
    newest: bool,
    /// The oldest alone
    #[arg(short, long)]
    oldest: bool,
    /// Print names too
    #[arg(short, long)]
    list_name: bool,
    /// Print command lines too
    #[arg(short = 'a', long)]
    list_full: bool,
    /// Print how many there are
    #[arg(short, long)]
    count: bool,
    /// The signal that pkill sends, also as -NAME or -NUMBER
    #[arg(long, value_name = "SIGNAL", default_value = "TERM", allow_hyphen_values = true)]
    signal: String,
    /// A regular expression
    #[arg(required_unless_present_any = ["users", "parents"])]
    pattern: Option<String>,
}

/// Print the processes of programs
#[derive(Debug, Parser)]
#[command(name = "pidof")]
struct PidofArguments {
    /// One alone
    #[arg(short)]
    single: bool,
    /// The names or paths of programs
    #[arg(required = true, value_name = "PROGRAM")]
    programs: Vec<String>,
}

/// `pgrep`.
pub(super) fn pgrep(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &MatchArguments| exit("pgrep", print(arguments), WRONG))
}

/// `pkill`.
pub(super) fn pkill(words: Vec<OsString>) -> i32 {
    arguments::with(with_signal(words), |arguments: &MatchArguments| exit("pkill", signal(arguments), WRONG))
}

/// `pidof`.
pub(super) fn pidof(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &PidofArguments| exit("pidof", print_pids(arguments), WRONG))
}

fn print(arguments: &MatchArguments) -> Result<i32, Trouble> {
    let found = arguments.matching()?;
    let mut out = io::stdout().lock();
    if arguments.count {
        writeln!(out, "{}", found.len())?;
        return Ok(if found.is_empty() { NONE } else { 0 });
    }
    for task in &found {
        match (arguments.list_full, arguments.list_name) {
            (true, _) => writeln!(out, "{} {}", task.stat.pid, one_line(&task.command_line()))?,
            (_, true) => writeln!(out, "{} {}", task.stat.pid, one_line(&task.stat.comm))?,
            _ => writeln!(out, "{}", task.stat.pid)?,
        }
    }
    Ok(if found.is_empty() { NONE } else { 0 })
}

fn signal(arguments: &MatchArguments) -> Result<i32, Trouble> {
    let signal = signal_named(&arguments.signal)?;
    let mut code = NONE;
    for task in arguments.matching()? {
        match Pid::from_raw(task.stat.pid).map(|pid| kill_process(pid, signal)) {
            Some(Err(errno)) => say("pkill", format!("process {}: {}", task.stat.pid, reason(&errno.into()))),
            _ => code = 0,
        }
    }
    Ok(code)
}

fn signal_named(name: &str) -> Result<Signal, Trouble> {
    let number = uucore::signals::signal_by_name_or_value(name).and_then(|number| i32::try_from(number).ok());
    number.and_then(Signal::from_named_raw).ok_or_else(|| Trouble::new(format!("there is no signal {name}")))
}

/// `-9` and `-HUP` as the option that they stand for.
fn with_signal(mut words: Vec<OsString>) -> Vec<OsString> {
    for word in words.iter_mut().skip(1) {
        let name = word
            .to_str()
            .and_then(|word| word.strip_prefix('-'))
            .filter(|name| name.len() > 1 || is_digit(name));
        if let Some(name) = name.filter(|name| signal_named(name).is_ok()) {
            *word = format!("--signal={name}").into();
        }
    }
    words
}

fn is_digit(text: &str) -> bool {
    text.chars().all(|character| character.is_ascii_digit())
}

impl MatchArguments {
    fn matching(&self) -> Result<Vec<Task>, Trouble> {
        let machine = Machine::read()?;
        let pattern = self.pattern.as_deref().map(|pattern| self.expression(pattern)).transpose()?;
        let own = rustix::process::getpid().as_raw_nonzero().get();
        let mut found = tasks()?;
        found.retain(|task| {
            task.stat.pid != own && self.selects(task, pattern.as_ref(), &machine) != self.inverse
        });
        found.sort_by_key(|task| (task.stat.starttime, task.stat.pid));
        if self.newest {
            found.drain(..found.len().saturating_sub(1));
        }
        if self.oldest {
            found.truncate(1);
        }
        found.sort_by_key(|task| task.stat.pid);
        Ok(found)
    }

    fn expression(&self, pattern: &str) -> Result<Regex, Trouble> {
        let whole = if self.exact { format!("^(?:{pattern})$") } else { pattern.to_owned() };
        RegexBuilder::new(&whole).case_insensitive(self.ignore_case).build().map_err(Trouble::new)
    }

    fn selects(&self, task: &Task, pattern: Option<&Regex>, machine: &Machine) -> bool {
        let of_users = || self.users.iter().any(|user| machine.users.uid(user) == Some(task.uid));
        let text = if self.full { task.command_line() } else { task.stat.comm.clone() };
        pattern.is_none_or(|pattern| pattern.is_match(&text))
            && (self.users.is_empty() || of_users())
            && (self.parents.is_empty() || self.parents.contains(&task.stat.ppid))
    }
}

fn print_pids(arguments: &PidofArguments) -> Result<i32, Trouble> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let mut found: Vec<_> = tasks()?.into_iter().filter(|task| task.stat.pid != own).collect();
    found.retain(|task| arguments.programs.iter().any(|program| is_of(task, program)));
    found.reverse();
    if arguments.single {
        found.truncate(1);
    }
    if found.is_empty() {
        return Ok(NONE);
    }
    let pids: Vec<_> = found.iter().map(|task| task.stat.pid.to_string()).collect();
    writeln!(io::stdout().lock(), "{}", pids.join(" "))?;
    Ok(0)
}

/// The name, or what it was started as: a name is cut at 15 letters.
fn is_of(task: &Task, program: &str) -> bool {
    let started = task.arguments.first().map(|first| first.trim_start_matches('-'));
    let name = started.and_then(|first| Path::new(first).file_name()?.to_str());
    task.stat.comm == program || started == Some(program) || name == Some(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_told_from_options() {
        let turned = |words: &[&str]| with_signal(words.iter().map(OsString::from).collect());
        assert_eq!(turned(&["pkill", "-9", "-x", "sh"]), ["pkill", "--signal=9", "-x", "sh"]);
        assert_eq!(turned(&["pkill", "-HUP", "-f", "sh"]), ["pkill", "--signal=HUP", "-f", "sh"]);
        assert!(signal_named("NONSENSE").is_err());
    }
}
