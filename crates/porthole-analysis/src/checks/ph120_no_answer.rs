//! PH120: who should answer does not, and nothing that was read says why: a published port although the program behind
//! it answers, a router or a name server although it answers the host.

use porthole_model::{
    CheckCode, Gap, GapKind, Probe, ProbeOutcome, ProbedStage, Probes, Severity, TransportProtocol,
};

use super::concern::{about_container, about_network, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::Journeys;
use crate::probes::{self, Inquiry, OwnWays, Reach, Trial, Walks};
use crate::shell::word;

const CODE: CheckCode = CheckCode(120);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a published port, a router or a name server does not answer",
    documentation: Documentation {
        checks: "With `porthole doctor --active` alone: packets are sent to every published port of a running \
                 container: from outside, which is a network namespace of porthole's own behind an interface named \
                 `porthole0`; from the host; and from within the container to its own address. It reports a port \
                 whose program answers in the container, and which does not answer from outside, or not on the host \
                 although a docker-proxy relays it there; and a program that listens and does not answer even in \
                 its container. From one container of each network it is asked what the container is told to ask: \
                 the next router of the host, the engine's resolver for a name on the network, and its name servers for \
                 `localhost`, over UDP and TCP. It reports whoever answers the host and not the container, and the \
                 engine's resolver where it is silent. Nothing is reported of a program that says nothing, that is just starting, or that does \
                 not listen, of a host whose own questions come to nothing, of packets that leave it with a \
                 container's own address, and nothing where a rule that was read stops the probe and lets others in. Over UDP \
                 silence is no fault; only a refusal is.",
        why: "What was read explains most failures, and has findings of its own. What is left is what cannot be read \
              well: rules of modules that porthole does not know, policies of security modules, programs of the \
              kernel (XDP, tc), an engine that changed something while it was read.",
        mend: "The evidence tells from where the port answers and from where not. `porthole ports CONTAINER` shows every \
               rule on the way, and `porthole dns CONTAINER` every server. The probe from outside comes in by `porthole0`: rules that name another interface, or \
               other addresses, did not see it.",
        example: "`curl http://server:8080` hangs from everywhere and works on the server, and every rule looks right.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let probes = snapshot.probes.known()?;
    let attempts = case.attempts()?;
    let mut found = Found { concerns: Vec::new(), gaps: attempts.gaps.clone() };
    let mut failures: Vec<_> =
        attempts.trials.iter().filter_map(|trial| Failure::of(trial, probes, &mut found)).collect();
    if failures.iter().any(Failure::is_outside) {
        let outside = probes.outside.known()?;
        let ways = OwnWays::new(snapshot, outside)?;
        let ways = ways.walks()?;
        for failure in &mut failures {
            failure.explain(&ways, &mut found);
        }
    }
    found.concerns.extend(failures.iter().filter_map(|failure| failure.concern(probes)));
    if let Some(journeys) = &attempts.journeys {
        let cut = attempts.reaches.iter().filter_map(|reach| cut_off(reach, journeys, probes, &mut found));
        let cut: Vec<_> = cut.collect();
        found.concerns.extend(cut);
    }
    Ok(found)
}

/// Whom a container asks in vain; what a rule stops that was read is that rule's finding, or meant so, and what leaves
/// with the container's own address is for others to answer.
fn cut_off(
    reach: &Reach<'_>,
    journeys: &Journeys<'_>,
    probes: &Probes,
    found: &mut Found,
) -> Option<Concern> {
    for gap in reach.inquiries.iter().filter_map(|asked| asked.gap(probes)) {
        found.gap(gap.clone());
    }
    let mut failed: Vec<&Inquiry> = reach.inquiries.iter().filter(|asked| asked.fails(probes)).collect();
    failed.retain(|asked| match reach.excuse(journeys, asked) {
        Some(cause) => {
            let what = format!("{} from network '{}'", asked.whom(), reach.network().name);
            found.gap(Gap::new(GapKind::Failed, what, cause));
            false
        }
        None => true,
    });
    (!failed.is_empty()).then(|| unheard(reach, &failed, probes))
}

fn unheard(reach: &Reach<'_>, failed: &[&Inquiry], probes: &Probes) -> Concern {
    let (container, network) = (reach.container(), reach.network());
    let mut whom: Vec<_> = failed.iter().map(|asked| asked.whom()).collect();
    whom.dedup();
    let is_common = failed.iter().any(|asked| asked.is_common());
    let over = if is_common { "" } else { " over TCP, as long answers need" };
    let severity = if is_common { Severity::Error } else { Severity::Warning };
    let summary = format!(
        "container '{}' on network '{}' gets no answer{over} from {}",
        container.name,
        network.name,
        whom.join(", nor from ")
    );
    let concern = Concern::new(CODE, severity, about_container(container), summary)
        .likely()
        .related(about_network(network));
    let lines = failed.iter().flat_map(|asked| asked.lines(probes));
    let concern = lines.fold(concern, |concern, line| concern.evidence(line.source, line.observed));
    concern.remedy(
        "see the rules on its way out, and every server that it asks",
        vec![
            format!("porthole ports {}", word(&container.name)),
            format!("porthole dns {}", word(&container.name)),
        ],
    )
}

/// A port of which probes failed although the program answers, or does not although it listens.
struct Failure<'a> {
    trial: &'a Trial<'a>,
    results: Vec<(ProbedStage, &'a Probe)>,
    failed: Vec<(ProbedStage, &'a Probe)>,
}

impl<'a> Failure<'a> {
    fn of(trial: &'a Trial<'a>, probes: &'a Probes, found: &mut Found) -> Option<Self> {
        let results = trial.results(probes);
        for (_, probe) in &results {
            if let ProbeOutcome::NotTried(gap) = &probe.outcome {
                found.gap(gap.clone());
            }
        }
        let program = Program::of(trial, &results)?;
        let fails = |(stage, probe): &(ProbedStage, &Probe)| program.fails(*stage, probe, trial);
        let failed: Vec<_> = results.iter().copied().filter(fails).collect();
        (!failed.is_empty()).then_some(Self { trial, results, failed })
    }

    fn is_outside(&self) -> bool {
        self.failed.iter().any(|(stage, _)| *stage == ProbedStage::Outside)
    }

    /// Leaves out the probes from outside that the rules that were read stop: then a finding of theirs says so, or they
    /// are a list of who may come in.
    fn explain(&mut self, ways: &Walks<'_>, found: &mut Found) {
        let host_ports = self.trial.judged.published.host_ports();
        self.failed.retain(|(stage, probe)| {
            let stop = (*stage == ProbedStage::Outside).then(|| ways.stop(probe)).flatten();
            let Some(stop) = stop else { return true };
            if ways.lets_others_in(probe) {
                let evidence = stop.evidence();
                let what = format!("port {host_ports} of the host from outside");
                let cause = format!(
                    "{}: {}, which stops the probe and lets others in",
                    evidence.source, evidence.observed
                );
                found.gap(Gap::new(GapKind::Failed, what, cause));
            }
            false
        });
    }

    /// The failure that is farthest from the program.
    fn concern(&self, probes: &Probes) -> Option<Concern> {
        let (stage, probe) = self.failed.iter().min_by_key(|(stage, _)| *stage)?;
        Some(concern(self.trial, *stage, probe, &self.results, probes))
    }
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
    fn of(trial: &Trial<'_>, results: &[(ProbedStage, &Probe)]) -> Option<Self> {
        let is_tcp = trial.judged.published.protocol == TransportProtocol::Tcp;
        let mut inside = results
            .iter()
            .filter(|(stage, _)| *stage == ProbedStage::Inside)
            .map(|(_, probe)| &probe.outcome);
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

    fn fails(&self, stage: ProbedStage, probe: &Probe, trial: &Trial<'_>) -> bool {
        let is_lost = || self.takes && self.is_lost(&probe.outcome);
        match stage {
            _ if matches!(probe.outcome, ProbeOutcome::NotTried(_)) => false,
            ProbedStage::Inside => self.is_tcp && !self.takes,
            ProbedStage::Outside => is_lost(),
            ProbedStage::Host | ProbedStage::Loopback => trial.is_relayed(probe) && is_lost(),
            _ => false,
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

fn concern(
    trial: &Trial<'_>,
    stage: ProbedStage,
    probe: &Probe,
    results: &[(ProbedStage, &Probe)],
    probes: &Probes,
) -> Concern {
    let (container, port) = (trial.judged.container, &trial.judged.published);
    let name = &container.name;
    let outcome = &probe.outcome;
    let host_ports = port.host_ports();
    let leads =
        format!("port {host_ports} of the host leads to container '{name}', whose program answers there");
    let summary = match stage {
        ProbedStage::Outside => format!("{leads}, but others do not reach it: {outcome}"),
        ProbedStage::Inside => format!(
            "the program in container '{name}' listens on port {}/{}, which is published, and does not answer there: \
             {outcome}",
            port.port, port.protocol
        ),
        _ => format!("{leads}, but this host does not reach it: {outcome}"),
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
