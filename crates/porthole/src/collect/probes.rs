//! Probes of what a snapshot shows to be published.

use std::time::Duration;

use porthole_model::{Gap, GapKind, Observed, Pid, Probes, Snapshot};

use crate::world::World;

/// How long an answer may take: longer than the second after which a lost first packet is sent again.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Sends the probes of `doctor --active`, and puts what came of them into the snapshot.
pub(crate) fn probe(world: &World, snapshot: &mut Snapshot) {
    world.printer.progress("trying the published ports");
    snapshot.probes = Observed::from(probes(world, snapshot));
    world.printer.progress_done();
}

fn probes(world: &World, snapshot: &Snapshot) -> Result<Probes, Gap> {
    if world.settings.through_engine {
        let cause = "they are sent by porthole where the engine is, and it runs elsewhere";
        return Err(
            Gap::new(GapKind::Elsewhere, "probes", cause).with_remedy("run porthole on the engine's host")
        );
    }
    snapshot.host.known()?;
    let daemon = snapshot.engine.known()?.daemon.value().copied();
    let home = daemon.unwrap_or(Pid(std::process::id()));
    let requests = porthole_analysis::probe_plan(snapshot)?;
    Ok(world.host.probe(home, &requests, PATIENCE))
}
