//! Who is asked what: every rung at the same time, and no name of a container outside.

use std::collections::BTreeSet;

use porthole_model::{
    DnsOutcome, DnsProbe, DnsQuestion, DnsTransport, DnsVantage, DnsVisit, NameServer, NotedForwarder, Port,
    RecordKind, ResponseCode, TransportProtocol,
};

use super::candidates::with_glibc;
use super::case::{Case, DNS_PORT};

/// The visits, each once.
pub(super) fn of(case: &Case<'_>) -> Vec<DnsVisit> {
    let mut visits: Vec<DnsVisit> = Vec::new();
    visits.extend(case.route.entries.iter().flat_map(|server| entry(case, server)));
    visits.extend(sockets(case));
    visits.extend(case.route.forwarders.iter().flat_map(|forwarder| self::forwarder(case, forwarder)));
    visits.extend(host(case));
    visits.retain(|visit| !visit.questions.is_empty());
    let mut seen = BTreeSet::new();
    visits.retain(|visit| seen.insert((visit.from, visit.server.clone(), visit.port, visit.over)));
    visits
}

/// What is to be asked again: over TCP what did not fit a datagram, and without EDNS what a server did not understand.
pub(super) fn again(case: &Case<'_>) -> Vec<DnsVisit> {
    let mut visits: Vec<DnsVisit> = Vec::new();
    for probe in case.reading.probes.iter().filter(|probe| probe.over == DnsTransport::Udp) {
        let Some((over, edns)) = other_way(probe) else { continue };
        let is_there = |visit: &&mut DnsVisit| {
            (visit.from, &visit.server, visit.port) == (probe.from, &probe.server, probe.port)
                && (visit.over, visit.edns) == (over, edns)
        };
        match visits.iter_mut().find(is_there) {
            Some(visit) => visit.questions.push(probe.question.clone()),
            None => visits.push(DnsVisit {
                from: probe.from,
                server: probe.server.clone(),
                port: probe.port,
                over,
                edns,
                questions: vec![probe.question.clone()],
            }),
        }
    }
    visits
}

/// The way in which a question may still be answered.
fn other_way(probe: &DnsProbe) -> Option<(DnsTransport, bool)> {
    match &probe.outcome {
        DnsOutcome::Answered(answer) if answer.truncated => Some((DnsTransport::Tcp, probe.edns)),
        DnsOutcome::Answered(answer) if probe.edns && is_puzzled(answer.code) => {
            Some((DnsTransport::Udp, false))
        }
        DnsOutcome::Silent if probe.edns => Some((DnsTransport::Udp, false)),
        _ => None,
    }
}

/// What a server says of an extension that it does not know (RFC 6891, section 7).
pub(super) fn is_puzzled(code: ResponseCode) -> bool {
    matches!(code, ResponseCode::FormatError | ResponseCode::NotImplemented | ResponseCode::Other(16))
}

/// What the container itself would ask, of each of its servers.
fn entry(case: &Case<'_>, server: &NameServer) -> Vec<DnsVisit> {
    let names = case.wanted.iter().flat_map(|wanted| with_glibc(&wanted.name, &case.file));
    let all: Vec<String> = own(case).into_iter().chain(names).collect();
    let from = DnsVantage::Container;
    let mut visits = both(case, from, server, DNS_PORT, &all);
    // The same server from the other side tells whether it or the way to it is broken.
    visits.extend(if case.route.is_embedded { None } else { other_side(case, server, from) });
    visits
}

/// The engine's sockets, past the rules that lead to them.
fn sockets(case: &Case<'_>) -> Vec<DnsVisit> {
    let names: Vec<String> = own(case).into_iter().chain(case.outside()).collect();
    let ways = [(TransportProtocol::Udp, DnsTransport::Udp), (TransportProtocol::Tcp, DnsTransport::Tcp)];
    let visits = ways.into_iter().flat_map(|(protocol, over)| {
        let bound = case.engine_sockets(protocol).into_iter();
        bound.map(move |(address, _)| (address, over))
    });
    visits
        .map(|(address, over)| {
            let asked =
                if over == DnsTransport::Udp { names.as_slice() } else { &names[..names.len().min(1)] };
            visit(
                case,
                DnsVantage::Container,
                (&address.ip().into(), Port(address.port())),
                over,
                ipv4(asked),
            )
        })
        .collect()
}

/// A forwarder is asked from where the engine asks it, and from the other side for comparison.
fn forwarder(case: &Case<'_>, forwarder: &NotedForwarder) -> Vec<DnsVisit> {
    let from = if forwarder.from_host { DnsVantage::Host } else { DnsVantage::Container };
    let mut visits = both(case, from, &forwarder.server, DNS_PORT, &case.outside());
    visits.extend(other_side(case, &forwarder.server, from));
    visits
}

fn other_side(case: &Case<'_>, server: &NameServer, from: DnsVantage) -> Option<DnsVisit> {
    let other = match from {
        DnsVantage::Host => DnsVantage::Container,
        DnsVantage::Container => DnsVantage::Host,
    };
    let questions = ipv4(&case.outside());
    (!case.reading.shares_host_network)
        .then(|| visit(case, other, (server, DNS_PORT), DnsTransport::Udp, questions))
}

fn host(case: &Case<'_>) -> Vec<DnsVisit> {
    if case.reading.shares_host_network {
        return Vec::new();
    }
    let servers = case.route.host_servers.iter();
    servers.flat_map(|server| both(case, DnsVantage::Host, server, DNS_PORT, &case.outside())).collect()
}

/// All names over UDP, and the first over TCP.
fn both(
    case: &Case<'_>,
    from: DnsVantage,
    server: &NameServer,
    port: Port,
    names: &[String],
) -> Vec<DnsVisit> {
    let over = |over, questions| visit(case, from, (server, port), over, questions);
    vec![
        over(DnsTransport::Udp, questions(names)),
        over(DnsTransport::Tcp, ipv4(&names[..names.len().min(1)])),
    ]
}

fn visit(
    case: &Case<'_>,
    from: DnsVantage,
    (server, port): (&NameServer, Port),
    over: DnsTransport,
    questions: Vec<DnsQuestion>,
) -> DnsVisit {
    DnsVisit { from, server: server.clone(), port, over, edns: case.file.asks_with_edns(), questions }
}

fn own(case: &Case<'_>) -> Option<String> {
    case.subject.own_name.clone().filter(|_| case.route.is_embedded)
}

fn questions(names: &[String]) -> Vec<DnsQuestion> {
    let mut asked: Vec<DnsQuestion> = Vec::new();
    for name in names {
        for kind in [RecordKind::A, RecordKind::Aaaa] {
            let question = DnsQuestion { name: name.clone(), kind };
            if !asked.contains(&question) {
                asked.push(question);
            }
        }
    }
    asked
}

fn ipv4(names: &[String]) -> Vec<DnsQuestion> {
    let asked = questions(names).into_iter();
    asked.filter(|question| question.kind == RecordKind::A).collect()
}
