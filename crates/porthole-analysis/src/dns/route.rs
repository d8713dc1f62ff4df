//! Which servers a name passes: by what the files say, and by what each version of an engine does with them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use porthole_model::{
    DnsReading, DnsSettings, DnsSubject, EngineKind, HostNames, InternetSocket, NameServer, NotedForwarder,
    ResolverFile, Socket, SocketEndpoint, TransportProtocol,
};

/// Where Docker's own resolver is, in each container of a network with names.
pub(crate) const EMBEDDED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));
/// Where systemd-resolved listens.
pub(crate) const RESOLVED_STUB: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53));
/// What Docker asks where nobody tells it whom (moby, `libnetwork/resolvconf`).
pub(super) const DEFAULTS: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), IpAddr::V4(Ipv4Addr::new(8, 8, 4, 4))];
/// glibc and musl look at no more servers (`MAXNS`).
const MOST_SERVERS: usize = 3;

/// The way of a name.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The servers that the container asks.
    pub(super) entries: Vec<NameServer>,
    /// Those that are named and never asked.
    pub(super) ignored: usize,
    /// Whether the first of them is the engine's resolver.
    pub(super) is_embedded: bool,
    /// Those that the engine's resolver asks.
    pub(super) forwarders: Vec<NotedForwarder>,
    /// Why those.
    pub(super) basis: Basis,
    /// Those that the host itself asks.
    pub(super) host_servers: Vec<NameServer>,
}

/// How it is known whom the engine's resolver asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Basis {
    /// The engine noted it in the container's resolv.conf.
    Noted,
    /// The engine noted it in its network database.
    Stored,
    /// The container was told so (`--dns`).
    Container,
    /// The engine was told so (daemon.json, `dockerd --dns`).
    Engine,
    /// The host's resolv.conf names them.
    HostFile,
    /// Nobody names any, and the engine takes its own.
    Defaults,
    /// Nobody names any.
    Nobody,
}

/// What decides whom a container asks, beside its resolv.conf.
pub(super) struct Surroundings<'a> {
    /// What the container was told of DNS.
    pub(super) settings: &'a DnsSettings,
    /// Whether its engine is Podman.
    pub(super) is_podman: bool,
    /// Whom the engine and its host ask.
    pub(super) host: &'a HostNames,
    /// What an engine keeps on disk of whom its resolver asks; empty where that was not read.
    pub(super) stored: Vec<NotedForwarder>,
}

impl<'a> Surroundings<'a> {
    /// Those of a subject of which files alone were read.
    pub(super) fn of(subject: &'a DnsSubject, reading: &'a DnsReading) -> Self {
        let is_podman = subject.engine.as_ref().is_some_and(|engine| engine.kind == EngineKind::Podman);
        Self { settings: &subject.settings, is_podman, host: &reading.host, stored: Vec::new() }
    }
}

/// The way of a name from this container, by its resolv.conf where that was read.
pub(super) fn route(surroundings: &Surroundings<'_>, file: Option<&ResolverFile>) -> Route {
    let mut entries = file.map(|file| file.name_servers.clone()).unwrap_or_default();
    let ignored = entries.len().saturating_sub(MOST_SERVERS);
    entries.truncate(MOST_SERVERS);
    if entries.is_empty() && file.is_some() {
        // resolv.conf(5): without a server, that of the own machine.
        entries.push(NameServer::from(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
    let is_embedded = entries.first().is_some_and(|server| server.address == EMBEDDED);
    let (forwarders, basis) = match file {
        Some(file) if is_embedded => forwarders(surroundings, file),
        _ => (Vec::new(), Basis::Nobody),
    };
    let host_servers = host_servers(surroundings.host);
    Route { entries, ignored, is_embedded, forwarders, basis, host_servers }
}

/// The host's servers, and behind systemd's stub those that it asks itself.
pub(super) fn host_servers(host: &HostNames) -> Vec<NameServer> {
    let mut servers = named(host.resolver_file.value());
    servers.truncate(MOST_SERVERS);
    if servers.iter().any(|server| server.address == RESOLVED_STUB) {
        servers.extend(named(host.resolved_file.value()));
    }
    servers
}

fn named(file: Option<&Option<ResolverFile>>) -> Vec<NameServer> {
    file.into_iter().flatten().flat_map(|file| file.name_servers.clone()).collect()
}

fn forwarders(surroundings: &Surroundings<'_>, file: &ResolverFile) -> (Vec<NotedForwarder>, Basis) {
    let remarks = &file.remarks;
    if let Some(noted) = &remarks.forwarders {
        return (noted.clone(), noted_basis(surroundings, file));
    }
    if remarks.has_no_server {
        return (Vec::new(), Basis::Nobody);
    }
    if !surroundings.stored.is_empty() {
        return (surroundings.stored.clone(), stored_basis(surroundings));
    }
    before_notes(surroundings)
}

fn noted_basis(surroundings: &Surroundings<'_>, file: &ResolverFile) -> Basis {
    let is_told = file.remarks.overrides.iter().any(|word| word == "nameservers");
    match (is_told, surroundings.settings.servers.is_empty()) {
        _ if file.remarks.used_default_servers => Basis::Defaults,
        (true, false) => Basis::Container,
        (true, true) => Basis::Engine,
        (false, _) => Basis::Noted,
    }
}

fn stored_basis(surroundings: &Surroundings<'_>) -> Basis {
    match surroundings.host.engine_servers.value() {
        _ if !surroundings.settings.servers.is_empty() => Basis::Container,
        Some(servers) if !servers.is_empty() => Basis::Engine,
        _ => Basis::Stored,
    }
}

/// Docker 25 and older note nothing: what they do with the same settings (moby 20.10, `sandbox_dns_unix.go`). On networks
/// with names the host's own file counts, systemd-resolved's stub included, which is asked from the host.
fn before_notes(surroundings: &Surroundings<'_>) -> (Vec<NotedForwarder>, Basis) {
    let told: Vec<NameServer> = surroundings
        .settings
        .servers
        .iter()
        .filter_map(|text| text.parse().ok())
        .map(|address: IpAddr| address.into())
        .collect();
    if !told.is_empty() {
        return (from_container(told), Basis::Container);
    }
    match surroundings.host.engine_servers.value() {
        Some(servers) if !servers.is_empty() => return (from_container(servers.clone()), Basis::Engine),
        _ => {}
    }
    let file = &surroundings.host.resolver_file;
    let hosts = named(file.value());
    if hosts.is_empty() && file.value().is_some() && !surroundings.is_podman {
        return (from_container(DEFAULTS.map(NameServer::from).to_vec()), Basis::Defaults);
    }
    (of_host(hosts), Basis::HostFile)
}

fn from_container(servers: Vec<NameServer>) -> Vec<NotedForwarder> {
    servers.into_iter().map(|server| NotedForwarder { server, from_host: false }).collect()
}

/// Of the host's servers, those on its loopback are asked from there, and no IPv6 one is taken.
fn of_host(servers: Vec<NameServer>) -> Vec<NotedForwarder> {
    let usable = servers.into_iter().filter(|server| server.address.is_ipv4());
    usable.map(|server| NotedForwarder { from_host: server.address.is_loopback(), server }).collect()
}

/// The engine's sockets in the container's network namespace that take questions.
pub(super) fn engine_sockets(sockets: &[Socket], protocol: TransportProtocol) -> Vec<(SocketAddr, &Socket)> {
    let bound = sockets.iter().filter_map(|socket| match &socket.endpoint {
        SocketEndpoint::Internet(InternetSocket { protocol: spoken, local, .. }) => {
            (*spoken == protocol).then_some((*local, socket))
        }
        SocketEndpoint::Unix(_) => None,
    });
    bound.filter(|(local, _)| local.ip() == EMBEDDED).collect()
}
