//! `jq`, on jaq.

use std::ffi::OsString;
use std::io::{self, BufReader, IsTerminal, Read, Write};
use std::path::PathBuf;

use clap::Parser;
use jaq_all::data::{self, Runner};
use jaq_all::fmts::Format;
use jaq_all::fmts::read;
use jaq_all::fmts::write::{Writer, write};
use jaq_all::jaq_core::{Vars, unwrap_valr};
use jaq_all::json::Val;
use jaq_all::json::write::{Pp, Styles};
use jaq_all::load::FileReportsDisp;

use crate::trouble::{Trouble, exit, say};
use crate::{arguments, input};

/// The last output was false or null, or there was none.
const NOTHING: i32 = 1;
/// What was typed or read is wrong.
const WRONG: i32 = 2;
/// The filter is wrong.
const NO_FILTER: i32 = 3;
/// There was no output.
const NO_OUTPUT: i32 = 4;
/// The filter failed on a value.
const FAILED: i32 = 5;

/// Take JSON apart and put it together
#[derive(Debug, Parser)]
#[command(
    name = "jq",
    after_help = "\
Examples:
  jq .name file.json
  curl -s unix | jq -r '.[] | select(.State == \"running\") | .Id'
  jq -n --arg name web '{name: $name}'"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of jq")]
struct JsonArguments {
    /// Print each value on one line
    #[arg(short, long)]
    compact_output: bool,
    /// Print strings as they are
    #[arg(short, long)]
    raw_output: bool,
    /// Print no newline after a value, and strings as they are
    #[arg(short, long)]
    join_output: bool,
    /// Take null for the input
    #[arg(short, long)]
    null_input: bool,
    /// Take all values of the input for one array
    #[arg(short, long)]
    slurp: bool,
    /// Take each line of the input for a string
    #[arg(short = 'R', long)]
    raw_input: bool,
    /// Sort the keys of objects
    #[arg(short = 'S', long)]
    sort_keys: bool,
    /// Exit with 1 where the last value is false or null, with 4 where there is none
    #[arg(short, long)]
    exit_status: bool,
    /// Indent by so many spaces
    #[arg(long, default_value = "2", value_name = "N")]
    indent: usize,
    /// Colours, also where it is no terminal
    #[arg(short = 'C', long)]
    color_output: bool,
    /// No colours
    #[arg(short = 'M', long)]
    monochrome_output: bool,
    /// Set $NAME to a string
    #[arg(long = "arg", num_args = 2, value_names = ["NAME", "TEXT"])]
    texts: Vec<String>,
    /// Set $NAME to a value of JSON
    #[arg(long = "argjson", num_args = 2, value_names = ["NAME", "JSON"])]
    values: Vec<String>,
    /// The filter
    filter: String,
    /// The files; none is standard input
    files: Vec<PathBuf>,
}

/// `jq`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &JsonArguments| exit("jq", filter(arguments), WRONG))
}

fn filter(arguments: &JsonArguments) -> Result<i32, Trouble> {
    let (names, values) = variables(arguments)?;
    let compiled = jaq_all::compile_with(&arguments.filter, jaq_all::defs(), data::funs(), &names);
    let filter = match compiled {
        Ok(filter) => filter,
        Err(reports) => {
            for report in &reports {
                say("jq", FileReportsDisp::new(report));
            }
            return Ok(NO_FILTER);
        }
    };
    let runner = Runner { null_input: arguments.null_input, color_err: false, writer: writer(arguments) };
    let ended = run_filter(arguments, &runner, &filter, Vars::new(values));
    Ok(match ended {
        Err(Failure::Output(trouble)) => return Err(trouble),
        Err(Failure::Input(why)) => return Err(Trouble::new(why)),
        Err(Failure::Filter(why)) => {
            say("jq", format!("error: {why}"));
            FAILED
        }
        Ok(_) if !arguments.exit_status => 0,
        Ok(Some(true)) => 0,
        Ok(Some(false)) => NOTHING,
        Ok(None) => NO_OUTPUT,
    })
}

/// Why a run of the filter ended.
enum Failure {
    Input(String),
    Filter(String),
    Output(Trouble),
}

/// Whether the last value is other than false and null, where there is one.
fn run_filter(
    arguments: &JsonArguments,
    runner: &Runner,
    filter: &data::Filter,
    variables: Vars<Val>,
) -> Result<Option<bool>, Failure> {
    let files = input::or_standard(&arguments.files);
    let format = if arguments.raw_input { Format::Raw } else { Format::Json };
    let source = joined(&files).map_err(Failure::Output)?;
    let inputs = read::read(format, source, "", arguments.slurp);
    let name = Val::from(files[0].display().to_string());
    let mut out = io::stdout().lock();
    let mut last = None;
    data::run(runner, filter, variables, (&name, inputs), Failure::Input, |value| {
        let value = unwrap_valr(value).map_err(|error| Failure::Filter(error.to_string()))?;
        last = Some(!matches!(value, Val::Null | Val::Bool(false)));
        write(&mut out, &runner.writer, &value).map_err(|error| Failure::Output(error.into()))
    })?;
    out.flush().map_err(|error| Failure::Output(error.into()))?;
    Ok(last)
}

/// All files as one stream, as jq reads them.
fn joined(files: &[PathBuf]) -> Result<BufReader<Box<dyn Read>>, Trouble> {
    let mut all: Box<dyn Read> = Box::new(io::empty());
    for file in files {
        all = Box::new(all.chain(input::open(file)?));
    }
    Ok(BufReader::new(all))
}

fn variables(arguments: &JsonArguments) -> Result<(Vec<String>, Vec<Val>), Trouble> {
    let mut names = Vec::new();
    let mut values = Vec::new();
    for pair in arguments.texts.chunks_exact(2) {
        names.push(pair[0].clone());
        values.push(Val::from(pair[1].clone()));
    }
    for pair in arguments.values.chunks_exact(2) {
        names.push(pair[0].clone());
        let value = jaq_all::json::read::parse_single(pair[1].as_bytes());
        values.push(value.map_err(|error| Trouble::new(format!("--argjson {}: {error}", pair[0])))?);
    }
    Ok((names, values))
}

fn writer(arguments: &JsonArguments) -> Writer {
    let colored = !arguments.monochrome_output && (arguments.color_output || io::stdout().is_terminal());
    let raw = arguments.raw_output || arguments.join_output;
    Writer {
        format: if raw { Format::Raw } else { Format::Json },
        join: arguments.join_output,
        pp: Pp {
            indent: (!arguments.compact_output).then(|| " ".repeat(arguments.indent)),
            sort_keys: arguments.sort_keys,
            styles: if colored { Styles::ansi() } else { Styles::default() },
            sep_space: !arguments.compact_output,
        },
    }
}
