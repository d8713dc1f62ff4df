//! What a template of `porthole events --render` is filled with.

use std::collections::BTreeMap;

use porthole_model::{Container, HealthStatus, MaskedText, NetworkAttachment, PortBinding};
use schemars::JsonSchema;
use serde::Serialize;

use crate::moment;

/// Everything that a template is filled with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole events --render")]
pub struct TemplateData {
    /// The engine's containers, those that do not run too, by name.
    pub containers: Vec<TemplateContainer>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TemplateContainer {
    /// Its id.
    pub id: String,
    /// Its name, without the slash.
    pub name: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// The engine's word for its state: created, running, paused, restarting, removing, exited, dead.
    pub state: String,
    /// What its health check says: starting, healthy, unhealthy; null when it has none.
    pub health: Option<String>,
    /// Whether it runs and, where it has a health check, is healthy.
    pub ready: bool,
    /// Its labels; values that look like credentials are masked.
    pub labels: BTreeMap<String, String>,
    /// Its environment by name; values that look like credentials are masked.
    pub environment: BTreeMap<String, String>,
    /// How it is on the network: bridge, host, none, container:ID, the name of a network.
    pub network_mode: String,
    /// Its networks by name.
    pub networks: BTreeMap<String, TemplateNetwork>,
    /// Where its ports are published on the engine's host.
    pub published_ports: Vec<TemplatePort>,
    /// The ports that its image or its creator declares.
    pub exposed_ports: Vec<TemplateExposedPort>,
    /// When it was made (RFC 3339).
    pub created: Option<String>,
    /// When it was last started (RFC 3339); null when it never was.
    pub started: Option<String>,
}

/// A container's place on a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TemplateNetwork {
    /// Its IPv4 address; null while it has none, as when it does not run.
    pub ipv4: Option<String>,
    /// Its IPv6 address; null while it has none.
    pub ipv6: Option<String>,
    /// Its Ethernet address; null while it has none.
    pub mac: Option<String>,
    /// The names that it answers to there.
    pub aliases: Vec<String>,
}

/// A port that is published on the engine's host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TemplatePort {
    /// The port in the container.
    pub container_port: u16,
    /// tcp, udp or sctp.
    pub protocol: String,
    /// The host's address; 0.0.0.0 or :: for all of a family.
    pub host_address: String,
    /// The host's port; 0 where the engine chooses one when the container starts.
    pub host_port: u16,
}

/// A port that a container declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TemplateExposedPort {
    /// The port.
    pub port: u16,
    /// tcp, udp or sctp.
    pub protocol: String,
}

/// The containers as data; their order is that of their names, whatever order the engine listed them in.
pub fn template_data(containers: &[Container]) -> TemplateData {
    let mut containers: Vec<_> = containers.iter().map(container).collect();
    containers.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    TemplateData { containers }
}

fn container(container: &Container) -> TemplateContainer {
    let label = |(name, value): (&String, &MaskedText)| (name.clone(), value.as_str().to_owned());
    let networks = &container.attachments;
    TemplateContainer {
        id: container.id.0.clone(),
        name: container.name.clone(),
        image: container.image.clone(),
        state: container.state.to_string(),
        health: container.health.as_ref().map(|health| health_word(health.status).to_owned()),
        ready: container.is_ready(),
        labels: container.labels.iter().map(label).collect(),
        environment: container.environment.iter().map(variable).collect(),
        network_mode: container.network_mode.clone(),
        networks: networks.iter().map(|place| (place.network_name.clone(), network(place))).collect(),
        published_ports: container.published_ports.iter().map(published).collect(),
        exposed_ports: container
            .exposed_ports
            .iter()
            .map(|(port, protocol)| TemplateExposedPort { port: port.0, protocol: protocol.to_string() })
            .collect(),
        created: container.created.map(moment::rfc3339),
        started: container.started.map(moment::rfc3339),
    }
}

fn health_word(status: HealthStatus) -> &'static str {
    match status {
        HealthStatus::Starting => "starting",
        HealthStatus::Healthy => "healthy",
        HealthStatus::Unhealthy => "unhealthy",
    }
}

fn variable(assignment: &MaskedText) -> (String, String) {
    let (name, value) = assignment.as_str().split_once('=').unwrap_or((assignment.as_str(), ""));
    (name.to_owned(), value.to_owned())
}

fn network(place: &NetworkAttachment) -> TemplateNetwork {
    TemplateNetwork {
        ipv4: place.ipv4.map(|prefix| prefix.address.to_string()),
        ipv6: place.ipv6.map(|prefix| prefix.address.to_string()),
        mac: place.mac.as_ref().map(ToString::to_string),
        aliases: place.aliases.clone(),
    }
}

fn published(binding: &PortBinding) -> TemplatePort {
    TemplatePort {
        container_port: binding.container_port.0,
        protocol: binding.protocol.to_string(),
        host_address: binding.host_address.to_string(),
        host_port: binding.host_port.0,
    }
}
