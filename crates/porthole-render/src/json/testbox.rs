//! Testboxes, as JSON.

use std::net::{IpAddr, SocketAddr};

use porthole_model::{Container, PortBinding, PortTrial, TestboxReport, TrialOutcome};
use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};

/// Testboxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole testbox")]
pub struct TestboxesDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The testboxes.
    pub testboxes: Vec<TestboxItem>,
}

/// A testbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TestboxItem {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its state: `running`, `exited`, ….
    pub state: String,
    /// How long it took to serve, of one that was just started.
    pub ready_after_milliseconds: Option<u64>,
    /// The networks it is attached to.
    pub networks: Vec<TestboxNetworkItem>,
    /// Its published ports.
    pub ports: Vec<TestboxPortItem>,
}

/// A network that a testbox is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TestboxNetworkItem {
    /// The network.
    pub name: String,
    /// The IPv4 address.
    pub ipv4: Option<IpAddr>,
    /// The IPv6 address.
    pub ipv6: Option<IpAddr>,
}

/// A published port of a testbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TestboxPortItem {
    /// The port in the container.
    pub container_port: u16,
    /// Its protocol.
    pub protocol: String,
    /// The host's address.
    pub host_address: IpAddr,
    /// The host's port.
    pub host_port: u16,
    /// What porthole connected to, of a testbox that was just started.
    pub tried: Option<SocketAddr>,
    /// What came of it.
    pub outcome: Option<TrialWord>,
    /// The same in words.
    pub words: Option<String>,
}

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrialWord {
    /// The testbox answered.
    Answered,
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    Silent,
    /// Somebody else took the connection.
    NotTestbox,
    /// It could not be tried.
    Failed,
}

/// A testbox that was just started.
pub fn testbox_started(report: &TestboxReport) -> String {
    let mut testbox = item(&report.container);
    testbox.ready_after_milliseconds = u64::try_from(report.ready_after).ok();
    testbox.ports = report.ports.iter().map(tried).collect();
    document(vec![testbox])
}

/// All testboxes of an engine.
pub fn testboxes(testboxes: &[Container]) -> String {
    document(testboxes.iter().map(item).collect())
}

fn document(testboxes: Vec<TestboxItem>) -> String {
    pretty(&TestboxesDocument { schema_version: SCHEMA_VERSION, testboxes })
}

fn item(container: &Container) -> TestboxItem {
    let networks = container.attachments.iter().map(|attachment| TestboxNetworkItem {
        name: attachment.network_name.clone(),
        ipv4: attachment.ipv4.map(|prefix| prefix.address),
        ipv6: attachment.ipv6.map(|prefix| prefix.address),
    });
    TestboxItem {
        name: container.name.clone(),
        id: container.id.0.clone(),
        state: container.state.to_string(),
        ready_after_milliseconds: None,
        networks: networks.collect(),
        ports: container.published_ports.iter().map(port).collect(),
    }
}

fn port(binding: &PortBinding) -> TestboxPortItem {
    TestboxPortItem {
        container_port: binding.container_port.0,
        protocol: binding.protocol.to_string(),
        host_address: binding.host_address,
        host_port: binding.host_port.0,
        tried: None,
        outcome: None,
        words: None,
    }
}

fn tried(trial: &PortTrial) -> TestboxPortItem {
    let outcome = match trial.outcome {
        TrialOutcome::Answered => TrialWord::Answered,
        TrialOutcome::Refused => TrialWord::Refused,
        TrialOutcome::Silent => TrialWord::Silent,
        TrialOutcome::NotTestbox => TrialWord::NotTestbox,
        TrialOutcome::Failed(_) => TrialWord::Failed,
    };
    let words = Some(trial.outcome.words());
    TestboxPortItem { tried: trial.tried, outcome: Some(outcome), words, ..port(&trial.binding) }
}
