//! What can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measure porthole beside the tools it replaces, on a private engine. Needs root.
#[derive(Debug, Parser)]
#[command(name = "porthole-bench")]
pub(crate) struct Args {
    /// How often every command is measured
    #[arg(long, value_name = "N", default_value = "7", value_parser = at_least_one)]
    pub(crate) rounds: usize,
    /// The porthole to measure; without it, the one beside this program
    #[arg(long, value_name = "FILE")]
    pub(crate) porthole: Option<PathBuf>,
    /// Put the figures into bench/README.md
    #[arg(long)]
    pub(crate) write: bool,
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Runs one command on the lab host and says what it took; this program starts itself there.
    #[command(hide = true)]
    Measure {
        /// What a line of the answer holds when it counts
        #[arg(long)]
        row: String,
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("one round is the least".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("this is not a number".to_owned()),
    }
}
