//! Servers that the container asks itself: on the default bridge, in the host's network, or by a file of its own.

use porthole_model::{DnsRungKind, DnsVantage, DnsVerdict, NameServer, Severity};

use super::words::{Words, engine_settings, recreate, restart, verdict};
use crate::dns::case::{Case, DNS_PORT};
use crate::dns::route::DEFAULTS;
use crate::dns::voice::Voice;

/// What is wrong with them.
pub(super) fn of(case: &Case<'_>) -> Vec<DnsVerdict> {
    if case.file.name_servers.is_empty() {
        return Vec::new();
    }
    let asked: Vec<_> =
        case.route.entries.iter().filter_map(|server| Some((server, said(case, server)?))).collect();
    let Some((first, voice)) = asked.first() else { return Vec::new() };
    if asked.iter().all(|(_, voice)| !voice.knows()) {
        return vec![failed(case, first, voice)];
    }
    if voice.is_alive() { Vec::new() } else { vec![slow(first, voice)] }
}

fn said(case: &Case<'_>, server: &NameServer) -> Option<Voice> {
    case.voice_outside(server, DNS_PORT, DnsVantage::Container)
        .or_else(|| case.voice(server, DNS_PORT, DnsVantage::Container, porthole_model::DnsTransport::Udp))
}

fn failed(case: &Case<'_>, server: &NameServer, voice: &Voice) -> DnsVerdict {
    let other = case.voice_outside(server, DNS_PORT, DnsVantage::Host);
    let words = Words::new(summary(case, server, voice, other.as_ref()))
        .seen("/etc/resolv.conf of the container", format!("nameserver {server}"))
        .seen(format!("question to {server}:53 from the container"), voice.to_string());
    let words = match &other {
        Some(other) if !case.reading.shares_host_network => {
            words.seen("the same from the host", other.to_string())
        }
        _ => words,
    };
    let words = mended(case, server, other.as_ref(), on_host(case, words));
    let severity = if is_cut_off(case) { Severity::Note } else { Severity::Error };
    verdict(DnsRungKind::NameServer, severity, words)
}

/// Whether the container has no network, or none with a way out, by design.
fn is_cut_off(case: &Case<'_>) -> bool {
    case.subject.network_mode == "none" || case.subject.has_no_way_out()
}

fn is_own_loopback(case: &Case<'_>, server: &NameServer) -> bool {
    server.address.is_loopback() && !case.reading.shares_host_network
}

fn summary(case: &Case<'_>, server: &NameServer, voice: &Voice, other: Option<&Voice>) -> String {
    let who = &case.subject.label;
    if case.subject.network_mode == "none" {
        return format!("{who} has no network by design (--network none), so it reaches no name server");
    }
    if case.subject.has_no_way_out() {
        return format!(
            "names are not found by design: {who} is on internal networks alone, which have no way out"
        );
    }
    if is_own_loopback(case, server) {
        return format!(
            "{who} asks {server}, which in a container is the container itself, and nobody listens there"
        );
    }
    if case.reading.shares_host_network {
        return format!("the host's own name server {server} fails: {voice}");
    }
    if other.is_some_and(Voice::knows) {
        return format!(
            "{who} does not get an answer from {server}, and the host does: the way between is broken"
        );
    }
    if is_default(case, server) {
        return format!(
            "{who} asks {server}, which the engine takes where the host names no server that a container can ask, and \
             which fails ({voice})"
        );
    }
    if host_knows(case) {
        return format!(
            "{who} asks {server}, which fails ({voice}); the host itself asks others, and they answer"
        );
    }
    format!("{who} asks {server}, which fails ({voice})")
}

/// Whether the engine chose it because the host's file left none.
fn is_default(case: &Case<'_>, server: &NameServer) -> bool {
    let hosts = &case.route.host_servers;
    let leaves_none = hosts.iter().all(|server| server.address.is_loopback());
    case.file.remarks.used_default_servers
        || (DEFAULTS.contains(&server.address) && leaves_none && case.subject.settings.servers.is_empty())
}

fn host_knows(case: &Case<'_>) -> bool {
    let says = |server| case.voice_outside(server, DNS_PORT, DnsVantage::Host);
    case.route.host_servers.iter().filter_map(says).any(|voice| voice.knows())
}

fn on_host(case: &Case<'_>, mut words: Words) -> Words {
    if case.reading.shares_host_network {
        return words;
    }
    for server in &case.route.host_servers {
        if let Some(voice) = case.voice_outside(server, DNS_PORT, DnsVantage::Host) {
            words = words.seen(format!("the host's own server {server}, from the host"), voice.to_string());
        }
    }
    words
}

fn mended(case: &Case<'_>, server: &NameServer, other: Option<&Voice>, words: Words) -> Words {
    if is_cut_off(case) {
        return words;
    }
    if case.reading.shares_host_network {
        return words.mend("Mend the host's /etc/resolv.conf, or the server that it names", Vec::new());
    }
    if other.is_some_and(Voice::knows) && !is_own_loopback(case, server) {
        return words
            .mend(
                "Find what keeps the container's packets from it: masquerading, forwarding, a firewall",
                vec!["porthole doctor".to_owned()],
            )
            .mend(
                "Or let the container ask a server that it reaches",
                vec![recreate(case, "--dns ADDRESS")],
            );
    }
    if case.route.host_servers.contains(server) {
        return words
            .mend(
                format!("Mend the server {server}, or the host's way to it: the host has the same trouble"),
                Vec::new(),
            )
            .mend("Or make the container anew with another server", vec![recreate(case, "--dns ADDRESS")]);
    }
    let words = if host_knows(case) && case.subject.settings.servers.is_empty() {
        words.mend(
            "The engine reads the host's servers when a container starts, unless the file was edited",
            restart(case),
        )
    } else {
        words
    };
    words
        .mend("Make the container anew with a server that it reaches", vec![recreate(case, "--dns ADDRESS")])
        .mend(format!("Or for all containers: {}", engine_settings()), Vec::new())
}

/// Another server answers, once the first was waited for.
fn slow(first: &NameServer, voice: &Voice) -> DnsVerdict {
    let words = Words::new(format!(
        "each lookup waits for {first} first, which fails, before it asks the next server"
    ))
    .seen(format!("question to {first}:53 from the container"), voice.to_string())
    .mend(format!("Take {first} out of the list of servers, or mend it"), Vec::new());
    verdict(DnsRungKind::NameServer, Severity::Warning, words)
}
