//! `porthole debug` beside what else leads into a container.

mod all;
pub(crate) mod beside;
mod calls;
pub(crate) mod prompt;
mod shells;
mod size;
mod start_up;
mod targets;
mod terminal;

use crate::args::{Args, DebugArgs};
use crate::error::BenchError;
use crate::host::Host;
use crate::race::{Figures, Scenario};
use crate::{figures_of, machine, readme};
use targets::Target;

/// How many containers `--all` is for.
const CONTAINERS: usize = 50;
const FEW_CONTAINERS: usize = 5;

/// Measures, prints, and writes the page if asked to.
pub(crate) fn bench(args: &Args, debug: &DebugArgs) -> Result<(), BenchError> {
    eprintln!("starting a private engine");
    let host = Host::start(args)?;
    let load = machine::load()?;
    let mut bench = Bench { host: &host, args, debug, tables: Vec::new(), targets: Vec::new() };
    bench.shells()?;
    bench.start_up()?;
    bench.all()?;
    let Bench { tables, targets, .. } = bench;
    let engine = host.docker(&["version", "--format", "{{.Server.Version}}"])?;
    let machine = machine::describe_beside(&format!("Docker {engine}"), args.rounds, &load)?;
    let (targets, sizes) = (targets::table(&targets), size::table(&host)?);
    println!("{targets}\n{sizes}");
    host.end()?;
    let figures = [vec![machine, targets], tables, vec![sizes]].concat().join("\n");
    if args.write { readme::write("debug.md", &figures) } else { Ok(()) }
}

/// What was measured so far.
struct Bench<'a> {
    host: &'a Host,
    args: &'a Args,
    debug: &'a DebugArgs,
    tables: Vec<String>,
    targets: Vec<Target>,
}

impl Bench<'_> {
    fn shells(&mut self) -> Result<(), BenchError> {
        let scenario = shells::scenario(self.host)?;
        let before = shells::containers(self.host)?;
        self.race(&scenario, targets::of_shells)?;
        shells::nothing_left(self.host, &before)
    }

    fn start_up(&mut self) -> Result<(), BenchError> {
        let scenario = start_up::scenario(self.host)?;
        self.race(&scenario, |_| Vec::new())
    }

    fn all(&mut self) -> Result<(), BenchError> {
        let count = if self.debug.short { FEW_CONTAINERS } else { CONTAINERS };
        if !self.wants(&all::title(count)) {
            return Ok(());
        }
        let scenario = all::scenario(self.host, count)?;
        self.race(&scenario, |_| Vec::new())
    }

    fn race(
        &mut self,
        scenario: &Scenario,
        targets: fn(&[Figures]) -> Vec<Target>,
    ) -> Result<(), BenchError> {
        if self.wants(&scenario.title) {
            let (table, figures) = figures_of(self.host, scenario, self.args.rounds)?;
            self.tables.push(table);
            self.targets.extend(targets(&figures));
        }
        Ok(())
    }

    fn wants(&self, title: &str) -> bool {
        self.debug.only.as_ref().is_none_or(|only| title.contains(only))
    }
}
