//! `porthole netdb clean`: bridges and veth pairs that are nobody's.

use std::thread;

use porthole_analysis::netdb::{OrphanKind, OrphanLink, Orphans};
use porthole_model::Pid;
use porthole_render::json::{NetworkStepsDocument, clean_steps};
use porthole_render::netdb::{self, CleanItem, StepOutcome};

use super::work;
use crate::collect::{self, Request};
use crate::commands::ask::{self, ConsentArgs};
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
    let found = Found::read(world)?;
    let items: Vec<_> = found.orphans.links.iter().map(item).collect();
    let output = args.output.output;
    match output {
        Output::Text => world.printer.doc(&netdb::clean_plan(&items))?,
        Output::Json if args.consent.dry_run => {
            Printer::text(&NetworkStepsDocument::planned(&clean_steps(&items), &[]).text())?;
        }
        Output::Json => {}
    }
    let has_work = found.removable().next().is_some();
    if args.consent.dry_run || (has_work && !ask::may(&args.consent, "Remove them?", world)?) {
        return Ok(Exit::Success);
    }
    work::show_outcomes(&found.remove(world), &[], output, world)
}

/// What is nobody's in the network of an engine.
pub(super) struct Found {
    daemon: Pid,
    pub(super) orphans: Orphans,
}

impl Found {
    /// Reads twice: a pair that is just being made is somebody's by the second time.
    pub(super) fn read(world: &World) -> Result<Self, CommandError> {
        let first = Self::once(world)?;
        if first.orphans.links.is_empty() {
            return Ok(first);
        }
        thread::sleep(doctor::SETTLE);
        let mut second = Self::once(world)?;
        second.orphans.links.retain(|link| first.orphans.links.contains(link));
        Ok(second)
    }

    fn once(world: &World) -> Result<Self, CommandError> {
        let scope = porthole_analysis::networks_scope();
        let request = Request { scope: &scope, engine: true };
        let snapshot = collect::snapshot(world, &SourceArgs::default(), request)?;
        let daemon = *snapshot.engine.known()?.daemon.known()?;
        Ok(Self { daemon, orphans: porthole_analysis::netdb::orphans(&snapshot)? })
    }

    /// Those that nobody uses.
    fn removable(&self) -> impl Iterator<Item = &OrphanLink> {
        self.orphans.links.iter().filter(|link| link.used_by.is_empty())
    }

    /// Removes them.
    pub(super) fn remove(&self, world: &World) -> Vec<StepOutcome> {
        let namespace = (self.daemon, self.orphans.namespace);
        let outcome = |link: &OrphanLink| StepOutcome {
            subject: format!("{} {}", item(link).kind, link.name),
            command: format!("ip link del {}", link.name),
            result: world.host.remove_link(namespace, link.index, &link.name).map_err(|gap| gap.to_string()),
        };
        self.removable().map(outcome).collect()
    }
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
