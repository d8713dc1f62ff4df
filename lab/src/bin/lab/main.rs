//! `lab`: private Docker and Podman hosts by hand, from the command line.

mod args;
mod demo;
mod owner;
mod print;
mod signals;

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use clap::Parser;
use porthole_lab::{Attached, Engine, LabError, collect_garbage, fetch_all, list};

use crate::args::{Args, Verb};

fn main() -> ExitCode {
    run(Args::parse().verb).unwrap_or_else(|error| {
        print::problem(&error.to_string());
        ExitCode::FAILURE
    })
}

fn run(verb: Verb) -> Result<ExitCode, LabError> {
    match verb {
        Verb::Up { name, host } => owner::up(&name, &host),
        Verb::Own { name, host } => owner::own(&name, &host),
        Verb::Down { name } => owner::down(&name),
        Verb::Exec { name, command } => {
            enter(&command, |program| Ok(Attached::find(&name)?.command(program)))
        }
        Verb::Outside { name, command } => {
            enter(&command, |program| Ok(Attached::find(&name)?.outside_command(program)))
        }
        Verb::Docker { name, arguments } => {
            let words: Vec<String> = std::iter::once("docker".to_owned()).chain(arguments).collect();
            enter(&words, |program| Ok(Attached::find(&name)?.command(program)))
        }
        Verb::Ls => Ok(show()),
        Verb::Gc => clean(),
        Verb::Fetch { engines } => fetch(&engines),
        Verb::Demo { host, hold: _, command } => demo::demo(&host, &command),
    }
}

/// Becomes the command: terminal, signals and exit code are its own.
fn enter(
    words: &[String],
    command: impl FnOnce(&str) -> Result<Command, LabError>,
) -> Result<ExitCode, LabError> {
    let Some((program, arguments)) = words.split_first() else { return Ok(ExitCode::SUCCESS) };
    let source = command(program)?.args(arguments).exec();
    Err(LabError::Io { attempt: format!("run {program}"), source })
}

fn show() -> ExitCode {
    for lab in list() {
        let engine = lab.engine.map_or("-", Engine::name);
        let state = if lab.is_up { "up" } else { "down" };
        let owner = lab.owner.map_or_else(|| "none".to_owned(), |pid| pid.to_string());
        print::line(&format!("{:<24} {engine:<9} {state:<5} owner {owner}", lab.name));
    }
    ExitCode::SUCCESS
}

fn clean() -> Result<ExitCode, LabError> {
    for name in collect_garbage()? {
        print::line(&format!("removed {name}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn fetch(engines: &[Engine]) -> Result<ExitCode, LabError> {
    let engines = if engines.is_empty() { &Engine::ALL[..] } else { engines };
    fetch_all(engines, &mut print::progress)?;
    Ok(ExitCode::SUCCESS)
}
