//! The servers that the engine's resolver asks: none, silent, refusing, out of reach, or those of yesterday.

use porthole_model::{
    DnsRungKind, DnsTransport, DnsVantage, DnsVerdict, NameServer, NotedForwarder, Severity,
};

use super::words::{Words, engine_settings, recreate, restart, verdict};
use crate::dns::case::{Case, DNS_PORT};
use crate::dns::route::{Basis, EMBEDDED, RESOLVED_STUB};
use crate::dns::rungs::{basis, vantage};
use crate::dns::voice::Voice;

/// What is wrong behind a resolver that is alive.
pub(super) fn of(case: &Case<'_>) -> Vec<DnsVerdict> {
    let Some(outside) = case.voice_outside(&NameServer::from(EMBEDDED), DNS_PORT, DnsVantage::Container)
    else {
        return Vec::new();
    };
    if outside.knows() {
        return slow(case).into_iter().collect();
    }
    if case.subject.has_no_way_out() {
        return vec![internal(case, &outside)];
    }
    vec![broken(case).unwrap_or_else(|| not_passed_on(case, &outside))]
}

/// The first forwarder, if none of them works; or that there is none.
pub(super) fn broken(case: &Case<'_>) -> Option<DnsVerdict> {
    if case.route.forwarders.is_empty() {
        return Some(none(case));
    }
    let mut failing = Vec::new();
    for forwarder in &case.route.forwarders {
        let voice = case.voice_outside(&forwarder.server, DNS_PORT, vantage(forwarder))?;
        if voice.knows() {
            return None;
        }
        failing.push((forwarder, voice));
    }
    failing.first().map(|(forwarder, voice)| failed(case, forwarder, voice))
}

fn none(case: &Case<'_>) -> DnsVerdict {
    let words = Words::new("the engine's resolver has no server to ask for names outside")
        .seen("forwarders", basis(case.route.basis))
        .seen("the host's resolv.conf", servers(&case.route.host_servers))
        .mend(format!("Tell the engine whom to ask: {}", engine_settings()), Vec::new())
        .mend("Or for this container alone", vec![recreate(case, "--dns ADDRESS")]);
    verdict(DnsRungKind::Forwarder, Severity::Error, words)
}

fn internal(case: &Case<'_>, outside: &Voice) -> DnsVerdict {
    let networks: Vec<_> = case.named_networks().collect();
    let words = Words::new(format!(
        "names outside are not found by design: {} is on internal networks alone, which have no way out",
        case.subject.label
    ))
    .seen("question for a name outside to 127.0.0.11:53", outside.to_string())
    .seen("networks, all of them internal", networks.join(", "))
    .mend("If it is to reach the outside, connect it to a network that leads there", connect_outside(case));
    verdict(DnsRungKind::Forwarder, Severity::Note, words)
}

fn connect_outside(case: &Case<'_>) -> Vec<String> {
    let name = case.subject.container.iter();
    name.map(|name| format!("docker network connect bridge {}", crate::shell::word(name))).collect()
}

/// One forwarder, and why it does not work.
fn failed(case: &Case<'_>, forwarder: &NotedForwarder, voice: &Voice) -> DnsVerdict {
    let (server, from) = (&forwarder.server, vantage(forwarder));
    let elsewhere = if from == DnsVantage::Host { DnsVantage::Container } else { DnsVantage::Host };
    let other = case.voice_outside(server, DNS_PORT, elsewhere);
    let words = Words::new(summary(case, forwarder, voice, other.as_ref()))
        .seen(format!("question to {server}:53 from {from}"), voice.to_string());
    let words = match &other {
        Some(other) => words.seen(format!("the same from {elsewhere}"), other.to_string()),
        None => words,
    };
    let words = match case.voice(server, DNS_PORT, from, DnsTransport::Tcp) {
        Some(tcp) if tcp.is_alive() != voice.is_alive() => words.seen("the same over TCP", tcp.to_string()),
        _ => words,
    };
    let words = words.seen("why that server", basis(case.route.basis));
    let words = mended(case, forwarder, other.is_some_and(|voice| voice.knows()), seen_on_host(case, words));
    verdict(DnsRungKind::Forwarder, Severity::Error, words)
}

fn summary(case: &Case<'_>, forwarder: &NotedForwarder, voice: &Voice, other: Option<&Voice>) -> String {
    let (server, from) = (&forwarder.server, vantage(forwarder));
    let what = failure(voice);
    let asks = format!("the engine's resolver asks {server}");
    if server.address.is_loopback() && from == DnsVantage::Container {
        return format!(
            "{asks} from the container's network, where that is the container's own loopback: it {what}"
        );
    }
    match from {
        DnsVantage::Container if other.is_some_and(Voice::knows) => {
            return format!(
                "{asks} from the container's network, from where it {what}; from the host it answers"
            );
        }
        DnsVantage::Host if other.is_some_and(Voice::knows) => {
            return format!("{asks} from the host, from where it {what}; from the container it answers");
        }
        DnsVantage::Container | DnsVantage::Host => {}
    }
    if is_stale(case, server) {
        return format!("{asks}, which {what}; the host itself asks others since, and they answer");
    }
    if server.address == RESOLVED_STUB && forwarder.from_host && nobody_at(case, server) {
        return format!("{asks}, systemd-resolved's stub on the host, and nobody listens there");
    }
    if case.route.basis == Basis::Defaults {
        return format!("{asks}, its own default as the host's resolv.conf names no server, and it {what}");
    }
    format!("{asks}, which {what}")
}

fn failure(voice: &Voice) -> String {
    match voice {
        Voice::Declines(code) => format!("answers {code}"),
        Voice::Silent(_) => "does not answer".to_owned(),
        Voice::Refused => {
            "refuses questions: nobody listens at its port 53, or a firewall says so".to_owned()
        }
        Voice::Unreachable(words) => format!("is not reached: {words}"),
        Voice::Garbage(_) => "sends something that is no DNS answer".to_owned(),
        Voice::Stranger(address) => format!("is answered for by {address}"),
        Voice::Knows(_) => "answers".to_owned(),
    }
}

fn nobody_at(case: &Case<'_>, server: &NameServer) -> bool {
    let stubs = case.reading.host_stubs.value();
    stubs.is_some_and(|stubs| {
        !stubs.iter().any(|socket| match &socket.endpoint {
            porthole_model::SocketEndpoint::Internet(internet) => {
                internet.local.ip() == server.address || internet.local.ip().is_unspecified()
            }
            porthole_model::SocketEndpoint::Unix(_) => false,
        })
    })
}

/// Whether the host does without that server today, and finds names.
fn is_stale(case: &Case<'_>, server: &NameServer) -> bool {
    !case.route.host_servers.contains(server) && host_knows(case) && !is_told(case)
}

/// Whether somebody chose the servers, instead of leaving them to the host's file.
fn is_told(case: &Case<'_>) -> bool {
    matches!(case.route.basis, Basis::Container | Basis::Engine)
}

fn host_knows(case: &Case<'_>) -> bool {
    case.route.host_servers.iter().any(|server| {
        case.voice_outside(server, DNS_PORT, DnsVantage::Host).is_some_and(|voice| voice.knows())
    })
}

fn seen_on_host(case: &Case<'_>, mut words: Words) -> Words {
    for server in &case.route.host_servers {
        if let Some(voice) = case.voice_outside(server, DNS_PORT, DnsVantage::Host) {
            words = words.seen(format!("the host's own server {server}, from the host"), voice.to_string());
        }
    }
    words
}

fn mended(case: &Case<'_>, forwarder: &NotedForwarder, answers_elsewhere: bool, words: Words) -> Words {
    let server = &forwarder.server;
    if is_stale(case, server) {
        return words.mend("The engine reads the host's servers when a container starts", restart(case));
    }
    if server.address == RESOLVED_STUB && forwarder.from_host && nobody_at(case, server) {
        return words
            .mend("Start systemd-resolved on the host", vec!["systemctl start systemd-resolved".to_owned()])
            .mend(
                "Or write the real servers into the host's /etc/resolv.conf, then start the container anew",
                restart(case),
            )
            .mend(format!("Or {}", engine_settings()), Vec::new());
    }
    if is_told(case) {
        return words
            .mend(
                "Make the container anew with a server that it can reach",
                vec![recreate(case, "--dns ADDRESS")],
            )
            .mend(format!("Or, where the engine was told so: {}", engine_settings()), Vec::new());
    }
    if answers_elsewhere {
        return words
            .mend(
                "Find what keeps the container's packets from it: masquerading, forwarding, a firewall",
                vec!["porthole doctor".to_owned()],
            )
            .mend("Or let it ask a server that it reaches", vec![recreate(case, "--dns ADDRESS")]);
    }
    words
        .mend(
            format!("Mend the server {server}, or the host's way to it: the host has the same trouble"),
            Vec::new(),
        )
        .mend(format!("Or {}", engine_settings()), Vec::new())
}

/// One forwarder works behind one that does not.
fn slow(case: &Case<'_>) -> Option<DnsVerdict> {
    let first = case.route.forwarders.first()?;
    let voice = case.voice_outside(&first.server, DNS_PORT, vantage(first)).filter(|voice| !voice.knows())?;
    let others: Vec<_> = case.route.forwarders.iter().skip(1).map(|each| each.server.clone()).collect();
    if others.is_empty() {
        return None;
    }
    let words = Words::new(format!(
        "names outside take longer than they need: {} is asked first and {}",
        first.server,
        failure(&voice)
    ))
    .seen(format!("question to {}:53 from {}", first.server, vantage(first)), voice.to_string())
    .seen("asked after it", servers(&others))
    .mend(format!("Take it out where it is named ({})", basis(case.route.basis)), Vec::new());
    Some(verdict(DnsRungKind::Forwarder, Severity::Warning, words))
}

/// The forwarders work, and the resolver still finds nothing.
fn not_passed_on(case: &Case<'_>, outside: &Voice) -> DnsVerdict {
    let all: Vec<_> = case.route.forwarders.iter().map(|each| each.server.clone()).collect();
    let words = Words::new(
        "the engine's resolver does not find names outside, though the servers that it should ask answer",
    )
    .seen("question for a name outside to 127.0.0.11:53", outside.to_string())
    .seen(format!("{}, asked by porthole", servers(&all)), "they answer")
    .seen("why those", basis(case.route.basis))
    .mend(
        "It may still ask servers of the time when the container was started: start it anew",
        restart(case),
    );
    verdict(DnsRungKind::EmbeddedResolver, Severity::Error, words)
}

fn servers(servers: &[NameServer]) -> String {
    if servers.is_empty() {
        return "no server".to_owned();
    }
    servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
