//! Probes as evidence: beside what was read, and against it.

use porthole_model::{
    CheckCode, Confidence, Evidence, OutsidePlace, Probe, ProbeOutcome, ProbeVantage, ProbedStage, Probes,
    SubjectKind,
};

use super::reach::Purpose;
use super::{Inquiry, Reach, Trial};
use crate::case::Case;
use crate::checks::{Concern, about_container, about_network, about_port};

/// How many probes are shown for a finding about many ports.
const SHOWN: usize = 4;

/// Adds to each finding what was tried of what it touches, and says where that contradicts it.
pub(crate) fn attach(case: &Case<'_>, concerns: &mut [Concern]) {
    let Some(probes) = case.snapshot.probes.value() else { return };
    let Ok(attempts) = case.attempts() else { return };
    for concern in concerns.iter_mut().filter(|concern| concern.finding.code != CheckCode(120)) {
        of_ports(concern, &attempts.trials, probes);
        of_names(concern, &attempts.reaches, probes);
        of_ways_out(concern, &attempts.reaches, probes);
    }
}

fn of_ports(concern: &mut Concern, trials: &[Trial<'_>], probes: &Probes) {
    let touched = trials.iter().filter(|trial| touches(concern, trial));
    let results: Vec<_> = touched.flat_map(|trial| trial.results(probes)).collect();
    let told: Vec<_> = results.into_iter().filter(|(stage, _)| concerns_stage(concern, *stage)).collect();
    let mut denied = told.iter().filter(|(stage, _)| is_denied(concern.finding.code, *stage));
    let is_contradicted = denied.all(|(_, probe)| answers(concern.finding.code, &probe.outcome));
    for (stage, probe) in told.iter().take(SHOWN) {
        let contradicts = is_contradicted && is_denied(concern.finding.code, *stage);
        add(concern, line(probe, probes.outside.value()), contradicts);
    }
}

/// A finding about name servers is told what the container that asks for its network heard of them.
fn of_names(concern: &mut Concern, reaches: &[Reach<'_>], probes: &Probes) {
    let CheckCode(20..=22) = concern.finding.code else { return };
    let touched = reaches.iter().filter(|reach| concern.touches(&about_container(reach.container())));
    let told: Vec<_> =
        touched.flat_map(|reach| &reach.inquiries).filter(|asked| asked.purpose != Purpose::Router).collect();
    let is_own =
        |asked: &Inquiry| concern.finding.code == CheckCode(21) && asked.purpose == Purpose::Resolver;
    let is_contradicted = told.iter().filter(|asked| is_own(asked)).all(|asked| asked.is_answered(probes));
    let lines: Vec<_> = told
        .iter()
        .flat_map(|asked| {
            asked.lines(probes).into_iter().map(|line| (line, is_contradicted && is_own(asked)))
        })
        .take(SHOWN)
        .collect();
    for (line, contradicts) in lines {
        add(concern, line, contradicts);
    }
}

/// A finding about a network is told whom its container asked in vain.
fn of_ways_out(concern: &mut Concern, reaches: &[Reach<'_>], probes: &Probes) {
    let CheckCode(1..=6 | 16 | 26) = concern.finding.code else { return };
    let touched = reaches.iter().filter(|reach| concern.touches(&about_network(reach.network())));
    let failed = touched.flat_map(|reach| &reach.inquiries).filter(|asked| asked.fails(probes));
    let lines: Vec<_> = failed.flat_map(|asked| asked.lines(probes)).take(SHOWN).collect();
    for line in lines {
        add(concern, line, false);
    }
}

fn touches(concern: &Concern, trial: &Trial<'_>) -> bool {
    let judged = &trial.judged;
    concern.touches(&about_port(judged.container, judged.published.port, judged.published.protocol))
}

/// A finding about the host is one about who comes from outside.
fn concerns_stage(concern: &Concern, stage: ProbedStage) -> bool {
    concern.finding.subject.kind == SubjectKind::Port || stage == ProbedStage::Outside
}

fn add(concern: &mut Concern, mut evidence: Evidence, contradicts: bool) {
    if contradicts {
        evidence.observed.push_str(", which contradicts this finding");
        concern.finding.confidence = Confidence::Likely;
    }
    concern.finding.evidence.push(evidence);
}

/// Whether a finding says that what is tried there cannot be. It may be about one address or family of several: only
/// where all answer is it contradicted.
fn is_denied(code: CheckCode, stage: ProbedStage) -> bool {
    match code.0 {
        // Who listens nowhere, or for itself alone, answers nobody.
        10 | 11 => matches!(stage, ProbedStage::Target | ProbedStage::Outside),
        12 => matches!(stage, ProbedStage::Host | ProbedStage::Loopback),
        4..=6 => stage == ProbedStage::Outside,
        40 => stage == ProbedStage::Inside,
        _ => false,
    }
}

/// The kernel takes connections for a program that does not.
fn answers(code: CheckCode, outcome: &ProbeOutcome) -> bool {
    if code == CheckCode(40) { *outcome == ProbeOutcome::Answered } else { outcome.is_held() }
}

/// A probe in words.
pub(crate) fn line(probe: &Probe, outside: Option<&OutsidePlace>) -> Evidence {
    let request = &probe.request;
    let from = match (request.from, outside, probe.source) {
        (ProbeVantage::Outside, Some(place), Some(source)) => {
            format!("outside ({}, in by {})", source.ip(), place.interface)
        }
        (from, ..) => from.to_string(),
    };
    let time = if probe.outcome.is_taken() {
        format!(", after {}", milliseconds(probe.took))
    } else {
        String::new()
    };
    Evidence {
        source: format!("probe from {from} to {}/{}", request.target, request.protocol),
        observed: format!("{}{time}", probe.outcome),
    }
}

fn milliseconds(micros: u64) -> String {
    format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100)
}
