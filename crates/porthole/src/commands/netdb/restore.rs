//! `porthole netdb restore`: what a backup has and the engine lacks.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use porthole_analysis::netdb::{RestorePlan, in_the_way, restore_plan};
use porthole_engine::Client;
use porthole_model::{
    EngineInfo, Membership, NetworkBackup, NetworkStep, SavedNetwork, Scope, Secrets, Topic,
};
use porthole_render::netdb::StepOutcome;
use porthole_wire::network_backup::{self, BackupFileError};

use super::clean::Found;
use super::{backup, work};
use crate::commands::ask::{self, ConsentArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs};
use crate::world::World;

/// `porthole netdb restore`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Start the containers that ran when the backup was made
    #[arg(long)]
    start: bool,
    /// Ask only for addresses that were fixed; all others are of the engine's choice
    #[arg(long)]
    new_addresses: bool,
    /// Remove bridges and veth pairs that are nobody's first, as porthole netdb clean does
    #[arg(long)]
    clean: bool,
    /// Take the backup of another engine
    #[arg(long)]
    other_engine: bool,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &RestoreArgs, world: &World) -> Result<Exit, CommandError> {
    let mut backup = read(&args.file)?;
    let client = world.engine()?;
    check_engine(&backup, &client, args, world)?;
    if args.new_addresses {
        backup.memberships.iter_mut().for_each(without_chosen_address);
    }
    let now = backup::now(&client, world)?;
    let start = args.start || wants_start(args, &backup, world)?;
    let plan = restore_plan(&backup, &now, start);
    let notes = notes(&plan, &backup, args, world)?;
    let output = args.output.output;
    let (steps, is_dry) = (plan.all(), args.consent.dry_run);
    if steps.is_empty() || is_dry || output == Output::Text {
        work::show_plan(&steps, &notes.said, output, world)?;
    }
    if steps.is_empty() || is_dry {
        return Ok(Exit::Success);
    }
    if !notes.in_the_way.is_empty() && !args.clean {
        let refused = format!("a network would get a subnet twice: {}", notes.in_the_way.join(", "));
        return Err(CommandError::new(refused).hint(
            "add --clean, or run porthole netdb clean before; porthole netdb clean --dry-run shows it",
        ));
    }
    if !ask::may(&args.consent, "Do this?", world)? {
        return Ok(Exit::Success);
    }
    let outcomes = carry_out(&client, &plan, args, world)?;
    work::show_outcomes(&outcomes, &notes.said, output, world)
}

/// Links can only go when the containers on them are stopped, and must before their subnets are used again.
fn carry_out(
    client: &Client,
    plan: &RestorePlan,
    args: &RestoreArgs,
    world: &World,
) -> Result<Vec<StepOutcome>, CommandError> {
    let mut outcomes = world.block_on(work::perform(client, &plan.stops))?;
    if args.clean {
        outcomes.extend(Found::read(world)?.remove(world));
    }
    outcomes.extend(world.block_on(work::perform(client, &plan.steps))?);
    Ok(outcomes)
}

/// The backup in a file.
pub(super) fn read(path: &Path) -> Result<NetworkBackup, CommandError> {
    let failed = format!("cannot read the backup {}", path.display());
    let bytes = fs::read(path).map_err(|error| CommandError::caused_by(failed.as_str(), error))?;
    let (backup, _) = network_backup::read(&bytes).map_err(|error| {
        let hint = match &error {
            BackupFileError::Newer { .. } => "use the porthole that wrote it, or a newer one",
            BackupFileError::Damaged(_) => "copy the file again",
            _ => "make one with porthole netdb backup",
        };
        CommandError::caused_by(failed, error).hint(hint)
    })?;
    Ok(backup)
}

/// Networks of one engine are not made on another by mistake.
fn check_engine(
    backup: &NetworkBackup,
    client: &Client,
    args: &RestoreArgs,
    world: &World,
) -> Result<(), CommandError> {
    if args.other_engine || backup.engine_id.is_empty() {
        return Ok(());
    }
    let scope = Scope::of(&[Topic::EngineInfo]);
    let collected = porthole_engine::collect(client, &scope, Secrets::Mask, world.settings.timeout);
    let engine =
        world.block_on(collected)?.map_err(|error| CommandError::from(porthole_model::Gap::from(error)))?;
    let info: &EngineInfo = engine.info.known()?;
    if info.id == backup.engine_id {
        return Ok(());
    }
    let message = format!(
        "the backup is of another engine, on host '{}'; this one is on host '{}'",
        backup.host_name, info.name
    );
    Err(CommandError::new(message).hint("add --other-engine to make its networks here nevertheless"))
}

/// A person at a terminal is asked; without one the flag decides.
fn wants_start(args: &RestoreArgs, backup: &NetworkBackup, world: &World) -> Result<bool, CommandError> {
    let ran = ran(backup);
    let nobody_to_ask = args.consent.yes || args.consent.dry_run || !io::stdin().is_terminal();
    if ran == 0 || nobody_to_ask {
        return Ok(false);
    }
    ask::agrees(&format!("Start the {ran} containers that ran when the backup was made?"), world)
}

fn ran(backup: &NetworkBackup) -> usize {
    let ran = backup.memberships.iter().filter(|place| place.was_running);
    ran.map(|place| &place.container_name).collect::<std::collections::BTreeSet<_>>().len()
}

fn without_chosen_address(place: &mut Membership) {
    if !place.is_fixed {
        (place.ipv4, place.ipv6) = (None, None);
    }
}

/// What should be known of a plan.
struct Notes {
    said: Vec<String>,
    in_the_way: Vec<String>,
}

fn notes(
    plan: &RestorePlan,
    backup: &NetworkBackup,
    args: &RestoreArgs,
    world: &World,
) -> Result<Notes, CommandError> {
    let mut said = plan.left_out.clone();
    for kept in plan.kept.iter().filter(|kept| !kept.differences.is_empty()) {
        let differences = kept.differences.join("; ");
        said.push(format!("network '{}' is there and stays, though it differs: {differences}", kept.name));
    }
    let creates = plan.steps.iter().any(|step| matches!(step, NetworkStep::Create(_)));
    let mut held = Vec::new();
    if creates {
        match Found::read(world) {
            Ok(found) => held = in_the_way(&plan.steps, &found.orphans),
            Err(error) if args.clean => return Err(error),
            Err(error) => {
                said.push(format!("whether old bridges are in the way is not known: {}", error.message()));
            }
        }
    }
    if args.clean {
        said.push("bridges and veth pairs that are nobody's are removed first".to_owned());
    }
    said.extend(held.iter().filter(|_| !args.clean).map(|one| format!("{one}: --clean removes it")));
    if !args.start && !args.consent.yes && ran(backup) > 0 {
        said.push("--start starts the containers that ran when the backup was made".to_owned());
    }
    Ok(Notes { said, in_the_way: held })
}

/// The networks of a backup, for a repair.
pub(super) fn networks(path: Option<&PathBuf>) -> Result<Vec<SavedNetwork>, CommandError> {
    match path {
        Some(path) => read(path).map(|backup| backup.networks),
        None => Ok(Vec::new()),
    }
}
