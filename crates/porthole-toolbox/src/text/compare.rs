//! `cmp` and `diff`, of uutils' diffutils.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Parser;
use diffutilslib::cmp::Cmp;
use diffutilslib::params::{Format, Params};

use super::trees::{self, TreeOptions};
use crate::input;
use crate::trouble::{Trouble, exit};

/// Two files are the same.
pub(super) const SAME: i32 = 0;
/// They are not.
pub(super) const DIFFERENT: i32 = 1;
/// They could not be compared.
pub(super) const UNKNOWN: i32 = 2;

/// Compare two files line by line, or the files of two directories
///
/// The exit code is 0 where they are the same, 1 where they differ, 2 where they cannot be read.
#[derive(Debug, Parser)]
#[command(name = "diff", override_usage = "diff [OPTIONS] FROM TO", allow_hyphen_values = true)]
struct DiffHelp {
    /// -u, -U N: unified; -c, -C N: with context; -e: as a script of ed; -y: side by side, -W N wide;
    /// -r: go into directories; -N: what is on one side alone is compared with nothing;
    /// -q: only whether they differ; -s: also say that they are the same; -t: tabs as spaces
    #[arg(value_name = "WORD")]
    _words: Vec<OsString>,
}

/// Compare two files byte by byte
///
/// The exit code is 0 where they are the same, 1 where they differ, 2 where they cannot be read.
#[derive(Debug, Parser)]
#[command(name = "cmp", override_usage = "cmp [OPTIONS] FROM [TO [SKIP [SKIP]]]")]
struct CmpHelp {
    /// -b: print bytes that differ; -l: print all of them; -i N: skip N bytes; -n N: compare at most N bytes;
    /// -s: say nothing
    #[arg(value_name = "WORD")]
    _words: Vec<OsString>,
}

/// `cmp`.
pub(super) fn cmp(words: Vec<OsString>) -> i32 {
    help::<CmpHelp>(&words).unwrap_or_else(|| exit("cmp", compare_bytes(words), UNKNOWN))
}

/// `diff`.
pub(super) fn diff(words: Vec<OsString>) -> i32 {
    help::<DiffHelp>(&words).unwrap_or_else(|| exit("diff", compare_lines(words), UNKNOWN))
}

/// diffutils' own help names its own program.
fn help<Help: Parser>(words: &[OsString]) -> Option<i32> {
    let asked = words.iter().skip(1).any(|word| word == "--help");
    asked.then(|| Help::try_parse_from([&words[0], &OsString::from("--help")]).err())?.map(|error| {
        // Where standard output is closed nobody reads it.
        let _unread = error.print();
        error.exit_code()
    })
}

fn compare_bytes(words: Vec<OsString>) -> Result<i32, Trouble> {
    let parameters = diffutilslib::cmp::parse_params(words.into_iter().peekable())
        .map_err(|text| unnamed("cmp", &text))?;
    let compared = diffutilslib::cmp::cmp(&parameters).map_err(|text| unnamed("cmp", &text))?;
    Ok(match compared {
        Cmp::Equal => SAME,
        Cmp::Different => DIFFERENT,
    })
}

fn compare_lines(words: Vec<OsString>) -> Result<i32, Trouble> {
    let (trees, words) = TreeOptions::take(words);
    let parameters = diffutilslib::params::parse_params(words.into_iter().peekable())
        .map_err(|text| unnamed("diff", &text))?;
    if [&parameters.from, &parameters.to].iter().all(|path| Path::new(path).is_dir()) {
        return trees::compare(&parameters, &trees);
    }
    let from = input::read(Path::new(&parameters.from))?;
    let to = input::read(Path::new(&parameters.to))?;
    contents(&from, &to, &parameters)
}

/// Compares two contents, and says how they differ.
pub(super) fn contents(from: &[u8], to: &[u8], parameters: &Params) -> Result<i32, Trouble> {
    let mut out = io::stdout().lock();
    let (first, second) = (parameters.from.display(), parameters.to.display());
    if from == to {
        if parameters.report_identical_files {
            writeln!(out, "Files {first} and {second} are identical")?;
        }
        return Ok(SAME);
    }
    if parameters.brief {
        writeln!(out, "Files {first} and {second} differ")?;
    } else {
        out.write_all(&difference(from, to, parameters)?)?;
    }
    Ok(DIFFERENT)
}

fn difference(from: &[u8], to: &[u8], parameters: &Params) -> Result<Vec<u8>, Trouble> {
    Ok(match parameters.format {
        Format::Normal => diffutilslib::normal_diff(from, to, parameters),
        Format::Unified => diffutilslib::unified_diff(from, to, parameters),
        Format::Context => diffutilslib::context_diff(from, to, parameters),
        Format::Ed => diffutilslib::ed_diff(from, to, parameters).map_err(Trouble::new)?,
        Format::SideBySide => {
            let mut columns = Vec::new();
            diffutilslib::side_by_side_diff(from, to, &mut columns, parameters);
            columns
        }
    })
}

/// diffutils puts the program's name before some of what it says.
fn unnamed(tool: &str, text: &str) -> Trouble {
    Trouble::new(text.strip_prefix(&format!("{tool}: ")).unwrap_or(text))
}
