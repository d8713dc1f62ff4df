//! PH012: the docker-proxy process of a published port is gone.

use porthole_model::{
    CheckCode, Container, DockerProxy, Engine, EngineKind, Gap, GapKind, NetworkNamespace, PortBinding,
    Severity, Snapshot, Socket, SocketEndpoint, TransportProtocol,
};

use super::concern::{about_container, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::places::engine_namespace;
use crate::ports::{self, PublishedPort};
use crate::shell::word;

const CODE: CheckCode = CheckCode(12);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the docker-proxy of a published port is gone",
    documentation: Documentation {
        checks: "Whether each TCP and UDP port that a running container publishes has its docker-proxy process, where \
                 the engine uses one. That it is made to do without (`\"userland-proxy\": false`) shows in its rules, and \
                 in the kernel: hairpin mode on the bridge port of the container, or `route_localnet` on the bridge.",
        why: "The engine's firewall rules lead packets from other machines straight to the container. Those that \
              the rules do not catch are relayed by a process, docker-proxy: from the host's own `127.0.0.1`, \
              from containers on another network, and over IPv6 to a container that has none. When that process is \
              killed, by a person, a script or for want of memory, just these are refused, while other machines \
              still reach the port.",
        mend: "Restart the container: the engine starts its docker-proxy processes with it.",
        example: "`curl http://localhost:8080` on the host says \"connection refused\", and \
                  `curl http://server:8080` from another machine works.",
    },
    run,
};

/// What the check looks at, for every port the same.
struct Scene<'a> {
    snapshot: &'a Snapshot,
    engine: &'a Engine,
    home: &'a NetworkNamespace,
    proxies: Vec<&'a DockerProxy>,
}

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    if engine.version.kind == EngineKind::Podman {
        return Ok(found);
    }
    let containers = engine.containers.known()?;
    if engine.info.known()?.is_rootless() {
        let cause = "an engine without root relays ports by another program, rootlesskit";
        return Err(Gap::new(GapKind::Unsupported, "docker-proxy processes", cause));
    }
    snapshot.host.known()?.docker_proxies.known()?;
    let scene =
        Scene { snapshot, engine, home: engine_namespace(snapshot)?, proxies: ports::proxies(snapshot) };
    for container in containers.iter().filter(|container| ports::is_published(container)) {
        found.part(scene.judge(container));
    }
    Ok(found)
}

impl Scene<'_> {
    fn judge(&self, container: &Container) -> Result<Vec<Concern>, Gap> {
        let ports = ports::of(container);
        let lacking: Vec<_> = ports.iter().filter_map(|port| self.lacking(container, port)).collect();
        if lacking.is_empty() || ports::does_without(self.snapshot, self.engine, container)? {
            return Ok(Vec::new());
        }
        if ports::is_settling(self.snapshot, container) {
            return Err(
                unclear(container, "the container was started a moment ago").with_remedy("run this again")
            );
        }
        Ok(lacking.iter().map(|port| self.concern(container, port)).collect())
    }

    /// The bindings of a port without a docker-proxy that should have one.
    fn lacking<'a>(&self, container: &Container, port: &PublishedPort<'a>) -> Option<PublishedPort<'a>> {
        let expects = |binding: &PortBinding| {
            binding.protocol != TransportProtocol::Sctp
                && !ports::is_unmapped(self.engine, container, binding)
        };
        let has_proxy =
            |binding: &PortBinding| self.proxies.iter().any(|proxy| ports::relays(proxy, binding));
        let bindings: Vec<_> =
            port.bindings.iter().copied().filter(|binding| expects(binding) && !has_proxy(binding)).collect();
        (!bindings.is_empty()).then(|| PublishedPort { bindings, ..port.clone() })
    }

    fn concern(&self, container: &Container, port: &PublishedPort<'_>) -> Concern {
        let subject = about_port(container, port.port, port.protocol);
        let summary = format!(
            "the docker-proxy process of port {} of the host is gone: programs on this host that go by localhost, \
             and other containers, cannot reach container '{}' by it",
            port.host_ports(),
            container.name
        );
        Concern::new(CODE, Severity::Error, subject, summary)
            .related(about_container(container))
            .evidence(format!("container '{}', NetworkSettings.Ports", container.name), port.bindings_text())
            .evidence("docker-proxy processes for it", "none")
            .evidence(format!("sockets on the host's port {}", port.host_ports()), self.host_sockets(port))
            .evidence(format!("hairpin mode on the bridge port of container '{}'", container.name), "off")
            .remedy("restart the container", vec![format!("docker restart {}", word(&container.name))])
    }

    fn host_sockets(&self, port: &PublishedPort<'_>) -> String {
        let sockets = self.home.stack.value().and_then(|stack| stack.sockets.value());
        let Some(sockets) = sockets else { return "not read".to_owned() };
        let is_on = |socket: &&Socket| {
            matches!(&socket.endpoint, SocketEndpoint::Internet(internet)
            if port.bindings.iter().any(|binding| binding.host_port.0 == internet.local.port()
                && binding.protocol == internet.protocol))
        };
        ports::describe(&sockets.iter().filter(is_on).collect::<Vec<_>>())
    }
}

fn unclear(container: &Container, cause: &str) -> Gap {
    Gap::new(GapKind::Failed, format!("docker-proxy of container '{}'", container.name), cause)
}
