//! Every stage of a published port: docker-proxy, rules, target, listener, and the ways of packets through them.

mod ends;
mod exits;
mod growth;
mod proxying;
mod ways;

use std::net::SocketAddr;
use std::rc::Rc;

use porthole_model::{
    Container, ContainerId, DockerProxy, Engine, EngineKind, Finding, Gap, GapKind, Observed, PacketWay,
    PortBinding, PortChain, ProxyState, PublishedPorts, Scope, Snapshot, Socket, StageProbe, SubjectKind,
    Topic, WayEnd,
};

pub use growth::{ports_counted, ports_since};

use super::judgement::{Scene, is_served};
use super::listeners::{is_listener, is_on};
use super::proxy::{does_without, is_unmapped, proxies, relays};
use super::{PublishedPort, is_published, of};
use crate::case::Case;
use crate::diagnose::{diagnose_ports, engine_name};
use crate::firewall::Journeys;
use crate::places::engine_namespace;
use crate::probes::{first_process, of_asker, of_target};

/// What the stages are read from; `with_words` has the rules in those of iptables-save, which takes as long again.
pub fn ports_scope(with_words: bool) -> Scope {
    use Topic::{
        EngineInfo, Firewall, ForwardingDatabase, Links, Listeners, OwnFirewallWording, Routes, Sysctls,
    };
    let topics = [Links, Routes, ForwardingDatabase, Sysctls, Listeners, Firewall, EngineInfo];
    let words = with_words.then_some(OwnFirewallWording);
    Scope::of(&topics.into_iter().chain(words).collect::<Vec<_>>())
}

/// The published ports of every running container, or of one, stage by stage.
pub fn published_ports(snapshot: &Snapshot, only: Option<&ContainerId>) -> Result<PublishedPorts, Gap> {
    let engine = snapshot.engine.known()?;
    let containers = engine.containers.known()?;
    let case = Case::new(snapshot);
    let view = View {
        snapshot,
        engine,
        journeys: case.journeys(),
        proxies: proxies(snapshot),
        home_sockets: home_sockets(snapshot),
    };
    let is_shown = |container: &&Container| only.is_none_or(|only| container.id == *only);
    let shown: Vec<_> = containers.iter().filter(is_shown).collect();
    let published = shown.iter().filter(|container| is_published(container));
    let ports: Vec<_> = published.flat_map(|container| view.chains(container)).collect();
    let findings = diagnose_ports(&case).into_iter();
    Ok(PublishedPorts {
        engine: Some(engine_name(&engine.version)),
        exits: exits::of(&view, only),
        proxying: proxying::review(&view, &ports).into(),
        findings: findings.filter(|finding| only.is_none() || concerns(finding, &shown)).collect(),
        outside: Observed::Missing(Gap::not_asked("place outside")),
        gaps: view.gaps(&ports),
        ports,
    })
}

/// Whether a finding is about one of these containers, or about what they all depend on.
fn concerns(finding: &Finding, containers: &[&Container]) -> bool {
    let name = finding.subject.name.as_str();
    containers.iter().any(|container| match finding.subject.kind {
        SubjectKind::Host | SubjectKind::Engine => true,
        SubjectKind::Network => container.attachments.iter().any(|place| place.network_name == name),
        SubjectKind::Container => container.name == name,
        SubjectKind::Port => name.ends_with(&format!(" of {}", container.name)),
    })
}

/// The sockets of the engine's namespace that take what comes.
fn home_sockets(snapshot: &Snapshot) -> Result<Vec<&Socket>, Gap> {
    let sockets = engine_namespace(snapshot)?.stack.known()?.sockets.known()?;
    Ok(sockets.iter().filter(|socket| is_listener(socket).is_some()).collect())
}

/// What the stages are seen in.
struct View<'a> {
    snapshot: &'a Snapshot,
    engine: &'a Engine,
    journeys: Result<Rc<Journeys<'a>>, Gap>,
    proxies: Vec<&'a DockerProxy>,
    home_sockets: Result<Vec<&'a Socket>, Gap>,
}

impl<'a> View<'a> {
    fn chains(&self, container: &'a Container) -> Vec<PortChain> {
        let scene = Scene::of(self.snapshot, container);
        let bindings = of(container).into_iter().flat_map(|port: PublishedPort<'_>| port.bindings);
        bindings.map(|binding| self.chain(container, scene.as_ref(), binding)).collect()
    }

    fn chain(
        &self,
        container: &Container,
        scene: Result<&Scene<'_>, &Gap>,
        binding: &PortBinding,
    ) -> PortChain {
        let scene = scene.map_err(Clone::clone);
        let listeners =
            scene.clone().and_then(|scene| scene.on_port(binding.container_port, binding.protocol));
        let target = scene.and_then(|scene| target(scene, binding));
        let served = || Ok(is_served(listeners.as_ref().map_err(Clone::clone)?, target.clone()?.ip()));
        let is_served = served();
        let proxy = self.proxy(container, binding);
        let ways = ways::of(self, container, binding, proxy.as_ref().ok());
        PortChain {
            container: container.name.clone(),
            container_id: container.id.clone(),
            network: target.as_ref().ok().and_then(|target| network(container, *target)),
            binding: binding.clone(),
            host_sockets: self.host_sockets(binding).into(),
            probes: self.probes(
                container,
                binding,
                target.as_ref().ok(),
                ways.as_deref().unwrap_or_default(),
            ),
            ways: ways.into(),
            proxy: proxy.into(),
            target: target.into(),
            is_served: is_served.into(),
            listeners: listeners.map(|sockets| sockets.into_iter().cloned().collect()).into(),
        }
    }

    /// Every way that is offered, and the target itself.
    fn probes(
        &self,
        container: &Container,
        binding: &PortBinding,
        target: Option<&SocketAddr>,
        ways: &[PacketWay],
    ) -> Vec<StageProbe> {
        let (inside, protocol) = (first_process(self.snapshot, container), binding.protocol);
        let offered = ways.iter().filter(|way| way.end != WayEnd::NotOffered);
        let of_ways = offered.filter_map(|way| of_asker(way.sender, way.destination, inside, protocol));
        let to_target = target.into_iter().flat_map(|target| of_target(*target, inside, protocol));
        of_ways.chain(to_target).collect()
    }

    fn proxy(&self, container: &Container, binding: &PortBinding) -> Result<ProxyState, Gap> {
        if self.engine.version.kind == EngineKind::Podman || is_unmapped(self.engine, container, binding) {
            return Ok(ProxyState::Unused);
        }
        self.snapshot.host.known()?.docker_proxies.known()?;
        match self.proxies.iter().find(|proxy| relays(proxy, binding)) {
            Some(proxy) => Ok(ProxyState::Runs((*proxy).clone())),
            None if does_without(self.snapshot, self.engine, container)? => Ok(ProxyState::Unused),
            None => Ok(ProxyState::Gone),
        }
    }

    /// The sockets that hold the host's port, on the binding's address or on all of its family.
    fn host_sockets(&self, binding: &PortBinding) -> Result<Vec<Socket>, Gap> {
        let sockets = self.home_sockets.as_ref().map_err(Clone::clone)?.iter();
        let holds = |socket: &&&Socket| {
            is_listener(socket).is_some_and(|internet| {
                let local = internet.local.ip();
                is_on(internet, binding.host_port, binding.protocol)
                    && local.is_ipv4() == binding.host_address.is_ipv4()
                    && (local == binding.host_address
                        || local.is_unspecified()
                        || binding.host_address.is_unspecified())
            })
        };
        Ok(sockets.filter(holds).map(|socket| (*socket).clone()).collect())
    }

    /// What could not be read, each once, and what is not followed.
    fn gaps(&self, ports: &[PortChain]) -> Vec<Gap> {
        let rootless = self.engine.info.value().is_some_and(porthole_model::EngineInfo::is_rootless);
        let beyond = rootless.then(|| {
            let cause = "an engine without root has them led into its own network by another program";
            Gap::new(GapKind::Unsupported, "ports of the host beyond the engine's network", cause)
        });
        let places = self.journeys.as_ref().map(|journeys| journeys.gaps()).unwrap_or_default();
        let of_ports = ports.iter().flat_map(|port| {
            let read = [
                port.proxy.gap(),
                port.host_sockets.gap(),
                port.target.gap(),
                port.ways.gap(),
                port.listeners.gap(),
                port.is_served.gap(),
            ];
            read.into_iter().flatten()
        });
        let mut gaps: Vec<Gap> = Vec::new();
        for gap in beyond.iter().chain(self.journeys.as_ref().err()).chain(places).chain(of_ports) {
            if !gaps.contains(gap) {
                gaps.push(gap.clone());
            }
        }
        gaps
    }
}

fn target(scene: &Scene<'_>, binding: &PortBinding) -> Result<SocketAddr, Gap> {
    let addresses = scene.targets(binding)?;
    let first = addresses.first().copied();
    first.map(|address| SocketAddr::new(address, binding.container_port.0)).ok_or_else(|| {
        Gap::new(
            GapKind::Failed,
            "target of a published port",
            "the engine names no address of the container",
        )
    })
}

fn network(container: &Container, target: SocketAddr) -> Option<String> {
    let mut attachments = container.attachments.iter();
    let found = attachments.find(|place| {
        [place.ipv4, place.ipv6].into_iter().flatten().any(|prefix| prefix.address == target.ip())
    });
    found.map(|place| place.network_name.clone())
}

/// A fact by value, as the model has it.
fn observed<T>(fact: Result<T, Gap>) -> Observed<T> {
    fact.into()
}
