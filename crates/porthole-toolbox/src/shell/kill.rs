//! The shell's own `kill`, for jobs and processes. brush's sends KILL where no signal is named, and to one process alone.

use std::io::Write;

use brush_core::builtins::{ContentOptions, ContentType, SimpleCommand};
use brush_core::{Error, ExecutionContext, ExecutionResult, ShellExtensions};
use rustix::process::{
    Pid, Signal, getpgid, kill_current_process_group, kill_process, kill_process_group,
    test_kill_current_process_group, test_kill_process, test_kill_process_group,
};
use uucore::signals::{ALL_SIGNALS, signal_by_name_or_value};

const USAGE: &str = "kill [-s SIGNAL | -SIGNAL] PID|-GROUP|%JOB ..., or kill -l [SIGNAL ...]";

/// The builtin.
pub(super) struct Kill;

/// What its words ask for.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'a> {
    /// Names for numbers and numbers for names; all of them where there are none.
    List(&'a [&'a str]),
    /// A signal for each of these; without one, it is only tried whether one could be sent.
    Send(Option<Signal>, &'a [&'a str]),
}

impl SimpleCommand for Kill {
    fn get_content(_name: &str, kind: ContentType, _options: &ContentOptions) -> Result<String, Error> {
        Ok(match kind {
            ContentType::ShortUsage => format!("{USAGE}\n"),
            _ => format!(
                "{USAGE}\n    Send a signal, TERM unless told otherwise, to processes, groups or jobs.\n"
            ),
        })
    }

    fn execute<SE: ShellExtensions, I: Iterator<Item = S>, S: AsRef<str>>(
        context: ExecutionContext<'_, SE>,
        arguments: I,
    ) -> Result<ExecutionResult, Error> {
        let words: Vec<String> = arguments.skip(1).map(|word| word.as_ref().to_owned()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let outcomes: Vec<Result<String, String>> = match asked(&words) {
            Err(complaint) => {
                writeln!(context.stderr(), "kill: {complaint}")?;
                return Ok(ExecutionResult::new(2));
            }
            Ok(Asked::List(names)) => listed(names),
            Ok(Asked::Send(signal, targets)) => {
                let send = |target: &&str| send(&context, signal, target).map(|()| String::new());
                targets.iter().map(send).collect()
            }
        };
        for outcome in &outcomes {
            match outcome {
                Ok(text) if text.is_empty() => {}
                Ok(text) => writeln!(context.stdout(), "{text}")?,
                Err(complaint) => writeln!(context.stderr(), "kill: {complaint}")?,
            }
        }
        Ok(ExecutionResult::new(u8::from(outcomes.iter().any(Result::is_err))))
    }
}

fn asked<'a>(words: &'a [&'a str]) -> Result<Asked<'a>, String> {
    let (name, rest) = match words {
        ["-l" | "-L", names @ ..] => return Ok(Asked::List(names)),
        ["-s" | "-n", name, rest @ ..] => (*name, rest),
        ["--", ..] => ("TERM", words),
        [option, rest @ ..] if option.len() > 1 && option.starts_with('-') => (&option[1..], rest),
        _ => ("TERM", words),
    };
    let targets = rest.strip_prefix(&["--"]).unwrap_or(rest);
    if targets.is_empty() {
        return Err(format!("usage: {USAGE}"));
    }
    let unknown = || format!("{name}: there is no such signal");
    let number = number_of(name).ok_or_else(unknown)?;
    if number == 0 {
        return Ok(Asked::Send(None, targets));
    }
    Ok(Asked::Send(Some(Signal::from_named_raw(number).ok_or_else(unknown)?), targets))
}

fn number_of(name: &str) -> Option<i32> {
    signal_by_name_or_value(name).and_then(|number| i32::try_from(number).ok())
}

fn listed(names: &[&str]) -> Vec<Result<String, String>> {
    if names.is_empty() {
        return vec![Ok(ALL_SIGNALS[1..].join(" "))];
    }
    let one = |name: &&str| {
        let number = name.parse::<usize>().ok();
        // As a shell gives the code of a command that a signal ended.
        let known = number.and_then(|number| ALL_SIGNALS.get(number.checked_sub(128).unwrap_or(number)));
        let text = match number {
            Some(_) => known.map(ToString::to_string),
            None => number_of(name).map(|number| number.to_string()),
        };
        text.ok_or_else(|| format!("{name}: there is no such signal"))
    };
    names.iter().map(one).collect()
}

fn send(
    context: &ExecutionContext<'_, impl ShellExtensions>,
    signal: Option<Signal>,
    target: &str,
) -> Result<(), String> {
    let sent = if target.starts_with('%') {
        let leader = leader_of_job(context, target)?;
        to_job(leader, signal)
    } else {
        let number = target.parse::<i32>().map_err(|_| format!("{target}: neither a process nor a job"))?;
        match (Pid::from_raw(number.saturating_abs()), number) {
            (Some(group), ..0) => to_group(group, signal),
            (Some(process), _) => to_process(process, signal),
            (None, _) => signal.map_or_else(test_kill_current_process_group, kill_current_process_group),
        }
    };
    sent.map_err(|error| format!("{target}: {}", crate::trouble::reason(&error.into())))
}

fn leader_of_job(context: &ExecutionContext<'_, impl ShellExtensions>, job: &str) -> Result<Pid, String> {
    let jobs = context.shell.jobs();
    let found = match &job[1..] {
        "" | "%" | "+" => jobs.current_job(),
        text => jobs.jobs.iter().find(|job| job.id.to_string() == text),
    };
    let found = found.ok_or_else(|| format!("{job}: no such job"))?;
    // brush runs what is put behind `&` itself, and keeps no process of it.
    let unknown =
        || format!("{job}: its process is not known; find it with ps or pgrep, and name its number");
    found.process_group_id().and_then(Pid::from_raw).ok_or_else(unknown)
}

/// A job has a process group of its own only where the shell controls jobs.
fn to_job(leader: Pid, signal: Option<Signal>) -> rustix::io::Result<()> {
    if getpgid(Some(leader))? == leader { to_group(leader, signal) } else { to_process(leader, signal) }
}

fn to_process(process: Pid, signal: Option<Signal>) -> rustix::io::Result<()> {
    signal.map_or_else(|| test_kill_process(process), |signal| kill_process(process, signal))
}

/// A group that is stopped would not end before it goes on.
fn to_group(group: Pid, signal: Option<Signal>) -> rustix::io::Result<()> {
    let Some(signal) = signal else { return test_kill_process_group(group) };
    kill_process_group(group, signal)?;
    if signal == Signal::TERM || signal == Signal::HUP {
        kill_process_group(group, Signal::CONT)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_named_in_each_of_the_usual_ways() {
        for words in [
            &["-9", "7"][..],
            &["-KILL", "7"],
            &["-s", "kill", "7"],
            &["-n", "9", "--", "7"],
            &["-SIGKILL", "7"],
        ] {
            assert_eq!(asked(words), Ok(Asked::Send(Some(Signal::KILL), &["7"])), "{words:?}");
        }
        assert_eq!(asked(&["7", "%1"]), Ok(Asked::Send(Some(Signal::TERM), &["7", "%1"])));
        assert_eq!(asked(&["--", "-7"]), Ok(Asked::Send(Some(Signal::TERM), &["-7"])));
        assert_eq!(asked(&["-0", "7"]), Ok(Asked::Send(None, &["7"])));
        assert!(asked(&["-NONSENSE", "7"]).is_err() && asked(&[]).is_err() && asked(&["-9"]).is_err());
    }

    #[test]
    fn names_and_numbers_are_told_of_each_other() {
        let text = |names: &[&str]| listed(names).into_iter().collect::<Result<Vec<_>, _>>();
        assert_eq!(text(&["9", "137", "INT"]).unwrap(), ["KILL", "KILL", "2"]);
        assert!(text(&[]).unwrap()[0].starts_with("HUP INT QUIT"));
        assert!(text(&["NONSENSE"]).is_err() && text(&["200"]).is_err());
    }
}
