//! Probes as evidence: beside what was read, and against it.

use porthole_model::{
    CheckCode, Confidence, Evidence, OutsidePlace, Probe, ProbeOutcome, ProbeVantage, Snapshot, SubjectKind,
};

use super::{Stage, Trial, trials};
use crate::checks::{Concern, about_port};

/// How many probes are shown for a finding about many ports.
const SHOWN: usize = 4;

/// Adds to each finding what was tried of the ports that it touches, and says where that contradicts it.
pub(crate) fn attach(snapshot: &Snapshot, concerns: &mut [Concern]) {
    let Some(probes) = snapshot.probes.value() else { return };
    let Ok((trials, _said_by_the_check)) = trials(snapshot) else { return };
    for concern in concerns.iter_mut().filter(|concern| concern.finding.code != CheckCode(120)) {
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
}

fn touches(concern: &Concern, trial: &Trial<'_>) -> bool {
    let judged = &trial.judged;
    concern.touches(&about_port(judged.container, judged.published.port, judged.published.protocol))
}

/// A finding about the host is one about who comes from outside.
fn concerns_stage(concern: &Concern, stage: Stage) -> bool {
    concern.finding.subject.kind == SubjectKind::Port || stage == Stage::Outside
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
fn is_denied(code: CheckCode, stage: Stage) -> bool {
    match code.0 {
        // Who listens nowhere, or for itself alone, answers nobody.
        10 | 11 => matches!(stage, Stage::Direct | Stage::Outside),
        12 => matches!(stage, Stage::Host { .. }),
        4..=6 => stage == Stage::Outside,
        40 => stage == Stage::Inside,
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
