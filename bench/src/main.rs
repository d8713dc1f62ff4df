//! `porthole-bench`: measures porthole beside the tools it replaces, on one private engine, in alternating rounds.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tables and progress are what this program is for"
)]

mod answers;
mod args;
mod debug;
mod doctor;
mod error;
mod figures;
mod firewall;
mod host;
mod machine;
mod ports;
mod race;
mod readme;
mod sample;
mod sockets;
mod start_up;
mod tap;
mod topology;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Verb};
use crate::error::BenchError;
use crate::host::Host;
use crate::race::{Figures, Scenario};

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match &args.verb {
        Some(Verb::Measure { row, command }) => sample::measure(row, command).map(|json| println!("{json}")),
        Some(Verb::Prompt { command }) => debug::prompt::measure(command).map(|json| println!("{json}")),
        Some(Verb::Beside { target, image }) => debug::beside::run(target, image),
        Some(Verb::Relay { socket, engine }) => tap::relay::run(socket, engine),
        Some(Verb::Rules { wording }) => firewall::list(*wording),
        Some(Verb::Firewall { rules }) => firewall::bench(&args, *rules),
        Some(Verb::Ports { rules }) => ports::bench(&args, *rules),
        Some(Verb::Doctor { containers, rules }) => doctor::bench(&args, *containers, *rules),
        Some(Verb::Tap(tap)) => tap::bench(&args, tap),
        Some(Verb::Debug(debug)) => debug::bench(&args, debug),
        None => bench(&args),
    };
    outcome.map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn bench(args: &Args) -> Result<(), BenchError> {
    eprintln!("starting a private engine");
    let host = Host::start(args)?;
    let load = machine::load()?;
    let mut tables = Vec::new();
    host.fill(host::CONTAINERS)?;
    tables.push(race(&host, &topology::scenario(&host)?, args.rounds)?);
    tables.push(race(&host, &doctor::scenario(&host, host::CONTAINERS)?, args.rounds)?);
    tables.push(race(&host, &start_up::scenario(&host)?, args.rounds)?);
    for count in [5_000, 50_000] {
        let scenario = sockets::scenario(&host, count)?;
        tables.push(race(&host, &scenario, args.rounds)?);
        sockets::remove(&host, count)?;
    }
    let figures = format!("{}\n{}", machine::describe(&host, args.rounds, &load)?, tables.join("\n"));
    host.end()?;
    if args.write { readme::write("README.md", &figures) } else { Ok(()) }
}

fn race(host: &Host, scenario: &Scenario, rounds: usize) -> Result<String, BenchError> {
    figures_of(host, scenario, rounds).map(|(table, _)| table)
}

/// The table, which is printed too, and what stands in it.
fn figures_of(host: &Host, scenario: &Scenario, rounds: usize) -> Result<(String, Vec<Figures>), BenchError> {
    let results = race::run(host, scenario, rounds, &mut |line| eprintln!("{line}"))?;
    let table = figures::table(scenario, &results);
    println!("{table}");
    Ok((table, results))
}
