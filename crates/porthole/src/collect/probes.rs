//! Probes of what a snapshot shows: of published ports, of the ways out, and of the name servers that containers ask.

use std::thread;
use std::time::Duration;

use porthole_model::{Gap, GapKind, Observed, Probes, Snapshot};

use crate::world::World;

/// How long an answer may take: longer than the second after which a lost first packet is sent again.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Sends the probes of `doctor --active`, and puts what came of them into the snapshot.
pub(crate) fn probe(world: &World, snapshot: &mut Snapshot) {
    world.printer.progress("trying the published ports, the ways out and the name servers");
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
    let home = porthole_analysis::probing_process(snapshot)?;
    let plan = porthole_analysis::probe_plan(snapshot)?;
    let (probes, names) = thread::scope(|scope| {
        let names = scope.spawn(|| world.host.ask_names(home, &plan.names, PATIENCE));
        let probes = world.host.probe(home, &plan.packets, PATIENCE);
        (probes, names.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    Ok(Probes { names, ..probes })
}
