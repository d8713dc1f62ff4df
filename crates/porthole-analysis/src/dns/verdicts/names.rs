//! Names that nobody has, or that the asker cannot see.

use porthole_model::{
    DnsName, DnsOutcome, DnsPeer, DnsProbe, DnsRungKind, DnsTry, DnsVantage, DnsVerdict, NetworkAttachment,
    ResponseCode, Severity,
};

use super::words::{Words, client, restart, verdict};
use crate::dns::case::{Case, has_names};
use crate::dns::names::{Owner, Wanted, name, shares_names};
use crate::dns::neighbour::{Obstacle, Party, awake, obstacle, past};
use crate::exit_code;

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

/// Whether any server said something of it; what else there is to say, the rung below says.
fn was_answered(looked_up: &DnsName) -> bool {
    let outcomes = looked_up.tried.iter().flat_map(|attempt| [&attempt.a, &attempt.aaaa]).flatten();
    outcomes.into_iter().any(|outcome| outcome.answer().is_some())
}

fn of_name(case: &Case<'_>, wanted: &Wanted, looked_up: &DnsName, is_broken: bool) -> Option<DnsVerdict> {
    match wanted.of {
        Owner::Peer(index) => {
            let peer = case.subject.peers.get(index)?;
            let is_explained = is_broken && peer.is_alive() && shares_names(case.subject, peer);
            if is_explained { None } else { Some(of_peer(case, wanted, peer, looked_up)) }
        }
        Owner::Own | Owner::Outside if is_broken || !was_answered(looked_up) => None,
        Owner::Own => Some(unknown(case, wanted, looked_up)),
        Owner::Outside => wanted.is_typed.then(|| of_outside(case, wanted, looked_up)),
    }
}

/// Why a container is not found.
fn of_peer(case: &Case<'_>, wanted: &Wanted, peer: &DnsPeer, looked_up: &DnsName) -> DnsVerdict {
    let parties = (Party::subject(case.subject), Party::peer(peer));
    let words = match obstacle(&parties.0, &parties.1, wanted.plain()) {
        Some(obstacle) => kept_apart(case, wanted, peer, obstacle),
        None if !peer.is_alive() => asleep(case, wanted, peer),
        None if !case.route.is_embedded && case.subject.engine.as_ref().is_some_and(is_docker) => {
            not_asked(case, peer)
        }
        None => return unknown(case, wanted, looked_up),
    };
    let words = words.seen(format!("lookup of {}", wanted.name), tried(looked_up));
    verdict(DnsRungKind::Name, Severity::Error, words)
}

fn is_docker(engine: &porthole_model::EngineVersion) -> bool {
    engine.kind == porthole_model::EngineKind::Docker
}

fn asleep(case: &Case<'_>, wanted: &Wanted, peer: &DnsPeer) -> Words {
    let words =
        Words::new(format!("{} is not found because container {} does not run", wanted.name, peer.name))
            .seen(format!("state of {}", peer.name), state(peer));
    advised(words, awake(client(case), &Party::peer(peer)))
}

/// `exited, exit code 1`
fn state(peer: &DnsPeer) -> String {
    match peer.exit_code {
        Some(code) => format!("{}, exit code {}", peer.state, exit_code::in_words(code)),
        None => peer.state.to_string(),
    }
}

fn advised(words: Words, advice: Option<(String, Vec<String>)>) -> Words {
    match advice {
        Some((explanation, commands)) => words.mend(capitalized(&explanation), commands),
        None => words,
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn kept_apart(case: &Case<'_>, wanted: &Wanted, peer: &DnsPeer, obstacle: Obstacle) -> Words {
    let words = Words::new(why(case, wanted, peer, obstacle))
        .seen("networks of the one that asks", names_of(&case.subject.attachments))
        .seen(format!("networks of {}", peer.name), names_of(&peer.attachments));
    let words = if peer.is_alive() {
        words
    } else {
        words.seen(format!("state of {}, which does not run either", peer.name), state(peer))
    };
    let parties = (&Party::subject(case.subject), &Party::peer(peer));
    let is_taken = |name: &str| case.subject.networks.iter().any(|network| network == name);
    advised(words, Some(past(obstacle, client(case), parties, wanted.plain(), is_taken)))
}

fn why(case: &Case<'_>, wanted: &Wanted, peer: &DnsPeer, obstacle: Obstacle) -> String {
    let (asker, other) = (&case.subject.label, &peer.name);
    match obstacle {
        Obstacle::AskerOnHost => format!(
            "{asker} is in the host's network, where containers have no names: {other} is asked for at the host's servers"
        ),
        Obstacle::AskerAlone => format!("{asker} has no network (--network none), so it finds no container"),
        Obstacle::OtherOnHost => format!("{other} is in the host's network, and has no name for containers"),
        Obstacle::OtherAlone => format!("{other} has no network (--network none), and so no name"),
        Obstacle::OtherBeside => {
            format!("{other} is in the network of another container, and has no name of its own")
        }
        Obstacle::DefaultNetwork => format!(
            "containers on the default network have no names for each other: {asker} asks the host's servers for {other}"
        ),
        Obstacle::Apart if case.subject.container.is_none() => {
            format!("{other} is not on {asker}, so it has no name there")
        }
        Obstacle::Apart => format!("{other} is not on a network of {asker}, so it has no name there"),
        Obstacle::OtherName => format!("{} is a name of {other} on another network alone", wanted.name),
    }
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

fn names_of(attachments: &[NetworkAttachment]) -> String {
    let names: Vec<_> = attachments.iter().map(|at| at.network_name.as_str()).collect();
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
