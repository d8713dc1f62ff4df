//! Several servers asked at the same time, each from the network namespace that it is to be asked from.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::thread;
use std::time::Duration;

use porthole_model::{
    DnsOutcome, DnsProbe, DnsQuestion, DnsTransport, DnsVantage, DnsVisit, Gap, GapKind, Observed,
};
use porthole_wire::dns;

use super::{tcp, udp};
use crate::ProcessDoor;

/// The ways into the network namespaces that questions are asked from.
pub struct DnsDoors {
    /// Into the container's.
    pub container: Observed<ProcessDoor>,
    /// Into the engine's, or the host's.
    pub host: Observed<ProcessDoor>,
}

/// Makes all visits at once; each question is answered, or given up, within `patience`. The order is that of the visits.
pub fn ask_servers(doors: &DnsDoors, visits: &[DnsVisit], patience: Duration) -> Vec<DnsProbe> {
    thread::scope(|scope| {
        let started: Vec<_> = visits
            .iter()
            .map(|visit| thread::Builder::new().spawn_scoped(scope, move || doors.make(visit, patience)))
            .collect();
        let mut probes = Vec::new();
        for (visit, thread) in visits.iter().zip(started) {
            match thread {
                Ok(thread) => {
                    probes.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
                }
                Err(error) => {
                    probes.extend(unasked(visit, &Gap::new(GapKind::Failed, "question", error.to_string())));
                }
            }
        }
        probes
    })
}

impl DnsDoors {
    fn make(&self, visit: &DnsVisit, patience: Duration) -> Vec<DnsProbe> {
        let door = match visit.from {
            DnsVantage::Container => &self.container,
            DnsVantage::Host => &self.host,
        };
        match door.known().and_then(|door| made(door, visit, patience)) {
            Ok(probes) => probes,
            Err(gap) => unasked(visit, &gap),
        }
    }
}

/// Makes one; each question is answered, or given up, within `patience`.
pub(super) fn made(door: &ProcessDoor, visit: &DnsVisit, patience: Duration) -> Result<Vec<DnsProbe>, Gap> {
    let server = address(door, visit)?;
    let mut pending = pending(visit);
    match visit.over {
        DnsTransport::Udp => udp::ask(&door.unconnected_udp_socket(server)?, server, &mut pending, patience),
        DnsTransport::Tcp => tcp::ask(door, server, &mut pending, patience)?,
    }
    let probes = pending.into_iter().map(|each| {
        let (outcome, took) =
            each.settled.unwrap_or_else(|| (each.flaw.unwrap_or(DnsOutcome::Silent), patience));
        probe(visit, each.question, outcome, took)
    });
    Ok(probes.collect())
}

/// Where the server is; a zone is the number that its interface has there.
fn address(door: &ProcessDoor, visit: &DnsVisit) -> Result<SocketAddr, Gap> {
    let port = visit.port.0;
    match (visit.server.address, &visit.server.zone) {
        (IpAddr::V6(address), Some(zone)) => {
            let scope = door.interface_index(zone)?;
            Ok(SocketAddrV6::new(address, port, 0, scope).into())
        }
        (address, _) => Ok(SocketAddr::new(address, port)),
    }
}

/// A question on its way.
pub(super) struct Pending {
    pub(super) question: DnsQuestion,
    pub(super) id: u16,
    pub(super) bytes: Vec<u8>,
    pub(super) settled: Option<(DnsOutcome, Duration)>,
    /// Something that came and is no answer; one may still come.
    pub(super) flaw: Option<DnsOutcome>,
}

impl Pending {
    /// Takes an outcome, unless there is one.
    pub(super) fn settle(&mut self, outcome: DnsOutcome, took: Duration) {
        self.settled.get_or_insert((outcome, took));
    }
}

/// The questions as messages, numbered from a number that nobody can guess.
fn pending(visit: &DnsVisit) -> Vec<Pending> {
    let random = RandomState::new().build_hasher().finish().to_le_bytes();
    let mut id = u16::from_le_bytes([random[0], random[1]]);
    let one = |question: &DnsQuestion| {
        id = id.wrapping_add(1);
        let message = dns::question(id, question, visit.edns);
        let impossible = |error: &dns::MessageError| {
            (DnsOutcome::NotAsked(Gap::new(GapKind::Failed, "question", error.to_string())), Duration::ZERO)
        };
        Pending {
            question: question.clone(),
            id,
            settled: message.as_ref().err().map(impossible),
            bytes: message.unwrap_or_default(),
            flaw: None,
        }
    };
    visit.questions.iter().map(one).collect()
}

fn unasked(visit: &DnsVisit, gap: &Gap) -> Vec<DnsProbe> {
    let one = |question: &DnsQuestion| {
        probe(visit, question.clone(), DnsOutcome::NotAsked(gap.clone()), Duration::ZERO)
    };
    visit.questions.iter().map(one).collect()
}

fn probe(visit: &DnsVisit, question: DnsQuestion, outcome: DnsOutcome, took: Duration) -> DnsProbe {
    DnsProbe {
        from: visit.from,
        server: visit.server.clone(),
        port: visit.port,
        over: visit.over,
        edns: visit.edns,
        question,
        outcome,
        took: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    }
}
