//! Which names are looked up, and what came of each.

use std::net::IpAddr;

use porthole_model::{DnsName, DnsOutcome, DnsPeer, DnsSubject, DnsTry, RecordKind};

use super::candidates::{with_glibc, with_musl};
use super::case::Case;
use super::neighbour::Party;

/// The outside name where none is given: IANA keeps it for such uses (RFC 2606), and it tells nobody anything.
pub(super) const OUTSIDE: &str = "example.com";

/// A name to look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) of: Owner,
    /// Whether a person asked for it.
    pub(super) is_typed: bool,
}

/// Whose name it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The container itself.
    Own,
    /// A container of the engine, by its place among the peers.
    Peer(usize),
    /// Nobody of whom the engine knows.
    Outside,
}

impl Wanted {
    pub(super) fn is_outside(&self) -> bool {
        self.of == Owner::Outside
    }

    /// The name without the dot that ends it.
    pub(super) fn plain(&self) -> &str {
        self.name.trim_end_matches('.')
    }
}

/// What was typed; else a neighbour's name and one outside.
pub(super) fn wanted(subject: &DnsSubject) -> Vec<Wanted> {
    if !subject.names.is_empty() {
        return subject.names.iter().map(|name| typed(subject, name)).collect();
    }
    let neighbour = subject.peers.iter().position(|peer| peer.is_alive() && shares_names(subject, peer));
    let neighbour = neighbour.map(|index| Wanted {
        name: subject.peers[index].name.clone(),
        of: Owner::Peer(index),
        is_typed: false,
    });
    let outside = Wanted { name: OUTSIDE.to_owned(), of: Owner::Outside, is_typed: false };
    neighbour.into_iter().chain([outside]).collect()
}

fn typed(subject: &DnsSubject, name: &str) -> Wanted {
    let plain = name.trim_end_matches('.');
    let of = if subject.container.as_deref() == Some(plain)
        || subject.attachments.iter().any(|at| has(&at.aliases, plain))
    {
        Owner::Own
    } else {
        subject.peers.iter().position(|peer| is_name_of(peer, plain)).map_or(Owner::Outside, Owner::Peer)
    };
    Wanted { name: name.to_owned(), of, is_typed: true }
}

fn is_name_of(peer: &DnsPeer, name: &str) -> bool {
    let is_id = name.len() >= 12 && peer.id.starts_with(name);
    peer.name == name || is_id || peer.attachments.iter().any(|at| has(&at.aliases, name))
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|each| each.eq_ignore_ascii_case(name))
}

/// Whether both are on a network whose members have names.
pub(super) fn shares_names(subject: &DnsSubject, peer: &DnsPeer) -> bool {
    Party::subject(subject).shares_names(&Party::peer(peer))
}

/// What came of each.
pub(super) fn looked_up(case: &Case<'_>) -> Vec<DnsName> {
    case.wanted.iter().map(|wanted| name(case, wanted)).collect()
}

pub(super) fn name(case: &Case<'_>, wanted: &Wanted) -> DnsName {
    let in_hosts_file = in_hosts_file(case, &wanted.name);
    let mut tried = Vec::new();
    for full in with_glibc(&wanted.name, &case.file) {
        let attempt = attempt(case, full);
        let is_found = !addresses(&attempt).is_empty();
        tried.push(attempt);
        if is_found {
            break;
        }
    }
    let by_dns = tried.last().map(addresses).unwrap_or_default();
    let with_musl = with_musl(&wanted.name, &case.file);
    DnsName {
        name: wanted.name.clone(),
        what: what(case, wanted),
        with_musl: (with_musl != with_glibc(&wanted.name, &case.file)).then_some(with_musl),
        addresses: if in_hosts_file.is_empty() { by_dns } else { in_hosts_file.clone() },
        in_hosts_file,
        tried,
    }
}

fn attempt(case: &Case<'_>, full: String) -> DnsTry {
    let of = |kind| case.of_entries(&full, kind).cloned();
    DnsTry { a: of(RecordKind::A), aaaa: of(RecordKind::Aaaa), name: full }
}

fn addresses(attempt: &DnsTry) -> Vec<IpAddr> {
    let outcomes = [&attempt.a, &attempt.aaaa].into_iter().flatten();
    outcomes.filter_map(DnsOutcome::answer).flat_map(|answer| answer.addresses.iter().copied()).collect()
}

fn in_hosts_file(case: &Case<'_>, name: &str) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.');
    let entries = case.reading.hosts_file.value().into_iter().flatten();
    entries.filter(|entry| has(&entry.names, name)).map(|entry| entry.address).collect()
}

fn what(case: &Case<'_>, wanted: &Wanted) -> String {
    match wanted.of {
        Owner::Own => "the container itself".to_owned(),
        Owner::Peer(index) => {
            case.subject.peers.get(index).map_or_else(String::new, |peer| format!("container {}", peer.name))
        }
        Owner::Outside => "outside".to_owned(),
    }
}
