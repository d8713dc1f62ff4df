//! The options of the shell, and where its commands come from.

use std::io::{IsTerminal, stderr, stdin};
use std::path::PathBuf;

use brush_core::{ProfileLoadBehavior, RcLoadBehavior};
use clap::Parser;

use crate::trouble::Trouble;

/// A shell in the manner of bash
///
/// It reads no profile, no rc file and no history of the place it runs in, unless an option names one.
#[derive(Debug, Parser)]
#[command(
    name = "sh",
    override_usage = "sh [OPTIONS] [SCRIPT [ARGUMENT]…]\n       sh [OPTIONS] -c COMMANDS [NAME [ARGUMENT]…]",
    after_help = "\
Variables:
  PORTHOLE_TARGET    stands in the prompt
  PORTHOLE_HISTORY   a file that keeps the history"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the shell")]
pub(crate) struct ShellOptions {
    /// Run the commands in the first argument
    #[arg(short = 'c')]
    from_words: bool,
    /// Read commands from standard input, and take the arguments as $1, $2, …
    #[arg(short = 's')]
    from_standard_input: bool,
    /// Be interactive
    #[arg(short = 'i')]
    interactive: bool,
    /// Be a login shell: read /etc/profile and ~/.profile
    #[arg(short, long)]
    pub(crate) login: bool,
    /// Read this file before the first prompt
    #[arg(long, value_name = "FILE")]
    rcfile: Option<PathBuf>,
    /// Read no rc file, which is so anyway
    #[arg(long, hide = true)]
    norc: bool,
    /// Read no profile
    #[arg(long)]
    noprofile: bool,
    /// Exit when a command fails
    #[arg(short = 'e')]
    pub(crate) exit_on_failure: bool,
    /// Do not expand the names of files
    #[arg(short = 'f')]
    pub(crate) no_globs: bool,
    /// Read commands and do not run them
    #[arg(short = 'n')]
    pub(crate) no_execution: bool,
    /// Take a variable that is not set for an error
    #[arg(short = 'u')]
    pub(crate) unset_is_error: bool,
    /// Print lines as they are read
    #[arg(short = 'v')]
    pub(crate) verbose: bool,
    /// Print commands as they are run
    #[arg(short = 'x')]
    pub(crate) trace: bool,
    /// Do not overwrite files by >
    #[arg(short = 'C')]
    pub(crate) no_clobber: bool,
    /// Turn on an option of set -o
    #[arg(short = 'o', value_name = "OPTION")]
    pub(crate) enabled: Vec<String>,
    /// Turn on an option of shopt
    #[arg(short = 'O', value_name = "OPTION")]
    pub(crate) shopt: Vec<String>,
    #[arg(trailing_var_arg = true, hide = true)]
    operands: Vec<String>,
}

/// Where the commands come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Commands {
    /// A word of the command line, with what is `$0` and `$1`… to it.
    Words { text: String, name: Option<String>, arguments: Vec<String> },
    /// A file.
    Script { path: String, arguments: Vec<String> },
    /// Standard input, a terminal or not.
    StandardInput { arguments: Vec<String> },
}

impl ShellOptions {
    /// Where the commands come from.
    pub(crate) fn commands(&self) -> Result<Commands, Trouble> {
        let mut operands = self.operands.iter().cloned();
        if self.from_words {
            let text = operands.next().ok_or_else(|| Trouble::new("-c needs commands"))?;
            return Ok(Commands::Words { text, name: operands.next(), arguments: operands.collect() });
        }
        if self.from_standard_input {
            return Ok(Commands::StandardInput { arguments: operands.collect() });
        }
        Ok(match operands.next() {
            Some(path) => Commands::Script { path, arguments: operands.collect() },
            None => Commands::StandardInput { arguments: Vec::new() },
        })
    }

    /// Whether there is somebody to talk to.
    pub(crate) fn is_interactive(&self, commands: &Commands) -> bool {
        let reads = matches!(commands, Commands::StandardInput { .. });
        self.interactive || reads && stdin().is_terminal() && stderr().is_terminal()
    }

    /// The profiles to read: none, unless it is asked for.
    pub(crate) fn profile(&self) -> ProfileLoadBehavior {
        if self.login && !self.noprofile {
            ProfileLoadBehavior::LoadDefault
        } else {
            ProfileLoadBehavior::Skip
        }
    }

    /// The rc file to read: none, unless it is named.
    pub(crate) fn rc(&self) -> RcLoadBehavior {
        self.rcfile.clone().map_or(RcLoadBehavior::Skip, RcLoadBehavior::LoadCustom)
    }
}

impl Commands {
    /// `$0`.
    pub(crate) fn shell_name(&self) -> String {
        match self {
            Self::Words { name: Some(name), .. } | Self::Script { path: name, .. } => name.clone(),
            _ => "sh".to_owned(),
        }
    }

    /// `$1` and so on; a script gets its own when it is run.
    pub(crate) fn positional(&self) -> Vec<String> {
        match self {
            Self::Words { arguments, .. } | Self::StandardInput { arguments } => arguments.clone(),
            Self::Script { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(words: &[&str]) -> Commands {
        ShellOptions::try_parse_from(words).unwrap().commands().unwrap()
    }

    #[test]
    fn options_end_where_the_commands_are() {
        let words = |text: &str, name: Option<&str>, arguments: &[&str]| Commands::Words {
            text: text.to_owned(),
            name: name.map(ToOwned::to_owned),
            arguments: arguments.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(commands(&["sh", "-c", "echo"]), words("echo", None, &[]));
        assert_eq!(
            commands(&["sh", "-ec", "echo", "n", "-x", "--"]),
            words("echo", Some("n"), &["-x", "--"])
        );
        assert_eq!(commands(&["sh", "-c", "--", "-x"]), words("-x", None, &[]));
        assert_eq!(
            commands(&["sh", "file", "-c"]),
            Commands::Script { path: "file".to_owned(), arguments: vec!["-c".to_owned()] }
        );
        assert_eq!(commands(&["-sh"]), Commands::StandardInput { arguments: Vec::new() });
    }
}
