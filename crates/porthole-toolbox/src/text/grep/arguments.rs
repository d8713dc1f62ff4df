//! The options of `grep`.

use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};

use crate::input;
use crate::trouble::Trouble;

/// Print the lines that match
///
/// The exit code is 0 where a line was selected, 1 where none was, 2 where something went wrong.
#[derive(Debug, Parser)]
#[command(
    name = "grep",
    disable_help_flag = true,
    override_usage = "grep [OPTIONS] PATTERN [FILE]…",
    after_help = "\
Examples:
  grep -rn --include '*.conf' listen /etc
  ps aux | grep -v grep | grep -c nginx
  grep -A 3 -i error /var/log/app.log"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of grep")]
pub(super) struct GrepArguments {
    /// Print this help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
    /// Extended expressions: ( ) { } | + ? are special without a backslash
    #[arg(short = 'E', long = "extended-regexp")]
    extended: bool,
    /// The pattern is text
    #[arg(short = 'F', long = "fixed-strings")]
    fixed: bool,
    /// Basic expressions, which is so anyway
    #[arg(short = 'G', long = "basic-regexp", hide = true)]
    basic: bool,
    /// Expressions of the Rust library `regex`, near to those of Perl
    #[arg(short = 'P', long = "perl-regexp")]
    perl: bool,
    /// A pattern; can be given more than once
    #[arg(short = 'e', long = "regexp", value_name = "PATTERN", allow_hyphen_values = true)]
    patterns: Vec<String>,
    /// Patterns from a file, one a line
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pattern_files: Vec<PathBuf>,
    /// Upper and lower case are the same
    #[arg(short = 'i', long, short_alias = 'y')]
    pub(super) ignore_case: bool,
    /// Print the lines that do not match
    #[arg(short = 'v', long)]
    pub(super) invert_match: bool,
    /// Match whole words
    #[arg(short = 'w', long = "word-regexp")]
    pub(super) words: bool,
    /// Match whole lines
    #[arg(short = 'x', long = "line-regexp")]
    pub(super) lines: bool,
    /// Print how many lines were selected
    #[arg(short = 'c', long)]
    pub(super) count: bool,
    /// Print the names of files with a line that was selected
    #[arg(short = 'l', long)]
    pub(super) files_with_matches: bool,
    /// Print the names of files without
    #[arg(short = 'L', long)]
    pub(super) files_without_match: bool,
    /// Stop after so many lines of a file
    #[arg(short = 'm', long, value_name = "N")]
    pub(super) max_count: Option<u64>,
    /// Print what matched, not the line
    #[arg(short = 'o', long)]
    pub(super) only_matching: bool,
    /// Print nothing
    #[arg(short = 'q', long, visible_alias = "silent")]
    pub(super) quiet: bool,
    /// Be silent about files that cannot be read
    #[arg(short = 's', long)]
    pub(super) no_messages: bool,
    /// Print the numbers of lines
    #[arg(short = 'n', long)]
    pub(super) line_number: bool,
    /// Print the names of files
    #[arg(short = 'H', long, overrides_with = "no_filename")]
    with_filename: bool,
    /// Do not print the names of files
    #[arg(short = 'h', long, overrides_with = "with_filename")]
    no_filename: bool,
    /// So many lines after
    #[arg(short = 'A', long, value_name = "N")]
    after_context: Option<usize>,
    /// So many lines before
    #[arg(short = 'B', long, value_name = "N")]
    before_context: Option<usize>,
    /// So many lines before and after
    #[arg(short = 'C', long, value_name = "N", default_value = "0")]
    context: usize,
    /// Take binary files for text
    #[arg(short = 'a', long)]
    pub(super) text: bool,
    /// Search directories
    #[arg(short = 'r', long)]
    recursive: bool,
    /// Search directories, and those that links lead to
    #[arg(short = 'R', long)]
    pub(super) dereference_recursive: bool,
    /// Of a directory only files of such names
    #[arg(long, value_name = "GLOB")]
    pub(super) include: Vec<String>,
    /// Of a directory no files of such names
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// Leave directories of such names out
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude_dir: Vec<String>,
    /// Colours
    #[arg(long, visible_alias = "colour", value_name = "WHEN", num_args = 0..=1, require_equals = true,
          default_value = "never", default_missing_value = "auto")]
    pub(super) color: When,
    #[arg(hide = true)]
    operands: Vec<PathBuf>,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    Always,
    Auto,
    Never,
}

/// How a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Basic,
    Extended,
    Fixed,
    Perl,
}

impl GrepArguments {
    /// How the patterns are written.
    pub(super) fn syntax(&self) -> Syntax {
        match (self.fixed, self.perl, self.extended) {
            (true, ..) => Syntax::Fixed,
            (_, true, _) => Syntax::Perl,
            (.., true) => Syntax::Extended,
            _ => Syntax::Basic,
        }
    }

    /// The patterns, one of which is to match. The first operand is one where no option gives any.
    pub(super) fn patterns(&self) -> Result<Vec<String>, Trouble> {
        let mut texts = self.patterns.clone();
        for file in &self.pattern_files {
            let content = String::from_utf8(input::read(file)?).map_err(Trouble::new)?;
            texts.extend(content.lines().map(ToOwned::to_owned));
        }
        if self.has_pattern_options() {
            return Ok(texts);
        }
        let first = self.operands.first().ok_or_else(|| Trouble::new("no pattern; see grep --help"))?;
        let pattern = first.to_str().ok_or_else(|| Trouble::new("the pattern is not UTF-8"))?;
        Ok(pattern.split('\n').map(ToOwned::to_owned).collect())
    }

    /// What is to be searched: this directory where nothing is named and directories are searched.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        let taken = usize::from(!self.has_pattern_options());
        let places = self.operands.get(taken..).unwrap_or_default();
        match (places, self.is_recursive()) {
            ([], true) => vec![".".into()],
            ([], false) => vec![input::STANDARD.into()],
            (places, _) => places.to_vec(),
        }
    }

    /// Whether directories are searched.
    pub(super) fn is_recursive(&self) -> bool {
        self.recursive || self.dereference_recursive
    }

    /// Whether lines begin with the name of their file.
    pub(super) fn names_files(&self) -> bool {
        self.with_filename || !self.no_filename && (self.is_recursive() || self.places().len() > 1)
    }

    /// How many lines before and after are printed too.
    pub(super) fn context(&self) -> (usize, usize) {
        (self.before_context.unwrap_or(self.context), self.after_context.unwrap_or(self.context))
    }

    fn has_pattern_options(&self) -> bool {
        !self.patterns.is_empty() || !self.pattern_files.is_empty()
    }
}
