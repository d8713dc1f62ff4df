//! Doing steps one after the other, each with its own outcome.

use std::collections::BTreeSet;

use porthole_analysis::netdb::step_command;
use porthole_engine::Client;
use porthole_model::NetworkStep;
use porthole_render::json::NetworkStepsDocument;
use porthole_render::netdb::{self, StepOutcome};

use crate::commands::ask::{self, ConsentArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// Shows the steps, asks, does them, and shows what came of them.
pub(super) fn carry_out(
    client: &Client,
    steps: &[NetworkStep],
    notes: &[String],
    (consent, output): (&ConsentArgs, Output),
    world: &World,
) -> Result<Exit, CommandError> {
    let is_all = consent.dry_run || steps.is_empty();
    // A program reads one document: the plan, or what came of it.
    if is_all || output == Output::Text {
        show_plan(steps, notes, output, world)?;
    }
    if is_all || !ask::may(consent, "Do this?", world)? {
        return Ok(Exit::Success);
    }
    let outcomes = world.block_on(perform(client, steps))?;
    show_outcomes(&outcomes, notes, output, world)
}

/// Does the steps. One that fails holds up no other, but a container that could not be put on its network is not
/// started.
pub(super) async fn perform(client: &Client, steps: &[NetworkStep]) -> Vec<StepOutcome> {
    let mut outcomes = Vec::new();
    let mut without_network = BTreeSet::new();
    for step in steps {
        let result = match step {
            NetworkStep::Start { container } if without_network.contains(container) => {
                Err("it is not started, since it is not on its network".to_owned())
            }
            _ => porthole_engine::perform(client, step).await.map_err(|error| error.to_string()),
        };
        if let (NetworkStep::Connect(place), Err(_)) = (step, &result) {
            without_network.insert(place.container_name.clone());
        }
        outcomes.push(StepOutcome { subject: step.subject(), command: step_command(step), result });
    }
    outcomes
}

/// Shows the steps and what should be known of them, before any is done.
pub(super) fn show_plan(
    steps: &[NetworkStep],
    notes: &[String],
    output: Output,
    world: &World,
) -> Result<(), CommandError> {
    match output {
        Output::Text => {
            let commands: Vec<_> = steps.iter().map(step_command).collect();
            world.printer.doc(&netdb::steps_plan(&commands, notes))
        }
        Output::Json => {
            let planned: Vec<_> = steps.iter().map(|step| (step.subject(), step_command(step))).collect();
            Printer::text(&NetworkStepsDocument::planned(&planned, notes).text())
        }
    }
}

/// Shows what came of them; the exit code says whether all went well.
pub(super) fn show_outcomes(
    outcomes: &[StepOutcome],
    notes: &[String],
    output: Output,
    world: &World,
) -> Result<Exit, CommandError> {
    match output {
        Output::Text => world.printer.doc(&netdb::steps_done(outcomes))?,
        Output::Json => Printer::text(&NetworkStepsDocument::done(outcomes, notes).text())?,
    }
    let all_went_well = outcomes.iter().all(|outcome| outcome.result.is_ok());
    Ok(if all_went_well { Exit::Success } else { Exit::Failure })
}
