//! The rungs, from the container outwards, each with what was read and asked there.

use std::net::IpAddr;

use porthole_model::{
    DnsProbe, DnsRung, DnsRungKind, DnsRungState, DnsTransport, DnsVantage, NameServer, NotedForwarder,
    Observed, Port, Socket, SocketEndpoint, TransportProtocol,
};

use super::case::{Case, DNS_PORT};
use super::route::{Basis, EMBEDDED};
use super::voice::Voice;

/// All rungs that a name passes here.
pub(super) fn of(case: &Case<'_>) -> Vec<DnsRung> {
    let mut rungs = vec![resolver_file(case), hosts_file(case)];
    if case.route.is_embedded {
        rungs.extend([embedded(case), redirect(case), sockets(case)]);
        rungs.extend(case.route.forwarders.iter().map(|forwarder| self::forwarder(case, forwarder)));
        if case.route.forwarders.is_empty() {
            rungs.push(no_forwarder(case));
        }
    } else {
        rungs.extend(case.route.entries.iter().map(|server| name_server(case, server)));
    }
    if !case.reading.shares_host_network {
        rungs.extend(case.route.host_servers.iter().map(|server| host(case, server)));
    }
    rungs
}

fn rung(kind: DnsRungKind, title: impl Into<String>, state: DnsRungState, notes: Vec<String>) -> DnsRung {
    DnsRung { kind, title: title.into(), state, notes, probes: Vec::new() }
}

fn resolver_file(case: &Case<'_>) -> DnsRung {
    let (state, notes) = match &case.reading.resolver_file {
        Observed::Missing(gap) => (DnsRungState::Unknown, vec![gap.cause.clone()]),
        Observed::Known(None) => {
            (DnsRungState::Failed, vec!["there is none: C libraries ask 127.0.0.1".to_owned()])
        }
        Observed::Known(Some(_)) => (file_state(case), file_notes(case)),
    };
    rung(DnsRungKind::ResolverFile, "/etc/resolv.conf", state, notes)
}

fn file_state(case: &Case<'_>) -> DnsRungState {
    if case.file.name_servers.is_empty() {
        DnsRungState::Failed
    } else if case.route.ignored > 0 || !case.file.not_understood.is_empty() {
        DnsRungState::Poor
    } else {
        DnsRungState::Good
    }
}

fn file_notes(case: &Case<'_>) -> Vec<String> {
    let file = &case.file;
    let servers: Vec<_> = file.name_servers.iter().map(ToString::to_string).collect();
    let mut notes = if servers.is_empty() {
        vec!["names no server: C libraries ask 127.0.0.1".to_owned()]
    } else {
        vec![format!("nameserver {}", servers.join(" "))]
    };
    if case.route.ignored > 0 {
        notes.push(format!("C libraries ask the first 3 alone, not the last {}", case.route.ignored));
    }
    notes.push(match file.search.as_slice() {
        [] => "no search domain".to_owned(),
        domains => format!("search {}", domains.join(" ")),
    });
    notes.push(format!("ndots {}", file.ndots()));
    let others = file.options.iter().filter(|option| !option.starts_with("ndots"));
    notes.extend(Some(others.cloned().collect::<Vec<_>>().join(" ")).filter(|options| !options.is_empty()));
    notes.extend(file.not_understood.iter().map(|line| format!("not understood: {line:?}")));
    notes
}

fn hosts_file(case: &Case<'_>) -> DnsRung {
    let mut notes = Vec::new();
    let mut state = DnsRungState::Good;
    match &case.reading.hosts_file {
        Observed::Known(entries) => notes.push(format!("{} lines with names", entries.len())),
        Observed::Missing(gap) => {
            state = DnsRungState::Unknown;
            notes.push(gap.cause.clone());
        }
    }
    match case.reading.name_services.value() {
        Some(Some(services)) => {
            notes.push(format!("nsswitch.conf: hosts: {}", services.join(" ")));
            if !services.iter().any(|service| service == "dns" || service == "resolve") {
                state = DnsRungState::Poor;
                notes.push("programs with glibc ask no server".to_owned());
            }
        }
        Some(None) => notes.push("no nsswitch.conf".to_owned()),
        None => {}
    }
    rung(DnsRungKind::HostsFile, "/etc/hosts", state, notes)
}

fn embedded(case: &Case<'_>) -> DnsRung {
    let server = NameServer::from(EMBEDDED);
    let udp = case.voice(&server, DNS_PORT, DnsVantage::Container, DnsTransport::Udp);
    let tcp = case.voice(&server, DNS_PORT, DnsVantage::Container, DnsTransport::Tcp);
    let outside = case.voice_outside(&server, DNS_PORT, DnsVantage::Container);
    let state = match (&udp, &outside) {
        (None, _) => DnsRungState::Unknown,
        (Some(udp), _) if !udp.is_alive() => DnsRungState::Failed,
        (Some(_), Some(outside)) if !outside.knows() => DnsRungState::Poor,
        _ if tcp.as_ref().is_some_and(|tcp| !tcp.is_alive()) => DnsRungState::Poor,
        _ => DnsRungState::Good,
    };
    let mut notes = ways(udp.as_ref(), tcp.as_ref());
    if state == DnsRungState::Poor
        && let Some(outside) = outside.filter(|voice| !voice.knows())
    {
        notes.push(format!("names outside: {outside}"));
    }
    let probes = case.asked(&server, DNS_PORT, DnsVantage::Container, DnsTransport::Udp);
    let probes = probes.chain(case.asked(&server, DNS_PORT, DnsVantage::Container, DnsTransport::Tcp));
    DnsRung {
        probes: probes.cloned().collect(),
        ..rung(DnsRungKind::EmbeddedResolver, "127.0.0.11:53", state, notes)
    }
}

fn ways(udp: Option<&Voice>, tcp: Option<&Voice>) -> Vec<String> {
    let word = |over: &str, voice: Option<&Voice>| voice.map(|voice| format!("{over} {voice}"));
    [word("udp", udp), word("tcp", tcp)].into_iter().flatten().collect()
}

/// The rules themselves are not read: whether they are there shows in who answers.
fn redirect(case: &Case<'_>) -> DnsRung {
    let server = NameServer::from(EMBEDDED);
    let mut notes = Vec::new();
    let mut states = Vec::new();
    for (protocol, over) in
        [(TransportProtocol::Udp, DnsTransport::Udp), (TransportProtocol::Tcp, DnsTransport::Tcp)]
    {
        let front = case.voice(&server, DNS_PORT, DnsVantage::Container, over);
        let behind = behind(case, protocol, over);
        let ports: Vec<_> =
            case.engine_sockets(protocol).iter().map(|(address, _)| address.port().to_string()).collect();
        let state = led(front.as_ref(), behind.as_ref());
        let word = match state {
            DnsRungState::Good => "leads to",
            DnsRungState::Failed => "does not lead to",
            DnsRungState::Poor | DnsRungState::Unknown => "should lead to",
        };
        if !ports.is_empty() {
            notes.push(format!("{over} 127.0.0.11:53 {word} 127.0.0.11:{}", ports.join(", ")));
        }
        states.push(state);
    }
    let state = if states.contains(&DnsRungState::Failed) {
        DnsRungState::Failed
    } else {
        states.into_iter().next().unwrap_or(DnsRungState::Unknown)
    };
    rung(DnsRungKind::Redirect, "redirect to the engine", state, notes)
}

fn led(front: Option<&Voice>, behind: Option<&Voice>) -> DnsRungState {
    match (front, behind) {
        (Some(front), _) if front.is_alive() => DnsRungState::Good,
        (Some(_), Some(behind)) if behind.is_alive() => DnsRungState::Failed,
        _ => DnsRungState::Unknown,
    }
}

/// What the engine's own socket says, past the rules.
pub(super) fn behind(case: &Case<'_>, protocol: TransportProtocol, over: DnsTransport) -> Option<Voice> {
    let sockets = case.engine_sockets(protocol);
    let voices = sockets.iter().filter_map(|(address, _)| {
        case.voice(&EMBEDDED.into(), Port(address.port()), DnsVantage::Container, over)
    });
    voices.min_by_key(|voice| !voice.is_alive())
}

fn sockets(case: &Case<'_>) -> DnsRung {
    let title = "the engine's resolver";
    if let Some(gap) = case.reading.engine_sockets.gap() {
        return rung(DnsRungKind::EngineSockets, title, DnsRungState::Unknown, vec![gap.cause.clone()]);
    }
    let udp = case.engine_sockets(TransportProtocol::Udp);
    let tcp = case.engine_sockets(TransportProtocol::Tcp);
    if udp.is_empty() && tcp.is_empty() {
        let notes = vec!["no socket is bound to 127.0.0.11 in the container".to_owned()];
        return rung(DnsRungKind::EngineSockets, title, DnsRungState::Failed, notes);
    }
    let mut notes: Vec<String> =
        udp.iter().chain(&tcp).next().and_then(|(_, socket)| owners(socket)).into_iter().collect();
    let udp_voice = behind(case, TransportProtocol::Udp, DnsTransport::Udp);
    notes.extend(ways(udp_voice.as_ref(), behind(case, TransportProtocol::Tcp, DnsTransport::Tcp).as_ref()));
    let state = match udp_voice {
        Some(voice) if voice.is_alive() => DnsRungState::Good,
        Some(_) => DnsRungState::Failed,
        None => DnsRungState::Unknown,
    };
    let probes = udp.iter().chain(&tcp).flat_map(|(address, _)| {
        let port = Port(address.port());
        let of = move |over| {
            case.asked(&EMBEDDED.into(), port, DnsVantage::Container, over).cloned().collect::<Vec<_>>()
        };
        [of(DnsTransport::Udp), of(DnsTransport::Tcp)].concat()
    });
    let probes: Vec<DnsProbe> = probes.collect();
    DnsRung { probes, ..rung(DnsRungKind::EngineSockets, title, state, notes) }
}

/// Who holds a socket: `dockerd (812)`.
pub(super) fn owners(socket: &Socket) -> Option<String> {
    let owner = socket.owners.value()?.first()?;
    Some(format!("held by {} ({})", owner.name, owner.pid))
}

fn forwarder(case: &Case<'_>, forwarder: &NotedForwarder) -> DnsRung {
    let from = vantage(forwarder);
    let mut rung = server(case, DnsRungKind::Forwarder, &forwarder.server, from);
    rung.title = format!("forwarder {}", forwarder.server);
    rung.notes.insert(0, format!("asked from {from} ({})", basis(case.route.basis)));
    rung
}

/// The namespace that the engine asks it from.
pub(super) fn vantage(forwarder: &NotedForwarder) -> DnsVantage {
    if forwarder.from_host { DnsVantage::Host } else { DnsVantage::Container }
}

/// Where the forwarders are known from.
pub(super) fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Noted => "noted by the engine in the container's resolv.conf",
        Basis::Stored => "noted by the engine in its network database",
        Basis::Container => "the container was made with --dns",
        Basis::Engine => "the engine's settings",
        Basis::HostFile => "the host's resolv.conf, as it is now",
        Basis::Defaults => "the engine's own default, as nothing names a server",
        Basis::Nobody => "nothing names a server",
    }
}

fn no_forwarder(case: &Case<'_>) -> DnsRung {
    rung(DnsRungKind::Forwarder, "forwarders", DnsRungState::Failed, vec![basis(case.route.basis).to_owned()])
}

fn name_server(case: &Case<'_>, name_server: &NameServer) -> DnsRung {
    let mut rung = server(case, DnsRungKind::NameServer, name_server, DnsVantage::Container);
    rung.title = format!("name server {name_server}");
    rung
}

fn host(case: &Case<'_>, host_server: &NameServer) -> DnsRung {
    let mut rung = server(case, DnsRungKind::HostResolver, host_server, DnsVantage::Host);
    rung.title = format!("the host's server {host_server}");
    rung.notes.extend(served_by(case, host_server));
    rung
}

/// Who answers at a loopback address of the host: systemd-resolved, dnsmasq, ….
fn served_by(case: &Case<'_>, server: &NameServer) -> Option<String> {
    let stubs = case.reading.host_stubs.value().filter(|_| server.address.is_loopback())?;
    let bound_to = |wanted: &dyn Fn(IpAddr) -> bool| {
        stubs.iter().find(|socket| match &socket.endpoint {
            SocketEndpoint::Internet(internet) => wanted(internet.local.ip()),
            SocketEndpoint::Unix(_) => false,
        })
    };
    let exact = bound_to(&|address| address == server.address);
    owners(exact.or_else(|| bound_to(&|address| address.is_unspecified()))?)
}

/// A server, from where it is asked, and what it says to the other side where that differs.
fn server(case: &Case<'_>, kind: DnsRungKind, server: &NameServer, from: DnsVantage) -> DnsRung {
    let udp = case
        .voice_outside(server, DNS_PORT, from)
        .or_else(|| case.voice(server, DNS_PORT, from, DnsTransport::Udp));
    let tcp = case.voice(server, DNS_PORT, from, DnsTransport::Tcp);
    let state = match (&udp, &tcp) {
        (Some(voice), _) if !voice.knows() => DnsRungState::Failed,
        (Some(_), Some(tcp)) if !tcp.is_alive() => DnsRungState::Poor,
        (Some(_), _) => DnsRungState::Good,
        (None, _) => DnsRungState::Unknown,
    };
    let mut notes = ways(udp.as_ref(), tcp.as_ref());
    if case.outside().is_empty() && kind != DnsRungKind::NameServer {
        notes.push("not asked, as no name outside is looked up".to_owned());
    }
    let elsewhere = if from == DnsVantage::Host { DnsVantage::Container } else { DnsVantage::Host };
    let other = case.voice_outside(server, DNS_PORT, elsewhere);
    if let (Some(here), Some(other)) = (&udp, other)
        && kind != DnsRungKind::HostResolver
        && here.knows() != other.knows()
    {
        notes.push(format!("from {elsewhere}: {other}"));
    }
    let probes = case.asked(server, DNS_PORT, from, DnsTransport::Udp).chain(case.asked(
        server,
        DNS_PORT,
        from,
        DnsTransport::Tcp,
    ));
    DnsRung { probes: probes.cloned().collect(), ..rung(kind, server.to_string(), state, notes) }
}
