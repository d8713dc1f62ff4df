//! `porthole netdb reset`: the engine begins with a new database, and the old one is kept.

mod drill;
mod way;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use porthole_analysis::shell_word;
use porthole_model::{Engine, NetworkBackup, Observed, Scope, Topic};
use porthole_render::json::NetworkStepsDocument;
use porthole_render::netdb::{self, ResetFacts};

use self::drill::Drill;
use self::way::Way;
use super::backup::{self, Gathered};
use crate::collect::{self, DatabasePlace};
use crate::commands::ask::{self, ConsentArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// `porthole netdb reset`.
#[derive(Debug, clap::Args)]
pub(super) struct ResetArgs {
    /// The backup to write, or the directory to write it in; it must not be there yet
    #[arg(short = 'o', long = "output-file", value_name = "FILE", default_value = ".")]
    target: PathBuf,
    /// The database of an engine that does not run, where it is not at its usual place
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    #[command(flatten)]
    consent: ConsentArgs,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

pub(super) fn run(args: &ResetArgs, world: &World) -> Result<Exit, CommandError> {
    let engine = collect::engine(world, &Scope::of(&[Topic::EngineInfo]))?;
    let place = place(args, &engine, world)?;
    let way = Way::of(place.process, world)?;
    let gathered = backup::gather(&engine, &place, world)?;
    let info = engine.value().and_then(|engine| engine.info.value());
    let live_restore = info.is_some_and(|info| info.live_restore);
    let path = backup::target(&args.target, &gathered.backup);
    let drill = Drill::prepare(&place, &gathered.backup, path, (way, live_restore), world)?;
    show_plan(&facts(&drill, &engine, &gathered), args, world)?;
    if args.consent.dry_run || !ask::may(&args.consent, "Do this?", world)? {
        return Ok(Exit::Success);
    }
    backup::write(&gathered, &drill.backup)?;
    let outcome = drill.run(&gathered.backup, world)?;
    match args.output {
        Output::Text => world.printer.doc(&netdb::reset_done(&outcome))?,
        Output::Json => {
            let left = outcome.not_running.iter().chain(&outcome.stranded).cloned().collect::<Vec<_>>();
            let mut document = NetworkStepsDocument::done(&[], &left);
            (document.backup, document.moved_to) = (Some(outcome.backup), Some(outcome.moved_to));
            Printer::text(&document.text())?;
        }
    }
    Ok(Exit::Success)
}

fn place(args: &ResetArgs, engine: &Observed<Engine>, world: &World) -> Result<DatabasePlace, CommandError> {
    match (&args.file, engine) {
        (Some(_), Observed::Known(_)) => {
            let refused = "the engine runs, and which database it uses is known";
            Err(CommandError::new(refused).hint("leave --file out"))
        }
        (Some(path), Observed::Missing(_)) => Ok(DatabasePlace::named(path)),
        (None, _) => Ok(DatabasePlace::of(world, engine)?),
    }
}

fn show_plan(facts: &ResetFacts, args: &ResetArgs, world: &World) -> Result<(), CommandError> {
    match args.output {
        Output::Text => world.printer.doc(&netdb::reset_plan(facts)),
        Output::Json if args.consent.dry_run => {
            let of = |what: &str, command: &String| (what.to_owned(), command.clone());
            let before = facts.stop.iter().map(|command| of("engine", command));
            let moved = of("database", &format!("mv {} {}", facts.database, facts.moved_to));
            let after = facts.start.iter().map(|command| of("engine", command));
            let steps: Vec<_> = before.chain([moved]).chain(after).collect();
            let notes: Vec<_> = facts.lost.iter().map(|lost| format!("lost: {lost}")).collect();
            Printer::text(&NetworkStepsDocument::planned(&steps, &notes).text())
        }
        Output::Json => Ok(()),
    }
}

fn facts(drill: &Drill, engine: &Observed<Engine>, gathered: &Gathered) -> ResetFacts {
    let info = engine.value().and_then(|engine| engine.info.value());
    ResetFacts {
        lost: lost(&gathered.backup),
        containers: containers(&gathered.backup),
        live_restore: info.map(|info| info.live_restore),
        database: drill.path.display().to_string(),
        moved_to: drill.moved_to().display().to_string(),
        backup: shown(&drill.backup),
        stop: stop_words(drill),
        start: drill.way.start_words(),
    }
}

fn stop_words(drill: &Drill) -> Vec<String> {
    let containers: Vec<_> = drill.stopped_first.iter().map(|name| shell_word(name)).collect();
    let stop = (!containers.is_empty()).then(|| format!("docker stop {}", containers.join(" ")));
    stop.into_iter().chain(drill.way.stop_words()).collect()
}

/// What the engine does not make itself.
fn lost(backup: &NetworkBackup) -> Vec<String> {
    let lost = backup.networks.iter().filter(|network| !network.is_predefined() && network.is_local());
    lost.map(|network| {
        let subnets: Vec<_> = network.pools.iter().map(|pool| pool.subnet.as_str()).collect();
        format!("{} ({}, {})", network.name, network.driver, subnets.join(", "))
    })
    .collect()
}

fn containers(backup: &NetworkBackup) -> Vec<String> {
    let is_lost = |name: &str| {
        let found = backup.networks.iter().find(|network| network.name == name);
        found.is_none_or(|network| !network.is_predefined())
    };
    let on_lost = backup.memberships.iter().filter(|place| is_lost(&place.network_name));
    let named: BTreeSet<_> = on_lost
        .map(|place| {
            let state = if place.was_running { "runs" } else { "does not run" };
            format!("{} ({state})", place.container_name)
        })
        .collect();
    named.into_iter().collect()
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
