//! The way of names of every container as files and sockets show it, without a question being asked.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use porthole_model::{
    Container, ContainerState, Engine, EngineKind, Gap, GapKind, HostNames, NameFiles, NameServer,
    NetworkDatabase, NetworkStack, NotedForwarder, Observed, ResolverFile, Snapshot, Socket,
    TransportProtocol,
};

use super::arrival::{Arrival, arrival};
use super::case::DNS_PORT;
use super::route::{Basis, DEFAULTS, RESOLVED_STUB, Route, Surroundings, engine_sockets, route};
use crate::places::{container_namespace, engine_namespace, has_own_namespace};
use crate::ports::{in_this_kernel, is_settling};

/// What Docker asks over IPv6 where nobody tells it whom.
const DEFAULTS_V6: [Ipv6Addr; 2] = [
    Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888),
    Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8844),
];

/// How long after a container's start its engine may write its resolv.conf, in milliseconds.
const WRITTEN_WITHIN: i64 = 3_000;

/// A living container with files and a network of its own, and its way of names.
#[derive(Clone, Debug)]
pub(crate) struct Standing<'a> {
    pub(crate) container: &'a Container,
    pub(crate) stack: &'a NetworkStack,
    pub(crate) file: &'a ResolverFile,
    pub(crate) host: &'a HostNames,
    route: Route,
    is_podman: bool,
    /// Why the engine's settings are not known to name no server.
    unknown_settings: Option<Gap>,
    has_way_out: bool,
}

/// Who says which servers are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Teller {
    /// The container's own options.
    Container,
    /// The engine's settings.
    Engine,
    /// The host's resolv.conf.
    Host,
}

/// What is wrong with the servers that a container's names come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// They are servers that the host's files do not name any more.
    Stale {
        /// Those.
        asked: Vec<NameServer>,
        /// The host's of today.
        today: Vec<NameServer>,
        /// Whether no other one is asked, and nobody listens at any of them.
        is_dead: bool,
    },
    /// All of them are on a loopback where nobody listens.
    Deaf {
        /// Those.
        asked: Vec<NameServer>,
        /// Whether that is the loopback of the engine's host, not the container's own.
        on_host: bool,
        /// Who named them.
        teller: Teller,
    },
    /// The engine took its own, as the host's file names none that a container can ask.
    Defaults {
        /// Those.
        asked: Vec<NameServer>,
    },
    /// There is none.
    None,
}

impl Trouble {
    /// Whether the container alone was told so.
    fn is_own(&self) -> bool {
        matches!(self, Self::Deaf { teller: Teller::Container, .. })
    }
}

/// Something that is wrong, and with which containers.
pub(crate) type TroubleOf<'a> = (Trouble, Vec<Standing<'a>>);

/// All such containers; of those that cannot be judged, why.
pub(crate) fn standings(snapshot: &Snapshot) -> Result<Vec<Result<Standing<'_>, Gap>>, Gap> {
    let engine = snapshot.engine.known()?;
    let files = snapshot.names.known()?;
    snapshot.host.known()?.network_namespaces.known()?;
    let containers = engine.containers.known()?.iter().filter(|each| has_own_names(each));
    Ok(containers.map(|container| standing(snapshot, engine, files, container)).collect())
}

/// What is wrong, each thing with the containers that it is wrong with; and of those that cannot be judged, why.
pub(crate) fn troubles(snapshot: &Snapshot) -> Result<(Vec<TroubleOf<'_>>, Vec<Gap>), Gap> {
    let mut troubles: Vec<TroubleOf<'_>> = Vec::new();
    let mut gaps = Vec::new();
    for standing in standings(snapshot)? {
        match standing.and_then(|standing| Ok((standing.trouble(snapshot)?, standing))) {
            Ok((Some(trouble), standing)) => {
                // What a container was told is its own, even where another was told the same.
                let same = troubles.iter_mut().find(|(each, _)| *each == trouble && !trouble.is_own());
                match same {
                    Some((_, standings)) => standings.push(standing),
                    None => troubles.push((trouble, vec![standing])),
                }
            }
            Ok((None, _)) => {}
            Err(gap) => gaps.extend((!gaps.contains(&gap)).then_some(gap)),
        }
    }
    Ok((troubles, gaps))
}

fn has_own_names(container: &Container) -> bool {
    matches!(container.state, ContainerState::Running | ContainerState::Paused)
        && has_own_namespace(container)
        && !container.attachments.is_empty()
        && !container.mounts.iter().any(|mount| mount.destination == "/etc/resolv.conf")
}

fn standing<'a>(
    snapshot: &'a Snapshot,
    engine: &'a Engine,
    files: &'a NameFiles,
    container: &'a Container,
) -> Result<Standing<'a>, Gap> {
    let what = || format!("/etc/resolv.conf of container '{}'", container.name);
    let vanished = || Gap::new(GapKind::Vanished, what(), "no process of it was seen");
    let file = files.containers.get(&container.id).ok_or_else(vanished)?.known()?.as_ref();
    let file = file.ok_or_else(|| Gap::new(GapKind::Failed, what(), "it has none"))?;
    let is_podman = engine.version.kind == EngineKind::Podman;
    let host = &files.host;
    let stored = stored(snapshot, container);
    let surroundings = Surroundings { settings: &container.dns, is_podman, host, stored };
    Ok(Standing {
        container,
        stack: container_namespace(snapshot.host.known()?, container)?.stack.known()?,
        file,
        host,
        route: route(&surroundings, Some(file)),
        is_podman,
        unknown_settings: unknown_settings(engine, host),
        has_way_out: has_way_out(engine, container)?,
    })
}

/// Whom the engine's resolver asks, as its network database has it.
fn stored(snapshot: &Snapshot, container: &Container) -> Vec<NotedForwarder> {
    let database = snapshot.network_database.value();
    let sandboxes = database.into_iter().flat_map(NetworkDatabase::sandboxes);
    let own = sandboxes.filter(|sandbox| sandbox.container == container.id);
    let forwarders = own.flat_map(|sandbox| &sandbox.forwarders);
    let noted = |address: IpAddr, from_host| NotedForwarder { server: address.into(), from_host };
    forwarders.filter_map(|each| Some(noted(each.address.parse().ok()?, each.from_host))).collect()
}

/// A rootless engine has its settings in its user's home, which is not looked into.
fn unknown_settings(engine: &Engine, host: &HostNames) -> Option<Gap> {
    let what = "name servers in the engine's settings";
    match (&engine.info, &host.engine_servers) {
        (_, Observed::Missing(gap)) | (Observed::Missing(gap), _) => Some(gap.clone()),
        (Observed::Known(info), _) if info.is_rootless() => {
            let cause = "a rootless engine has them in its user's home directory";
            Some(Gap::new(GapKind::Unsupported, what, cause))
        }
        _ => None,
    }
}

fn has_way_out(engine: &Engine, container: &Container) -> Result<bool, Gap> {
    let networks = engine.networks.known()?;
    let leads_out = |name: &str| networks.iter().any(|network| network.name == name && !network.internal);
    Ok(container.attachments.iter().any(|at| leads_out(&at.network_name)))
}

impl<'a> Standing<'a> {
    /// Whether the engine's own resolver is asked first.
    pub(crate) fn is_embedded(&self) -> bool {
        self.route.is_embedded && !self.is_podman
    }

    /// The engine's sockets in the container's namespace that take questions.
    pub(crate) fn engine_sockets(
        &self,
        protocol: TransportProtocol,
    ) -> Result<Vec<(SocketAddr, &'a Socket)>, Gap> {
        Ok(engine_sockets(self.stack.sockets.known()?, protocol))
    }

    /// The servers that names outside come to, and whether they are asked from the host.
    pub(crate) fn asked(&self) -> Vec<NotedForwarder> {
        if self.route.is_embedded {
            return self.route.forwarders.clone();
        }
        let entries = self.route.entries.iter().cloned();
        entries.map(|server| NotedForwarder { server, from_host: false }).collect()
    }

    /// The most telling of what is wrong with them; a container without a way out needs none.
    pub(crate) fn trouble(&self, snapshot: &Snapshot) -> Result<Option<Trouble>, Gap> {
        if !self.has_way_out {
            return Ok(None);
        }
        if self.is_podman {
            return Ok(self.deaf(snapshot)?.map(|(asked, on_host)| {
                let is_told = !self.container.dns.servers.is_empty();
                let teller = if is_told { Teller::Container } else { Teller::Host };
                Trouble::Deaf { asked, on_host, teller }
            }));
        }
        if self.has_no_server() {
            return Ok(Some(Trouble::None));
        }
        let deaf = self.deaf(snapshot)?;
        let teller = self.teller()?;
        if teller == Teller::Host
            && let Some(trouble) = self.against_host(snapshot, deaf.is_some())?
        {
            return Ok(Some(trouble));
        }
        Ok(deaf.map(|(asked, on_host)| Trouble::Deaf { asked, on_host, teller }))
    }

    fn has_no_server(&self) -> bool {
        self.file.name_servers.is_empty() || (self.route.is_embedded && self.route.forwarders.is_empty())
    }

    /// Who named the servers, by what the engine noted and else by its settings.
    fn teller(&self) -> Result<Teller, Gap> {
        let remarks = &self.file.remarks;
        if !self.container.dns.servers.is_empty() {
            return Ok(Teller::Container);
        }
        if remarks.overrides.iter().any(|word| word == "nameservers") {
            return Ok(Teller::Engine);
        }
        if remarks.based_on.is_some() {
            return Ok(Teller::Host);
        }
        if self.host.engine_servers.value().is_some_and(|servers| !servers.is_empty()) {
            return Ok(Teller::Engine);
        }
        self.unknown_settings.clone().map_or(Ok(Teller::Host), Err)
    }

    /// What comes of the servers being the host's: today's, those of another day, or the engine's own.
    fn against_host(&self, snapshot: &Snapshot, without_listener: bool) -> Result<Option<Trouble>, Gap> {
        let today = self.today()?;
        if !self.is_the_engines_work() {
            return Ok(None);
        }
        let asked: Vec<_> = self.asked().into_iter().map(|each| each.server).collect();
        let own = self.host.resolver_file.known()?.as_ref().map(|file| &file.name_servers);
        let names_none = own.is_none_or(|own| own.iter().all(is_loopback));
        if names_none && asked.iter().all(|server| is_default(server) && !today.contains(server)) {
            return Ok(Some(Trouble::Defaults { asked }));
        }
        if today.iter().all(is_loopback) {
            // Whoever listens there may ask anyone.
            return Ok(None);
        }
        let mut stale = Vec::new();
        for each in self.asked() {
            if !today.contains(&each.server)
                && (without_listener || !self.is_served_loopback(snapshot, &each)?)
            {
                stale.push(each.server);
            }
        }
        let is_dead = without_listener && stale.len() == asked.len();
        Ok((!stale.is_empty()).then_some(Trouble::Stale { asked: stale, today, is_dead }))
    }

    /// The servers of the host's files; systemd-resolved's own where the engine may have taken them from there.
    fn today(&self) -> Result<Vec<NameServer>, Gap> {
        let servers = |file: &Option<ResolverFile>| {
            file.as_ref().map(|file| file.name_servers.clone()).unwrap_or_default()
        };
        let mut today = servers(self.host.resolver_file.known()?);
        let origin = self.file.remarks.based_on.as_deref();
        let is_resolved = today.iter().any(|server| server.address == RESOLVED_STUB);
        if is_resolved || origin.is_some_and(|path| path.contains("/systemd/resolve/")) {
            today.extend(servers(self.host.resolved_file.known()?));
        }
        Ok(today)
    }

    /// Whether what the container asks was written by the engine, and not by a program in it.
    ///
    /// Engines before 26 write the file before the container's first process begins. Newer ones write it about then,
    /// with words of their own in it, which a program that makes the file anew does not keep.
    fn is_the_engines_work(&self) -> bool {
        if self.route.is_embedded {
            return matches!(self.route.basis, Basis::Noted | Basis::Stored | Basis::Defaults);
        }
        let remarks = &self.file.remarks;
        let delay = if remarks.based_on.is_some() { WRITTEN_WITHIN } else { 0 };
        let written = self.file.modified.zip(self.container.started);
        remarks.forwarders.is_none()
            && written.is_some_and(|(written, started)| written.0 <= started.0.saturating_add(delay))
    }

    /// The servers where all of them are on a loopback without a listener, and whether that is the host's.
    fn deaf(&self, snapshot: &Snapshot) -> Result<Option<(Vec<NameServer>, bool)>, Gap> {
        let asked = self.asked();
        for each in &asked {
            if !each.server.address.is_loopback() || self.is_served_loopback(snapshot, each)? {
                return Ok(None);
            }
        }
        let on_host = asked.iter().any(|each| each.from_host);
        let servers: Vec<_> = asked.into_iter().map(|each| each.server).collect();
        Ok((!servers.is_empty()).then_some((servers, on_host)))
    }

    /// Whether it is a loopback address at which somebody listens, or may.
    fn is_served_loopback(&self, snapshot: &Snapshot, asked: &NotedForwarder) -> Result<bool, Gap> {
        if !asked.server.address.is_loopback() {
            return Ok(false);
        }
        let stack = if asked.from_host { engine_namespace(snapshot)?.stack.known()? } else { self.stack };
        let to = SocketAddr::new(asked.server.address, DNS_PORT.0);
        let is_served = !matches!(arrival(stack, to, TransportProtocol::Udp)?, Arrival::Nobody(_));
        if !is_served && !asked.from_host {
            self.settled(snapshot)?;
        }
        Ok(is_served)
    }

    /// A program may be about to open a resolver of its own, or have it in a virtual machine.
    fn settled(&self, snapshot: &Snapshot) -> Result<(), Gap> {
        let what = || format!("name server of container '{}'", self.container.name);
        if is_settling(snapshot, self.container) {
            let gap = Gap::new(GapKind::Failed, what(), "it was started a moment ago");
            return Err(gap.with_remedy("run this again"));
        }
        in_this_kernel(self.stack).map_err(|cause| Gap::new(GapKind::Failed, what(), cause))
    }
}

fn is_loopback(server: &NameServer) -> bool {
    server.address.is_loopback()
}

fn is_default(server: &NameServer) -> bool {
    DEFAULTS.contains(&server.address)
        || matches!(server.address, IpAddr::V6(address) if DEFAULTS_V6.contains(&address))
}
