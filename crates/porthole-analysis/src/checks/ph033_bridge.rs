//! PH033: a network's bridge is missing, is down, or has lost the gateway's address.

use std::net::IpAddr;

use porthole_model::{
    CheckCode, Container, Engine, EngineKind, Gap, IpPrefix, KernelChange, Link, Network, NetworkStack,
    Severity, Snapshot, Subnet,
};

use super::concern::{about_network, client};
use super::ph032_host_interface::without_rootless_podman;
use super::{Check, Concern, Documentation, Found};
use crate::attachment::{bridge_of, has_bridge, network_of};
use crate::case::Case;
use crate::mending::Mending;
use crate::places::engine_namespace;
use crate::shell::word;

const CODE: CheckCode = CheckCode(33);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a network's bridge is missing, down, or without its address",
    documentation: Documentation {
        checks: "For every network of the bridge driver: whether its bridge is there, is set up, and holds the \
                 addresses that the engine gave it as gateways.",
        why: "The bridge is the switch that a network's containers are plugged into, and its address is their way \
              out. Down or missing, the containers of that network cannot reach each other or anything else. \
              Without the address they still reach each other, but nothing outside, and nobody outside reaches \
              them. People delete a bridge when they clean up, and network managers take addresses away.",
        mend: "Set the bridge up, or give the address back. A bridge that is missing is made again when the engine \
               is restarted, which also restarts containers unless live restore is on.",
        example: "`ip address flush dev br-5e0c4f1a2b3c` to get rid of a route: every container of that network loses its way \
                  out at once.",
    },
    run,
};

/// What is looked at, for every network the same.
struct Scene<'a> {
    snapshot: &'a Snapshot,
    engine: &'a Engine,
    containers: &'a [Container],
    home: &'a NetworkStack,
}

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let networks = engine.networks.known()?;
    let containers = engine.containers.known()?;
    without_rootless_podman(engine)?;
    let home = engine_namespace(snapshot)?.stack.known()?;
    home.links.known()?;
    let scene = Scene { snapshot, engine, containers, home };
    let mut found = Found::default();
    home.addresses.known()?;
    for network in networks.iter().filter(|network| has_bridge(network)) {
        match bridge_of(engine, network, home) {
            Some(bridge) => found.part(scene.judge(network, &bridge)),
            None => found.concerns.extend(scene.without_bridge(network)),
        }
    }
    Ok(found)
}

impl Scene<'_> {
    fn judge(&self, network: &Network, bridge: &str) -> Result<Vec<Concern>, Gap> {
        let users = self.users(network);
        match self.home.link(bridge) {
            // Podman makes a bridge with the network's first container and removes it with the last.
            None if users == 0 && self.engine.version.kind == EngineKind::Podman => Ok(Vec::new()),
            None => Ok(vec![self.missing(network, bridge, users)]),
            Some(link) if !link.up => Ok(vec![self.down(network, bridge, users)]),
            Some(link) => self.addresses(network, link, users),
        }
    }

    /// Podman's bridges are known by their address alone.
    fn without_bridge(&self, network: &Network) -> Option<Concern> {
        let gateway = network.subnets.iter().find_map(|subnet| subnet.gateway)?;
        let users = self.users(network);
        if users == 0 || !has_gateway(self.engine, network) {
            return None;
        }
        let summary = format!(
            "the bridge of network '{}' is missing or has lost its address {gateway}: its containers have no way out",
            network.name
        );
        let restart = format!("{} restart --all", client(self.engine));
        let concern = concern(network, users, summary)
            .evidence(format!("bridges of the host with the address {gateway}"), "none")
            .remedy("restart the containers, which makes the bridge again", vec![restart]);
        Some(concern)
    }

    /// The living containers on a network.
    fn users(&self, network: &Network) -> usize {
        let is_on = |container: &&Container| {
            let mut networks = container.attachments.iter().map(|place| network_of(self.engine, place));
            container.is_alive() && networks.any(|other| other.is_some_and(|other| other.id == network.id))
        };
        self.containers.iter().filter(is_on).count()
    }

    fn missing(&self, network: &Network, bridge: &str, users: usize) -> Concern {
        let summary = format!(
            "the bridge '{bridge}' of network '{}' is missing: its containers are cut off, and no other can start on it",
            network.name
        );
        let restart = match self.engine.version.kind {
            EngineKind::Docker => "systemctl restart docker".to_owned(),
            EngineKind::Podman => "podman restart --all".to_owned(),
        };
        concern(network, users, summary)
            .evidence(format!("interface '{bridge}' of the host"), "there is none")
            .remedy(
                "restart the engine, which makes the bridge again and plugs its containers in",
                vec![restart],
            )
    }

    fn down(&self, network: &Network, bridge: &str, users: usize) -> Concern {
        let summary = format!(
            "the bridge '{bridge}' of network '{}' is down: its containers reach neither each other nor anything else",
            network.name
        );
        let set = KernelChange::Up { link: bridge.to_owned(), up: true };
        let concern = concern(network, users, summary)
            .evidence(format!("interface '{bridge}' of the host"), "down")
            .mend("set it up", Mending::of_engine(self.snapshot, vec![set]));
        if !network.ipv6 {
            return concern;
        }
        concern.remedy(
            "an interface that goes down loses its IPv6 addresses; restart the engine to have them back",
            vec![],
        )
    }

    fn addresses(&self, network: &Network, link: &Link, users: usize) -> Result<Vec<Concern>, Gap> {
        if !has_gateway(self.engine, network) {
            return Ok(Vec::new());
        }
        let held: Vec<IpAddr> = self
            .home
            .addresses
            .known()?
            .iter()
            .filter(|address| address.interface == link.index)
            .map(|address| address.prefix.address)
            .collect();
        let lost = network.subnets.iter().filter(|subnet| is_lost(network, subnet, &held));
        Ok(lost.map(|subnet| self.without_address(network, link, subnet, (&held, users))).collect())
    }

    fn without_address(
        &self,
        network: &Network,
        link: &Link,
        subnet: &Subnet,
        (held, users): (&[IpAddr], usize),
    ) -> Concern {
        let bridge = &link.name;
        let known = subnet.gateway.or_else(|| self.gateway_of_containers(network, subnet));
        let gateway = known.map_or_else(|| format!("in {}", subnet.prefix), |gateway| gateway.to_string());
        let summary = format!(
            "the bridge '{bridge}' of network '{}' has lost its address {gateway}: its containers have no way out, and \
             nobody outside reaches them",
            network.name
        );
        let held: Vec<_> = held.iter().map(ToString::to_string).collect();
        let concern = concern(network, users, summary)
            .evidence(format!("network '{}', gateway", network.name), gateway)
            .evidence(
                format!("addresses of interface '{bridge}' of the host"),
                if held.is_empty() { "none".to_owned() } else { held.join(", ") },
            );
        if let Some(address) = known {
            let address = IpPrefix { address, length: subnet.prefix.length };
            let add = KernelChange::Address { link: bridge.clone(), address, present: true };
            return concern.mend("give it its address back", Mending::of_engine(self.snapshot, vec![add]));
        }
        let inspect = format!("{} network inspect {}", client(self.engine), word(&network.name));
        concern.remedy("give it its address back: the engine knows which", vec![inspect])
    }
}

impl Scene<'_> {
    /// Docker 20.10 does not name the gateway of its default network, but its containers have it.
    fn gateway_of_containers(&self, network: &Network, subnet: &Subnet) -> Option<IpAddr> {
        let places = self.containers.iter().flat_map(|container| &container.attachments);
        let on_network =
            places.filter(|place| network_of(self.engine, place).is_some_and(|other| other.id == network.id));
        on_network.flat_map(|place| &place.gateways).copied().find(|gateway| subnet.prefix.contains(*gateway))
    }
}

/// Whether the engine puts an address on the bridge at all.
fn has_gateway(engine: &Engine, network: &Network) -> bool {
    let option = |name: &str, value: &str| network.options.get(name).is_some_and(|set| set == value);
    let inhibited = option("com.docker.network.bridge.inhibit_ipv4", "true")
        || option("com.docker.network.bridge.gateway_mode_ipv4", "isolated")
        || option("com.docker.network.bridge.gateway_mode_ipv6", "isolated");
    let without = network.internal && engine.version.kind == EngineKind::Podman;
    !(inhibited || without)
}

fn is_lost(network: &Network, subnet: &Subnet, held: &[IpAddr]) -> bool {
    match subnet.gateway {
        _ if subnet.prefix.address.is_ipv6() && !network.ipv6 => false,
        Some(gateway) => !held.contains(&gateway),
        None => !held.iter().any(|address| subnet.prefix.contains(*address)),
    }
}

fn concern(network: &Network, users: usize, summary: String) -> Concern {
    let severity = if users == 0 { Severity::Warning } else { Severity::Error };
    Concern::new(CODE, severity, about_network(network), summary)
        .evidence(format!("running containers on network '{}'", network.name), users.to_string())
}
