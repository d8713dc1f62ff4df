//! `porthole netdb clean`: bridges and veth pairs that are nobody's.

use std::thread;

use porthole_analysis::netdb::{OrphanKind, OrphanLink, Orphans};
use porthole_model::Pid;
use porthole_render::json::{NetworkStepsDocument, clean_steps};
use porthole_render::netdb::{self, CleanItem, StepOutcome};

use super::ask::{self, ConsentArgs};
use super::work;
use crate::collect::{self, Request};
use crate::commands::doctor;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs, SourceArgs};
use crate::printer::Printer;
use crate::world::World;

/// `porthole netdb clean`.
#[derive(Debug, clap::Args)]
pub(super) struct CleanArgs {
    #[command(flatten)]
    consent: ConsentArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &CleanArgs, world: &World) -> Result<Exit, CommandError> {
    let (daemon, first) = read(world)?;
    thread::sleep(doctor::SETTLE);
    // A pair that was just being made is somebody's by now.
    let (_, mut found) = read(world)?;
    found.links.retain(|link| first.links.contains(link));
    let items: Vec<_> = found.links.iter().map(item).collect();
    let output = args.output.output;
    match output {
        Output::Text => world.printer.doc(&netdb::clean_plan(&items))?,
        Output::Json if args.consent.dry_run => {
            Printer::text(&NetworkStepsDocument::planned(&clean_steps(&items), &[]).text())?;
        }
        Output::Json => {}
    }
    let removable: Vec<_> = found.links.iter().filter(|link| link.used_by.is_empty()).collect();
    if args.consent.dry_run {
        return Ok(Exit::Success);
    }
    if !removable.is_empty() && !ask::may(&args.consent, "Remove them?", world)? {
        return Ok(Exit::Success);
    }
    let remove = |link: &&OrphanLink| StepOutcome {
        subject: item(link).kind,
        command: format!("ip link del {}", link.name),
        result: removed(daemon, &found, link, world),
    };
    let outcomes: Vec<_> = removable.iter().map(remove).collect();
    work::show_outcomes(&outcomes, &[], output, world)
}

/// The engine's process, and what is nobody's in its network.
fn read(world: &World) -> Result<(Pid, Orphans), CommandError> {
    let scope = porthole_analysis::networks_scope();
    let request = Request { scope: &scope, engine: true };
    let snapshot = collect::snapshot(world, &SourceArgs::default(), request)?;
    let daemon = *snapshot.engine.known()?.daemon.known()?;
    Ok((daemon, porthole_analysis::netdb::orphans(&snapshot)?))
}

/// A pair goes with one of its ends, and a bridge may have taken neither with it.
fn removed(daemon: Pid, orphans: &Orphans, link: &OrphanLink, world: &World) -> Result<(), String> {
    let removed = world.host.remove_link((daemon, orphans.namespace), link.index, &link.name);
    removed.map_err(|gap| gap.to_string())
}

fn item(link: &OrphanLink) -> CleanItem {
    let kind = match link.kind {
        OrphanKind::Bridge => "bridge",
        OrphanKind::VethPair => "veth pair",
    };
    CleanItem {
        name: link.name.clone(),
        kind: kind.to_owned(),
        evidence: link.evidence.clone(),
        used_by: link.used_by.clone(),
    }
}
