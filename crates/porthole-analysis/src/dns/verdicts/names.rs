//! Names that nobody has, or that the asker cannot see.

use porthole_model::{
    DnsName, DnsOutcome, DnsPeer, DnsProbe, DnsRungKind, DnsTry, DnsVantage, DnsVerdict, ResponseCode,
    Severity,
};

use super::words::{Words, restart, verdict};
use crate::dns::case::{Case, has_names};
use crate::dns::names::{Owner, Wanted, name, shares_names};
use crate::shell::word;

/// What is wrong with each name that was not found; where a rung below is broken, only what that does not explain.
pub(super) fn of(case: &Case<'_>, is_broken: bool) -> Vec<DnsVerdict> {
    let missed = case.wanted.iter().filter_map(|wanted| {
        let looked_up = name(case, wanted);
        (looked_up.addresses.is_empty() && was_asked(&looked_up)).then_some((wanted, looked_up))
    });
    missed.filter_map(|(wanted, looked_up)| of_name(case, wanted, &looked_up, is_broken)).collect()
}

/// Whether any server was asked for it: of what could not be asked, nothing is known.
fn was_asked(looked_up: &DnsName) -> bool {
    let outcomes = looked_up.tried.iter().flat_map(|attempt| [&attempt.a, &attempt.aaaa]).flatten();
    outcomes.into_iter().any(|outcome| !matches!(outcome, DnsOutcome::NotAsked(_)))
}

fn of_name(case: &Case<'_>, wanted: &Wanted, looked_up: &DnsName, is_broken: bool) -> Option<DnsVerdict> {
    match wanted.of {
        Owner::Peer(index) => {
            let peer = case.subject.peers.get(index)?;
            let is_explained = is_broken && peer.is_alive && shares_names(case.subject, peer);
            if is_explained { None } else { Some(of_peer(case, wanted, peer, looked_up)) }
        }
        Owner::Own | Owner::Outside if is_broken => None,
        Owner::Own => Some(unknown(case, wanted, looked_up)),
        Owner::Outside => wanted.is_typed.then(|| of_outside(case, wanted, looked_up)),
    }
}

/// Why a container is not found.
fn of_peer(case: &Case<'_>, wanted: &Wanted, peer: &DnsPeer, looked_up: &DnsName) -> DnsVerdict {
    let words = if !peer.is_alive {
        asleep(wanted, peer)
    } else if case.reading.shares_host_network {
        from_host_network(case, peer)
    } else if case.named_networks().next().is_none() {
        without_names(case, peer)
    } else if !shares_names(case.subject, peer) {
        not_shared(case, peer)
    } else if !case.route.is_embedded && case.subject.engine.as_ref().is_some_and(is_docker) {
        not_asked(case, peer)
    } else {
        return unknown(case, wanted, looked_up);
    };
    verdict(
        DnsRungKind::Name,
        Severity::Error,
        words.seen(format!("lookup of {}", wanted.name), tried(looked_up)),
    )
}

fn is_docker(engine: &porthole_model::EngineVersion) -> bool {
    engine.kind == porthole_model::EngineKind::Docker
}

fn asleep(wanted: &Wanted, peer: &DnsPeer) -> Words {
    Words::new(format!("{} is not found because container {} does not run", wanted.name, peer.name))
        .mend("Start it", vec![format!("docker start {}", word(&peer.name))])
}

fn from_host_network(case: &Case<'_>, peer: &DnsPeer) -> Words {
    Words::new(format!(
        "{} is in the host's network, where containers have no names: {} is asked for at the host's servers",
        case.subject.label, peer.name
    ))
    .mend("Publish a port of it and use 127.0.0.1, or run both on a network of their own", Vec::new())
}

fn without_names(case: &Case<'_>, peer: &DnsPeer) -> Words {
    let own = case.subject.attachments.first().map_or("no network", |at| at.network_name.as_str());
    let commands = onto_one_network(case, peer);
    Words::new(format!(
        "containers on the default network have no names for each other: {} asks the host's servers for {}",
        case.subject.label, peer.name
    ))
    .seen("networks of the one that asks", own)
    .seen(format!("networks of {}", peer.name), networks(peer))
    .mend("Put both on a network that is made for them", commands)
}

/// The peer's network where it is on one with names, else a new one.
fn onto_one_network(case: &Case<'_>, peer: &DnsPeer) -> Vec<String> {
    let joins =
        |network: &str, name: &str| format!("docker network connect {} {}", word(network), word(name));
    let own = case.subject.container.iter();
    if let Some(at) = peer.attachments.iter().find(|at| has_names(&at.network_name)) {
        return own.map(|name| joins(&at.network_name, name)).collect();
    }
    let new = "docker network create app".to_owned();
    [new].into_iter().chain(own.map(|name| joins("app", name))).chain([joins("app", &peer.name)]).collect()
}

fn not_shared(case: &Case<'_>, peer: &DnsPeer) -> Words {
    let own: Vec<_> = case.named_networks().collect();
    let network = own.first().copied().unwrap_or_default();
    Words::new(format!(
        "{} is not on a network of {}, so it has no name there",
        peer.name, case.subject.label
    ))
    .seen("networks of the one that asks", own.join(", "))
    .seen(format!("networks of {}", peer.name), networks(peer))
    .mend(
        "Connect it to the same network",
        vec![format!("docker network connect {} {}", word(network), word(&peer.name))],
    )
}

/// On a network with names, and yet another server is asked.
fn not_asked(case: &Case<'_>, peer: &DnsPeer) -> Words {
    let servers: Vec<_> = case.file.name_servers.iter().map(ToString::to_string).collect();
    Words::new(format!(
        "{} does not ask the engine's resolver, which alone knows {}: its /etc/resolv.conf was replaced",
        case.subject.label, peer.name
    ))
    .seen("/etc/resolv.conf of the container", format!("nameserver {}", servers.join(" ")))
    .mend(
        "Let it name 127.0.0.11: take out the mount or the program that replaces it, and start it anew",
        restart(case),
    )
}

fn networks(peer: &DnsPeer) -> String {
    let names: Vec<_> = peer.attachments.iter().map(|at| at.network_name.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A name that should be known, and is not.
fn unknown(case: &Case<'_>, wanted: &Wanted, looked_up: &DnsName) -> DnsVerdict {
    let mut words = Words::new(format!("{} is not found", wanted.name))
        .seen(format!("lookup of {}", wanted.name), tried(looked_up));
    if let Owner::Peer(index) = wanted.of
        && let Some(peer) = case.subject.peers.get(index)
    {
        for at in peer.attachments.iter().filter(|at| has_names(&at.network_name)) {
            words =
                words.seen(format!("names of {} on {}", peer.name, at.network_name), at.aliases.join(", "));
        }
        words = words.mend("Use one of its names on the network that both are on", Vec::new());
    }
    verdict(DnsRungKind::Name, Severity::Error, words)
}

/// An outside name: nobody has it, or only those whom the host asks.
fn of_outside(case: &Case<'_>, wanted: &Wanted, looked_up: &DnsName) -> DnsVerdict {
    let words = Words::new(String::new()).seen(format!("lookup of {}", wanted.name), tried(looked_up));
    if let Some(probe) = on_host(case, looked_up) {
        let words = words
            .renamed(format!(
                "{} is found by the host, and not by the servers that {} asks",
                wanted.name, case.subject.label
            ))
            .seen(format!("question to {}:53 from the host", probe.server), addresses(probe))
            .mend(
                "If the host's servers changed since the container was started, start it anew",
                restart(case),
            )
            .mend(
                "Or name that server when the container is made",
                vec![super::words::recreate(case, &format!("--dns {}", probe.server))],
            );
        let rung = if case.route.is_embedded { DnsRungKind::Forwarder } else { DnsRungKind::NameServer };
        return verdict(rung, Severity::Error, words);
    }
    let words = words.renamed(format!("no server knows {}: it does not exist there", wanted.name));
    verdict(
        DnsRungKind::Name,
        Severity::Error,
        words.mend("Look at the spelling, and at the search domains", Vec::new()),
    )
}

/// What one of the host's own servers answered.
fn on_host<'a>(case: &Case<'a>, looked_up: &DnsName) -> Option<&'a DnsProbe> {
    case.reading.probes.iter().find(|probe| {
        probe.from == DnsVantage::Host
            && case.route.host_servers.contains(&probe.server)
            && looked_up.tried.iter().any(|attempt| attempt.name == probe.question.name)
            && probe.outcome.answer().is_some_and(|answer| !answer.addresses.is_empty())
    })
}

fn addresses(probe: &DnsProbe) -> String {
    let found = probe.outcome.answer().map(|answer| answer.addresses.as_slice()).unwrap_or_default();
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// The full names with what came of each: `db NXDOMAIN, db.corp.test NXDOMAIN`.
fn tried(looked_up: &DnsName) -> String {
    let words: Vec<_> = looked_up.tried.iter().map(attempt).collect();
    if words.is_empty() { "no server was asked".to_owned() } else { words.join(", ") }
}

fn attempt(attempt: &DnsTry) -> String {
    let word = match attempt.a.as_ref().or(attempt.aaaa.as_ref()) {
        Some(DnsOutcome::Answered(answer)) if answer.code == ResponseCode::NoError => "no address".to_owned(),
        Some(DnsOutcome::Answered(answer)) => answer.code.to_string(),
        Some(DnsOutcome::Silent) => "no answer".to_owned(),
        Some(DnsOutcome::Refused) => "refused".to_owned(),
        Some(DnsOutcome::Unreachable(_)) => "not reached".to_owned(),
        Some(DnsOutcome::Garbage(_)) => "no DNS answer".to_owned(),
        Some(DnsOutcome::Stranger(_)) => "an answer of somebody else".to_owned(),
        Some(DnsOutcome::NotAsked(_)) | None => "not asked".to_owned(),
    };
    format!("{} {word}", attempt.name)
}
