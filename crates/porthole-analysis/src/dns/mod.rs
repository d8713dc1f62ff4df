//! The way of a name: which servers are asked from where, what each rung came to, and which of them is broken.

mod arrival;
mod candidates;
mod case;
mod missed;
mod names;
mod neighbour;
mod route;
mod rungs;
mod standing;
mod verdicts;
mod visits;
mod voice;

#[cfg(test)]
mod tests;

use porthole_model::{DnsLadder, DnsOutcome, DnsReading, DnsSubject, DnsVisit, Gap, GapKind};

use self::case::Case;
use crate::diagnose::engine_name;

pub(crate) use self::arrival::{Arrival, arrival};
pub(crate) use self::case::has_names;
pub(crate) use self::missed::missed_names;
pub(crate) use self::neighbour::{Obstacle, Party, awake, obstacle, past};
pub(crate) use self::route::{EMBEDDED, RESOLVED_STUB};
pub(crate) use self::standing::{Standing, Teller, Trouble, standings, troubles};
pub(crate) use self::voice::outcome_words;

/// Who is to be asked what, once the files are read; the probes of `reading` are not looked at.
pub fn dns_visits(subject: &DnsSubject, reading: &DnsReading) -> Vec<DnsVisit> {
    visits::of(&Case::new(subject, reading))
}

/// Who is to be asked what once more, over TCP or without EDNS, by what came of the first questions.
pub fn dns_visits_again(subject: &DnsSubject, reading: &DnsReading) -> Vec<DnsVisit> {
    visits::again(&Case::new(subject, reading))
}

/// The same subject with those containers alone that a name that is looked up is of.
pub fn dns_subject(mut subject: DnsSubject) -> DnsSubject {
    let wanted = names::wanted(&subject);
    let is_wanted = |index| wanted.iter().any(|each| each.of == names::Owner::Peer(index));
    let peers = std::mem::take(&mut subject.peers).into_iter().enumerate();
    subject.peers = peers.filter(|(index, _)| is_wanted(*index)).map(|(_, peer)| peer).collect();
    subject
}

/// The ladder, with everything asked.
pub fn dns_ladder(subject: &DnsSubject, reading: &DnsReading) -> DnsLadder {
    let case = Case::new(subject, reading);
    let rungs = rungs::of(&case);
    DnsLadder {
        subject: subject.label.clone(),
        engine: subject.engine.as_ref().map(engine_name),
        names: names::looked_up(&case),
        verdicts: verdicts::of(&case),
        gaps: gaps(reading),
        rungs,
    }
}

/// What could not be read, each once; a file that this kind of host never has is not missed.
fn gaps(reading: &DnsReading) -> Vec<Gap> {
    let read = [
        reading.resolver_file.gap(),
        reading.hosts_file.gap(),
        reading.name_services.gap(),
        reading.host.resolver_file.gap(),
        reading.host.resolved_file.gap(),
        reading.host.engine_servers.gap(),
        reading.engine_sockets.gap(),
        reading.host_stubs.gap(),
    ];
    let asked = reading.probes.iter().filter_map(|probe| match &probe.outcome {
        DnsOutcome::NotAsked(gap) => Some(gap),
        _ => None,
    });
    let mut gaps: Vec<Gap> = Vec::new();
    for gap in read.into_iter().flatten().chain(asked) {
        if gap.kind != GapKind::NotAsked && !gaps.contains(gap) {
            gaps.push(gap.clone());
        }
    }
    gaps
}
