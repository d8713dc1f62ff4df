//! `cargo xtask`: what the project does for itself and plain cargo cannot.

mod check_pages;
mod cli_page;
mod docs;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What the project does for itself.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Write docs/cli.md, docs/checks and docs/schema anew from the code
    Docs {
        /// Write nothing; fail where a file is stale
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let Task::Docs { check } = Args::parse().task;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = if check { docs::check(root, &docs::pages()) } else { docs::write(root, &docs::pages()) };
    match outcome {
        Ok(changed) => say(&mut io::stdout(), &changed.join("\n"), ExitCode::SUCCESS),
        Err(error) => say(&mut io::stderr(), &format!("error: {error}"), ExitCode::FAILURE),
    }
}

fn say(to: &mut impl Write, text: &str, code: ExitCode) -> ExitCode {
    let written = if text.is_empty() { Ok(()) } else { writeln!(to, "{text}") };
    if written.is_ok() { code } else { ExitCode::FAILURE }
}
