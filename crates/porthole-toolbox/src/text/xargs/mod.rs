//! `xargs`: a command with arguments from standard input, byte for byte. That of uutils makes text of them.

mod items;
mod runs;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::arguments;
use crate::input;
use crate::trouble::{Trouble, exit};
use items::Separator;
use runs::Runs;

/// The arguments could not be read, or a command is too long.
const WRONG: i32 = 1;

/// Run a command with arguments from standard input
///
/// The exit code is 123 where a command failed, 124 where one exited with 255, 125 where one was killed, 126 and 127 where
/// it could not be run.
#[derive(Debug, Parser)]
#[command(
    name = "xargs",
    after_help = "\
Examples:
  find /var/log -name '*.gz' -print0 | xargs -0 rm
  cat hosts | xargs -I HOST -P 4 ping -c 1 HOST"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of xargs")]
struct XargsArguments {
    /// Arguments end with a NUL, and nothing else in them is special
    #[arg(short = '0', long)]
    null: bool,
    /// Arguments end with this character, and nothing else in them is special
    #[arg(short, long, value_name = "CHARACTER", conflicts_with = "null")]
    delimiter: Option<String>,
    /// At most so many arguments for a command
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_args: Option<u32>,
    /// At most so many lines of input for a command
    #[arg(short = 'L', long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["max_args", "replace"])]
    max_lines: Option<u32>,
    /// A command for each line, which takes the place of this text in it
    #[arg(short = 'I', long, value_name = "TEXT", conflicts_with = "max_args")]
    replace: Option<OsString>,
    /// At most so many commands at the same time; 0 for all
    #[arg(short = 'P', long, value_name = "N", default_value = "1")]
    max_procs: usize,
    /// At most so many bytes for a command
    #[arg(short = 's', long, value_name = "N", default_value_t = 128 * 1024)]
    max_chars: usize,
    /// Without arguments, run no command
    #[arg(short = 'r', long)]
    no_run_if_empty: bool,
    /// Print each command before it runs
    #[arg(short = 't', long)]
    verbose: bool,
    /// End where a command would be too long, which is so anyway
    #[arg(short = 'x', long, hide = true)]
    exit: bool,
    /// Read the arguments from this file
    #[arg(short = 'a', long, value_name = "FILE")]
    arg_file: Option<PathBuf>,
    /// The command; echo without one
    #[arg(trailing_var_arg = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// `xargs`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &XargsArguments| exit("xargs", all(arguments), WRONG))
}

fn all(arguments: &XargsArguments) -> Result<i32, Trouble> {
    let file = arguments.arg_file.clone().unwrap_or_else(|| input::STANDARD.into());
    let lines = items::lines(&input::read(&file)?, arguments.separator()?)?;
    let mut runs = Runs::new(arguments);
    for command in arguments.commands(lines)? {
        if !runs.begin(&command)? {
            break;
        }
    }
    runs.end()
}

impl XargsArguments {
    fn separator(&self) -> Result<Separator, Trouble> {
        let byte = match self.delimiter.as_deref() {
            None if self.null => 0,
            None if self.replace.is_some() => return Ok(Separator::Lines),
            None => return Ok(Separator::Words),
            Some("\\n") => b'\n',
            Some("\\t") => b'\t',
            Some("\\0") => 0,
            Some(text) => match text.as_bytes() {
                [byte] => *byte,
                _ => return Err(Trouble::new(format!("-d takes one character, and '{text}' is none"))),
            },
        };
        Ok(Separator::Byte(byte))
    }

    fn own_words(&self) -> Vec<OsString> {
        if self.command.is_empty() { vec!["echo".into()] } else { self.command.clone() }
    }

    /// The commands to run, each with its words.
    fn commands(&self, lines: Vec<Vec<OsString>>) -> Result<Vec<Vec<OsString>>, Trouble> {
        let own = self.own_words();
        if let Some(mark) = &self.replace {
            return Ok(lines.iter().flatten().map(|item| items::replaced(&own, mark, item)).collect());
        }
        let groups = match self.max_lines {
            Some(count) => grouped(lines, usize::try_from(count).unwrap_or(usize::MAX)),
            None => self.fitting(&own, lines.into_iter().flatten().collect())?,
        };
        let is_idle = groups.is_empty() && !self.no_run_if_empty;
        let groups = if is_idle { vec![Vec::new()] } else { groups };
        Ok(groups.into_iter().map(|group| [own.clone(), group].concat()).collect())
    }

    /// As many arguments for each command as it takes.
    fn fitting(&self, own: &[OsString], items: Vec<OsString>) -> Result<Vec<Vec<OsString>>, Trouble> {
        let most = self.max_args.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
        let size = |word: &OsString| word.len() + 1;
        let begin: usize = own.iter().map(size).sum();
        let (mut groups, mut group, mut length) = (Vec::new(), Vec::new(), begin);
        for item in items {
            if begin + size(&item) > self.max_chars {
                return Err(Trouble::new("an argument is too long for a command"));
            }
            if group.len() == most || length + size(&item) > self.max_chars {
                groups.push(std::mem::take(&mut group));
                length = begin;
            }
            length += size(&item);
            group.push(item);
        }
        groups.extend((!group.is_empty()).then_some(group));
        Ok(groups)
    }
}

fn grouped(lines: Vec<Vec<OsString>>, count: usize) -> Vec<Vec<OsString>> {
    let lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
    lines.chunks(count).map(<[_]>::concat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(words: &[&str], input: &[u8]) -> Vec<String> {
        let words = [&["xargs"], words].concat();
        let arguments = XargsArguments::try_parse_from(words).unwrap();
        let lines = items::lines(input, arguments.separator().unwrap()).unwrap();
        let commands = arguments.commands(lines).unwrap();
        commands.into_iter().map(|words| words.join("|".as_ref()).into_string().unwrap()).collect()
    }

    #[test]
    fn arguments_are_dealt_out_to_commands() {
        assert_eq!(commands(&[], b"a b\nc\n"), ["echo|a|b|c"]);
        assert_eq!(commands(&["-n", "2", "p", "-x"], b"a b\nc\n"), ["p|-x|a|b", "p|-x|c"]);
        assert_eq!(commands(&["-L1", "p"], b"a b\n\nc\n"), ["p|a|b", "p|c"]);
        assert_eq!(commands(&["-I{}", "p", "<{}>", "{}{}"], b" a b\nc\n"), ["p|<a b>|a ba b", "p|<c>|cc"]);
        assert_eq!(commands(&["-0", "p"], b"a b\0\"c\0"), ["p|a b|\"c"]);
        assert_eq!(commands(&["-d,", "p"], b"a b,c"), ["p|a b|c"]);
        assert_eq!(commands(&["p"], b""), ["p"]);
        assert!(commands(&["-r", "p"], b"").is_empty());
        assert_eq!(commands(&["-s8", "p"], b"ab cd ef"), ["p|ab|cd", "p|ef"]);
    }
}
