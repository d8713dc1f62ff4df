//! `porthole netdb repair`: one container whose network is gone.

use std::path::PathBuf;

use porthole_analysis::netdb::{in_the_way, orphans, repair_plan};
use porthole_model::{Membership, NetworkStep, Snapshot};

use super::{backup, restore, work};
use crate::collect::{self, Request};
use crate::commands::ask::ConsentArgs;
use crate::commands::subject::{self, Subject};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{OutputArgs, SourceArgs};
use crate::world::World;

/// `porthole netdb repair`.
#[derive(Debug, clap::Args)]
pub(super) struct RepairArgs {
    /// The container: a name, an id, or a unique prefix of either
    #[arg(value_name = "CONTAINER")]
    container: String,
    /// A backup that tells how a missing network was made
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &RepairArgs, world: &World) -> Result<Exit, CommandError> {
    let saved = restore::networks(args.from.as_ref())?;
    let Subject::Container(container, client) = subject::find(world, &args.container)? else {
        return Err(CommandError::new(format!("{} is a process, and no container", args.container)));
    };
    let now = backup::now(&client, world)?;
    let places: Vec<Membership> =
        now.memberships.into_iter().filter(|place| place.container_id == container.id).collect();
    let scope = porthole_analysis::networks_scope();
    let request = Request { scope: &scope, engine: true };
    // Without the kernel's side only a hint is missing.
    let snapshot = collect::snapshot(world, &SourceArgs::default(), request).ok();
    let plan = repair_plan(&places, &now.networks, &saved, snapshot.as_ref());
    if !args.consent.dry_run {
        nothing_in_the_way(&plan.steps, snapshot.as_ref())?;
    }
    work::carry_out(&client, &plan.steps, &plan.notes, (&args.consent, args.output.output), world)
}

/// Two bridges with one subnet are worse than a container that does not start.
fn nothing_in_the_way(steps: &[NetworkStep], snapshot: Option<&Snapshot>) -> Result<(), CommandError> {
    let Some(Ok(orphans)) = snapshot.map(orphans) else { return Ok(()) };
    let held = in_the_way(steps, &orphans);
    if held.is_empty() {
        return Ok(());
    }
    let refused = format!("a network would get a subnet twice: {}", held.join(", "));
    let hint = "run porthole netdb clean before; containers that still use it must be stopped";
    Err(CommandError::new(refused).hint(hint))
}
