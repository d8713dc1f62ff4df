//! PH120: a published port does not answer although the program behind it does.

use porthole_model::{
    CheckCode, Gap, GapKind, Probe, ProbeOutcome, Probes, Severity, Snapshot, TransportProtocol,
};

use super::concern::{about_container, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::probes::{self, OwnWay, Stage, Trial};
use crate::shell::word;

const CODE: CheckCode = CheckCode(120);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a published port does not answer",
    documentation: Documentation {
        checks: "With `porthole doctor --active` alone: packets are sent to every published port of a running \
                 container: from outside, which is a network namespace of porthole's own behind an interface named \
                 `porthole0`; from the host; and from within the container to its own address. It reports a port \
                 whose program answers in the container, and which does not answer from outside, or not on the host \
                 although a docker-proxy relays it there; and a program that listens and does not answer even in \
                 its container. Nothing is reported of a program that says nothing, that is just starting, or that does \
                 not listen, and nothing where a rule that was read stops the probe and lets others in. Over UDP \
                 silence is no fault; only a refusal is.",
        why: "What was read explains most failures, and has findings of its own. What is left is what cannot be read \
              well: rules of modules that porthole does not know, policies of security modules, programs of the \
              kernel (XDP, tc), an engine that changed something while it was read.",
        mend: "The evidence tells from where the port answers and from where not. `porthole ports CONTAINER` shows every \
               rule on the way. The probe from outside comes in by `porthole0`: rules that name another interface, or \
               other addresses, did not see it.",
        example: "`curl http://server:8080` hangs from everywhere and works on the server, and every rule looks right.",
    },
    run,
};

fn run(snapshot: &Snapshot) -> Result<Found, Gap> {
    let probes = snapshot.probes.known()?;
    let (trials, gaps) = probes::trials(snapshot)?;
    let own_way = probes.outside.known().and_then(|outside| OwnWay::new(snapshot, outside));
    let mut found = Found { concerns: Vec::new(), gaps };
    for trial in &trials {
        judge(trial, probes, &own_way, &mut found);
    }
    Ok(found)
}

fn judge(trial: &Trial<'_>, probes: &Probes, own_way: &Result<OwnWay, Gap>, found: &mut Found) {
    let results = trial.results(probes);
    for (_, probe) in &results {
        if let ProbeOutcome::NotTried(gap) = &probe.outcome {
            found.gap(gap.clone());
        }
    }
    let Some(program) = Program::of(trial, &results) else { return };
    let mut failed: Vec<_> =
        results.iter().filter(|(stage, probe)| program.fails(*stage, &probe.outcome)).collect();
    failed.retain(|(stage, probe)| *stage != Stage::Outside || !is_explained(trial, probe, own_way, found));
    let Some((stage, probe)) = failed.iter().max_by_key(|(stage, _)| *stage) else { return };
    found.concerns.push(concern(trial, *stage, probe, &results, probes));
}

/// What the program does with what comes to it.
struct Program {
    /// Somebody takes a connection in the container.
    takes: bool,
    /// And holds on to it.
    holds: bool,
    is_tcp: bool,
}

impl Program {
    /// `None` where nobody listens, or nothing is known of it.
    fn of(trial: &Trial<'_>, results: &[(Stage, &Probe)]) -> Option<Self> {
        let is_tcp = trial.judged.published.protocol == TransportProtocol::Tcp;
        let mut inside =
            results.iter().filter(|(stage, _)| *stage == Stage::Inside).map(|(_, probe)| &probe.outcome);
        let outcomes: Vec<_> =
            inside.by_ref().filter(|outcome| !matches!(outcome, ProbeOutcome::NotTried(_))).collect();
        if outcomes.is_empty() || !trial.judged.unserved.is_empty() {
            return None;
        }
        let takes =
            outcomes.iter().any(|outcome| if is_tcp { outcome.is_taken() } else { !is_refusal(outcome) });
        let holds = outcomes.iter().any(|outcome| outcome.is_held());
        Some(Self { takes, holds, is_tcp })
    }

    fn fails(&self, stage: Stage, outcome: &ProbeOutcome) -> bool {
        match stage {
            _ if matches!(outcome, ProbeOutcome::NotTried(_)) => false,
            Stage::Inside => self.is_tcp && !self.takes,
            Stage::Outside | Stage::Host { by_proxy: true } => self.takes && self.is_lost(outcome),
            Stage::Direct | Stage::Host { by_proxy: false } => false,
        }
    }

    /// A docker-proxy takes what comes, and ends it where it does not reach the program.
    fn is_lost(&self, outcome: &ProbeOutcome) -> bool {
        if self.is_tcp {
            !outcome.is_taken() || (self.holds && !outcome.is_held())
        } else {
            is_refusal(outcome)
        }
    }
}

fn is_refusal(outcome: &ProbeOutcome) -> bool {
    matches!(outcome, ProbeOutcome::Refused(_) | ProbeOutcome::Unreachable(_))
}

/// Whether the rules that were read stop this very probe: then a finding of theirs says so, or they are a list of who
/// may come in.
fn is_explained(trial: &Trial<'_>, probe: &Probe, own_way: &Result<OwnWay, Gap>, found: &mut Found) -> bool {
    let fates = own_way.as_ref().map_err(Clone::clone).and_then(|way| way.fates(probe));
    let fates = match fates {
        Ok(fates) => fates,
        Err(gap) => {
            found.gap(gap);
            return true;
        }
    };
    let Some(stop) = fates.own.as_ref().and_then(|fate| fate.stop()) else { return false };
    if fates.lets_others_in {
        let evidence = stop.evidence();
        let what = format!("port {} of the host from outside", trial.judged.published.host_ports());
        let cause =
            format!("{}: {}, which stops the probe and lets others in", evidence.source, evidence.observed);
        found.gap(Gap::new(GapKind::Failed, what, cause));
    }
    true
}

fn concern(
    trial: &Trial<'_>,
    stage: Stage,
    probe: &Probe,
    results: &[(Stage, &Probe)],
    probes: &Probes,
) -> Concern {
    let (container, port) = (trial.judged.container, &trial.judged.published);
    let name = &container.name;
    let outcome = &probe.outcome;
    let host_ports = port.host_ports();
    let leads =
        format!("port {host_ports} of the host leads to container '{name}', whose program answers there");
    let summary = match stage {
        Stage::Outside => format!("{leads}, but others do not reach it: {outcome}"),
        Stage::Host { .. } | Stage::Direct => format!("{leads}, but this host does not reach it: {outcome}"),
        Stage::Inside => format!(
            "the program in container '{name}' listens on port {}/{}, which is published, and does not answer there: \
             {outcome}",
            port.port, port.protocol
        ),
    };
    let subject = about_port(container, port.port, port.protocol);
    let concern =
        Concern::new(CODE, Severity::Error, subject, summary).likely().related(about_container(container));
    let concern = results.iter().fold(concern, |concern, (_, probe)| {
        let line = probes::line(probe, probes.outside.value());
        concern.evidence(line.source, line.observed)
    });
    concern
        .remedy("see every stage of the way, and what it did", vec![format!("porthole ports {}", word(name))])
}
