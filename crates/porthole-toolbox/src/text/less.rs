//! `less`, on minus.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Parser;
use minus::{LineNumbers, Pager};

use crate::printable::visible;
use crate::trouble::{Trouble, exit};
use crate::{arguments, input};

/// Page through text, forth and back
///
/// Space and b turn pages, arrows and the mouse wheel scroll, /, ? and n search, g and G go to the ends, q quits. Where
/// standard output is no terminal the text is copied as it is.
#[derive(Debug, Parser)]
#[command(name = "less")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of less")]
struct LessArguments {
    /// Quit at once where the text fits on one screen
    #[arg(short = 'F')]
    quit_if_one_screen: bool,
    /// Number the lines
    #[arg(short = 'N')]
    numbers: bool,
    /// Pass control characters on to the terminal
    #[arg(short = 'R', short_alias = 'r')]
    raw: bool,
    /// Do not wrap long lines
    #[arg(short = 'S')]
    chop: bool,
    /// The files; - is standard input
    files: Vec<PathBuf>,
}

/// `less`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &LessArguments| exit("less", page(arguments), 1))
}

fn page(arguments: &LessArguments) -> Result<i32, Trouble> {
    if arguments.files.is_empty() && io::stdin().is_terminal() {
        return Err(Trouble::new("no file; name one, or pipe something into it"));
    }
    let files = input::or_standard(&arguments.files);
    if !io::stdout().is_terminal() {
        for file in &files {
            io::copy(&mut input::open(file)?, &mut io::stdout().lock())?;
        }
        return Ok(0);
    }
    let mut content = Vec::new();
    for file in &files {
        content.extend(input::read(file)?);
    }
    let text = String::from_utf8_lossy(&content);
    let shown = if arguments.raw { text.into_owned() } else { visible(&text) };
    let names: Vec<_> = files.iter().map(|file| visible(&file.display().to_string())).collect();
    minus::page_all(pager(arguments, &shown, &names.join(" ")).map_err(Trouble::new)?)
        .map_err(Trouble::new)?;
    io::stdout().flush()?;
    Ok(0)
}

fn pager(arguments: &LessArguments, text: &str, name: &str) -> Result<Pager, minus::MinusError> {
    let pager = Pager::new();
    pager.push_str(text)?;
    pager.set_prompt(if name == input::STANDARD { "(standard input)" } else { name })?;
    pager.set_run_no_overflow(!arguments.quit_if_one_screen)?;
    pager.horizontal_scroll(arguments.chop)?;
    pager.set_line_numbers(if arguments.numbers { LineNumbers::Enabled } else { LineNumbers::Disabled })?;
    Ok(pager)
}
