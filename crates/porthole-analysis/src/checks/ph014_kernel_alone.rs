//! PH014: without docker-proxy, what the kernel needs in its place is off.

use porthole_model::{
    CheckCode, EngineKind, Gap, Network, NetworkStack, Observed, PortBinding, Severity, Snapshot,
    TransportProtocol,
};

use super::concern::{about_container, about_network};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::bridge_of;
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::places::{engine_namespace, in_engine_namespace};
use crate::ports::{self, Relaying};
use crate::shell::word;

const CODE: CheckCode = CheckCode(14);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "without docker-proxy, the kernel's own way to published ports is off",
    documentation: Documentation {
        checks: "Where the engine publishes ports without docker-proxy processes (`\"userland-proxy\": false`): whether \
                 `route_localnet` is on for the bridge of each network that publishes ports, and hairpin mode is on \
                 for the bridge port of each container that does. That the engine does without shows in its own rule \
                 in the chain OUTPUT of the table nat, which then holds for 127.0.0.0/8 too.",
        why: "Without docker-proxy two ways to a published port depend on settings of the kernel that the engine makes: \
              from `localhost` on the host, which needs `route_localnet`, and from a container to the port that it \
              publishes itself, whose packets leave the bridge by the port they came by. A file in `/etc/sysctl.d`, a \
              network manager or a script that sets one of them back breaks just that way; other machines still reach \
              the port.",
        mend: "Set it again, and find what set it back; `\"userland-proxy\": true` in `/etc/docker/daemon.json` does \
               without both.",
        example: "`curl http://localhost:8080` on the host times out, `curl http://server:8080` from another machine \
                  works, and the engine runs with `--userland-proxy=false`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    let rootless = engine.info.value().is_some_and(porthole_model::EngineInfo::is_rootless);
    if engine.version.kind == EngineKind::Podman || rootless {
        return Ok(found);
    }
    let home = engine_namespace(snapshot)?.stack.known()?;
    snapshot.host.known()?.docker_proxies.known()?;
    let scene = Scene { snapshot, home, relaying: ports::relaying(snapshot) };
    let mut loopbacks: Vec<(&Network, String)> = Vec::new();
    for endpoint in endpoints(snapshot)? {
        match endpoint.and_then(|endpoint| scene.judge(&endpoint)) {
            Ok(judged) => {
                found.concerns.extend(judged.hairpin);
                loopbacks.extend(
                    judged
                        .loopback
                        .filter(|(network, _)| !loopbacks.iter().any(|(other, _)| other.id == network.id)),
                );
            }
            Err(gap) => found.gap(gap),
        }
    }
    found.concerns.extend(loopbacks.iter().map(|(network, bridge)| scene.loopback(network, bridge)));
    Ok(found)
}

struct Scene<'a> {
    snapshot: &'a Snapshot,
    home: &'a NetworkStack,
    relaying: Option<Relaying>,
}

/// What an endpoint lacks.
#[derive(Default)]
struct Judged<'a> {
    hairpin: Option<Concern>,
    loopback: Option<(&'a Network, String)>,
}

impl<'a> Scene<'a> {
    fn judge(&self, endpoint: &Endpoint<'a>) -> Result<Judged<'a>, Gap> {
        let container = endpoint.container;
        let bindings: Vec<_> = container.published_ports.iter().filter(|each| is_relayed(each)).collect();
        let is_asked = ports::is_published(container)
            && !bindings.is_empty()
            && !ports::is_routed(endpoint.network, false);
        if !is_asked || self.has_proxy(container) || !endpoint.leads_out()? {
            return Ok(Judged::default());
        }
        let engine = self.snapshot.engine.known()?;
        let Some(bridge) = bridge_of(engine, endpoint.network, self.home) else {
            return Ok(Judged::default());
        };
        let Some(port) = endpoint.outside(self.snapshot)?.and_then(|link| Some((link, link.bridge_port?)))
        else {
            return Ok(Judged::default());
        };
        let (hairpin, loopback) = (port.1.hairpin, self.routes_loopback(&bridge)?);
        let does_without = match self.relaying {
            Some(relaying) => relaying == Relaying::Kernel,
            // One of the two settings is trace enough of an engine that made both.
            None => hairpin || self.is_on(&bridge)?,
        };
        if !does_without {
            return Ok(Judged::default());
        }
        let is_by_loopback = bindings.iter().any(|binding| {
            binding.host_address.is_ipv4()
                && (binding.host_address.is_unspecified() || binding.host_address.is_loopback())
        });
        Ok(Judged {
            hairpin: (!hairpin).then(|| self.hairpin(endpoint, &port.0.name)),
            loopback: (!loopback && is_by_loopback).then_some((endpoint.network, bridge)),
        })
    }

    fn has_proxy(&self, container: &porthole_model::Container) -> bool {
        let proxies = ports::proxies(self.snapshot);
        container
            .published_ports
            .iter()
            .any(|binding| proxies.iter().any(|proxy| ports::relays(proxy, binding)))
    }

    /// The kernel takes the higher one of the interface's setting and that of all (`IN_DEV_MAXCONF`).
    fn routes_loopback(&self, bridge: &str) -> Result<bool, Gap> {
        Ok(self.is_on(bridge)? || self.is_on("all")?)
    }

    fn is_on(&self, interface: &str) -> Result<bool, Gap> {
        match self.home.sysctl(&setting(interface)) {
            Observed::Known(value) => Ok(value != "0"),
            Observed::Missing(gap) => Err(gap),
        }
    }

    fn hairpin(&self, endpoint: &Endpoint<'_>, port: &str) -> Concern {
        let container = endpoint.container;
        let summary = format!(
            "hairpin mode is off on the bridge port of container '{}': it cannot reach the ports that it publishes \
             itself, and there is no docker-proxy that would relay them",
            container.name
        );
        let set = format!("bridge link set dev {} hairpin on", word(port));
        self.without_proxies(Concern::new(CODE, Severity::Warning, about_container(container), summary))
            .related(about_network(endpoint.network))
            .evidence(format!("interface '{port}' of the host, hairpin mode"), "off")
            .remedy("turn it on", vec![in_engine_namespace(self.snapshot, &set)])
    }

    fn loopback(&self, network: &Network, bridge: &str) -> Concern {
        let setting = setting(bridge);
        let summary = format!(
            "programs on this host cannot reach the published ports of network '{}' by localhost: the kernel does not \
             route loopback addresses to its bridge, and there is no docker-proxy that would relay them",
            network.name
        );
        let set = format!("sysctl -w {setting}=1");
        self.without_proxies(Concern::new(CODE, Severity::Error, about_network(network), summary))
            .evidence(format!("sysctl {setting}"), "0")
            .evidence("sysctl net.ipv4.conf.all.route_localnet", "0")
            .remedy("turn it on", vec![in_engine_namespace(self.snapshot, &set)])
            .remedy(
                "then find the file that turns it off",
                vec![
                    "grep -rs route_localnet /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d"
                        .to_owned(),
                ],
            )
    }

    fn without_proxies(&self, concern: Concern) -> Concern {
        let concern = concern.evidence("docker-proxy processes for the ports", "none");
        match self.relaying {
            Some(_) => {
                let (source, observed) = ports::without_proxies(self.snapshot);
                concern.evidence(source, observed)
            }
            None => concern.likely(),
        }
    }
}

fn setting(interface: &str) -> String {
    format!("net.ipv4.conf.{interface}.route_localnet")
}

/// docker-proxy relays TCP and UDP alone; host port 0 stands for one that is not published yet.
fn is_relayed(binding: &PortBinding) -> bool {
    binding.host_port.0 != 0 && binding.protocol != TransportProtocol::Sctp
}
