//! `top`: the processes that work most, again and again.

mod frame;
mod screen;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::thread;
use std::time::Duration;

use clap::Parser;

use crate::arguments;
use crate::trouble::{Trouble, exit};
use frame::{Frame, Order};
use screen::{Key, Screen};

/// The processes that work most
///
/// Keys: q quits, P sorts by processor, M by memory, T by time, N by number, space looks again.
#[derive(Debug, Parser)]
#[command(
    name = "top",
    after_help = "\
Examples:
  top
  top -b -n 1 | head -20"
)]
struct TopArguments {
    /// Lines for a file or a pipe, not a screen
    #[arg(short)]
    batch: bool,
    /// Look so many times
    #[arg(short = 'n', value_name = "N")]
    iterations: Option<u64>,
    /// Seconds between two looks
    #[arg(short, value_name = "SECONDS", default_value = "3")]
    delay: f64,
    /// These processes alone
    #[arg(short, value_name = "PID", value_delimiter = ',')]
    pids: Vec<i32>,
    /// By cpu, mem, time or pid
    #[arg(short = 'o', value_name = "ORDER", default_value = "cpu")]
    order: Order,
}

/// `top`.
pub(super) fn run(words: Vec<OsString>) -> i32 {
    arguments::with(words, |arguments: &TopArguments| exit("top", watch(arguments), 1))
}

fn watch(arguments: &TopArguments) -> Result<i32, Trouble> {
    let delay = Duration::try_from_secs_f64(arguments.delay).map_err(Trouble::new)?;
    let is_live = io::stdin().is_terminal() && io::stdout().is_terminal();
    if arguments.batch || !is_live {
        let once = (!arguments.batch).then_some(1);
        return print(arguments, delay, arguments.iterations.or(once));
    }
    show(arguments, delay)
}

/// Frames below each other.
fn print(arguments: &TopArguments, delay: Duration, times: Option<u64>) -> Result<i32, Trouble> {
    let mut frame = Frame::first()?;
    let mut done = 0;
    loop {
        let mut out = io::stdout().lock();
        for line in frame.lines(arguments.order, &arguments.pids) {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
        drop(out);
        done += 1;
        if times.is_some_and(|times| done >= times) {
            return Ok(0);
        }
        println(b"\n")?;
        thread::sleep(delay);
        frame = frame.next()?;
    }
}

fn println(bytes: &[u8]) -> Result<(), Trouble> {
    Ok(io::stdout().lock().write_all(bytes)?)
}

/// Frames in one place, and keys.
fn show(arguments: &TopArguments, delay: Duration) -> Result<i32, Trouble> {
    let _taken = Screen::take(delay)?;
    let mut order = arguments.order;
    let mut frame = Frame::first()?;
    let mut done = 0;
    loop {
        Screen::draw(&frame.lines(order, &arguments.pids))?;
        done += 1;
        if arguments.iterations.is_some_and(|times| done > times) {
            return Ok(0);
        }
        match Screen::key()? {
            Some(Key::Quit) => return Ok(0),
            Some(Key::Sort(by)) => order = by,
            Some(Key::Other) | None => frame = frame.next()?,
        }
    }
}
