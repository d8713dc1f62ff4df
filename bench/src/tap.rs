//! `porthole tap` beside what else stands between a client and the engine.

mod bulk;
mod contender;
mod http;
mod intact;
mod load;
mod mock;
mod race;
pub(crate) mod relay;
mod scenario;
mod stage;
mod tables;
mod targets;
mod usage;

use crate::args::{Args, TapArgs};
use crate::error::BenchError;
use crate::{machine, readme};
use scenario::{FULL, SHORT, SMALL};
use stage::Stage;

/// Measures, prints, and writes the page if asked to.
pub(crate) fn bench(args: &Args, tap: &TapArgs) -> Result<(), BenchError> {
    let extent = if tap.short { SHORT } else { FULL };
    eprintln!("starting a private engine");
    let load = machine::load()?;
    let stage = Stage::start(args, extent.image, SMALL.image)?;
    let mut figures = Vec::new();
    for scenario in scenario::all() {
        if tap.only.as_ref().is_none_or(|only| scenario.title().contains(only)) {
            figures.push(race::run(&stage, scenario, extent, args.rounds)?);
        }
    }
    let intact = intact::count(&stage)?;
    let targets = targets::all(&figures, intact);
    let engine = stage.docker(&["version", "--format", "{{.Server.Version}}"])?;
    let machine = machine::describe_beside(&format!("Docker {engine}"), args.rounds, &load)?;
    let text = format!("{machine}\n{}", tables::all(&figures, &targets));
    println!("{text}");
    stage.end()?;
    if args.write { readme::write("tap.md", &text) } else { Ok(()) }
}
