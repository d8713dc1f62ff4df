//! `porthole doctor --fix`: what is safe and can be taken back is done, one finding after the other, and looked at again.

use porthole_model::{Finding, Gap, GapKind, Mend, MendStep, Remedy, Report, Snapshot};
use porthole_render::fix::{self, Fix, FixOutcome};

use super::Reading;
use crate::args::DoctorArgs;
use crate::commands::ask;
use crate::error::CommandError;
use crate::world::World;

/// How often the host is read anew: what one mend brings to light, another mends.
const ROUNDS: usize = 4;

/// Does what may be done about each finding, and gives the report on what is left.
pub(super) fn run(args: &DoctorArgs, world: &World) -> Result<(Report, Vec<Fix>), CommandError> {
    if !args.yes {
        ask::somebody_is_there().map_err(|refused| refused.hint("add --yes to mend without being asked"))?;
    }
    let mut reading = super::read(args, world)?;
    let mut fixes: Vec<Fix> = Vec::new();
    for _ in 0..ROUNDS {
        let hindrance = hindrance(&reading.snapshot, world);
        let mut is_changed = false;
        for offer in offers(&reading).filter(|offer| !offer.was_made(&fixes)).collect::<Vec<_>>() {
            let outcome = offer.settle(hindrance.as_ref(), args.yes, world)?;
            is_changed |= matches!(outcome, FixOutcome::Remains);
            fixes.push(offer.fix(outcome));
        }
        if !is_changed {
            break;
        }
        reading = super::read(args, world)?;
    }
    judge(&mut fixes, &reading.report);
    Ok((reading.report, fixes))
}

/// Why nothing is changed where the findings are.
fn hindrance(snapshot: &Snapshot, world: &World) -> Option<Gap> {
    let elsewhere = |cause: &str| {
        Gap::new(GapKind::Elsewhere, "mending", cause).with_remedy("run porthole on the engine's host")
    };
    if world.settings.through_engine {
        return Some(elsewhere("the engine's host is only read through the engine"));
    }
    let host = match snapshot.host.known() {
        Ok(host) => host,
        Err(gap) => return Some(elsewhere(&gap.cause)),
    };
    let rights = ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"];
    let lacked =
        rights.into_iter().find(|right| !host.privilege.capabilities.iter().any(|held| held == right));
    lacked.map(|right| {
        Gap::new(GapKind::Permission, "mending", format!("it takes {right}"))
            .with_remedy("run porthole as root")
    })
}

/// What may be done about a finding.
struct Offer<'a> {
    finding: &'a Finding,
    remedy: &'a Remedy,
    mend: &'a Mend,
}

/// The first mend of each cause; what a cause explains goes with it.
fn offers(reading: &Reading) -> impl Iterator<Item = Offer<'_>> {
    reading.report.findings.iter().filter_map(|finding| {
        let mut mends = finding.remedies.iter().filter_map(|remedy| Some((remedy, remedy.mend.as_ref()?)));
        mends.next().map(|(remedy, mend)| Offer { finding, remedy, mend })
    })
}

impl Offer<'_> {
    fn was_made(&self, fixes: &[Fix]) -> bool {
        fixes.iter().any(|fix| is_about(fix, self.finding) && fix.commands == self.remedy.commands)
    }

    /// Shows it, asks, and does it; whether the finding is gone is seen later.
    fn settle(
        &self,
        hindrance: Option<&Gap>,
        is_agreed: bool,
        world: &World,
    ) -> Result<FixOutcome, CommandError> {
        if let Some(gap) = hindrance {
            return Ok(FixOutcome::NotDone { reason: gap.to_string() });
        }
        world.printer.note(&fix::plan(self.finding, self.remedy, self.mend));
        if !is_agreed && !ask::agrees("Do this?", world)? {
            return Ok(FixOutcome::NotDone { reason: "the answer was no".to_owned() });
        }
        self.carry_out(world)
    }

    /// Where a step fails, those before it are taken back.
    fn carry_out(&self, world: &World) -> Result<FixOutcome, CommandError> {
        let steps = &self.mend.steps;
        for (number, step) in steps.iter().enumerate() {
            if let Err(reason) = perform(step, world)? {
                let left = take_back(&steps[..number], &self.mend.undo, world)?;
                return Ok(FixOutcome::Failed { reason, left });
            }
        }
        Ok(FixOutcome::Remains)
    }

    fn fix(&self, outcome: FixOutcome) -> Fix {
        Fix {
            code: self.finding.code,
            subject: self.finding.subject.clone(),
            explanation: self.remedy.explanation.clone(),
            commands: self.remedy.commands.clone(),
            undo: self.mend.undo.clone(),
            outcome,
        }
    }
}

/// Takes steps back, the last first, and gives the commands of those that could not be.
fn take_back(done: &[MendStep], undo: &[String], world: &World) -> Result<Vec<String>, CommandError> {
    let mut left = Vec::new();
    for (step, command) in done.iter().rev().zip(&undo[undo.len() - done.len()..]) {
        if perform(&step.inverse(), world)?.is_err() {
            left.push(command.clone());
        }
    }
    Ok(left)
}

/// The reason, where it could not be done.
fn perform(step: &MendStep, world: &World) -> Result<Result<(), String>, CommandError> {
    match step {
        MendStep::Kernel { place, change } => {
            Ok(world.host.alter(*place, change).map_err(|gap| gap.to_string()))
        }
        MendStep::Pause { container, paused } => {
            let engine = world.engine()?;
            let call = async {
                let call = async {
                    if *paused {
                        porthole_engine::pause(&engine, container).await
                    } else {
                        porthole_engine::unpause(&engine, container).await
                    }
                };
                tokio::time::timeout(world.settings.timeout, call).await
            };
            let answered = world.block_on(call)?;
            Ok(answered
                .map_err(|_elapsed| "the engine did not answer in time".to_owned())
                .and_then(|answer| answer.map_err(|error| error.to_string())))
        }
    }
}

/// What was done about a finding that is not there any more has mended it.
fn judge(fixes: &mut [Fix], left: &Report) {
    for fix in fixes.iter_mut().filter(|fix| fix.outcome == FixOutcome::Remains) {
        if !left.findings.iter().any(|finding| is_found(fix, finding)) {
            fix.outcome = FixOutcome::Mended;
        }
    }
}

fn is_found(fix: &Fix, finding: &Finding) -> bool {
    is_about(fix, finding) || finding.explains.iter().any(|effect| is_found(fix, effect))
}

fn is_about(fix: &Fix, finding: &Finding) -> bool {
    fix.code == finding.code && fix.subject == finding.subject
}
