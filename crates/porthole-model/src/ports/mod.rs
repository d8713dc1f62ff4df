//! Published ports, stage by stage: what was promised, the rules and processes between, and who listens at the end.

mod exit;
mod proxying;
mod tried;
mod way;

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{
    ContainerId, DockerProxy, Finding, Gap, Observed, OutsidePlace, PortBinding, ProbeRequest, Probes,
    Severity, Socket,
};

pub use exit::{Barrier, NetworkExit};
pub use proxying::{ProxyDuty, ProxyDutyKind, ProxyReview, WithoutProxy};
pub use tried::{ProbeVerdict, ProbedStage, StageProbe};
pub use way::{Decision, MetRule, PacketWay, Sender, WayEnd};

/// Every published port of an engine, and what leads out of its networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPorts {
    /// The engine, in words.
    pub engine: Option<String>,
    /// By container, port, and place of the host.
    pub ports: Vec<PortChain>,
    /// The way out of each network that containers use, for each family of addresses.
    pub exits: Vec<NetworkExit>,
    /// What docker-proxy is there for on this host.
    pub proxying: Observed<ProxyReview>,
    /// The place from which stages were tried from outside.
    pub outside: Observed<OutsidePlace>,
    /// What the checks of doctor find about these ports.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl PublishedPorts {
    /// Whether something is broken.
    pub fn is_broken(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
            || self.ports.iter().any(PortChain::is_broken)
    }

    /// What there is to try, each once.
    pub fn requests(&self) -> Vec<ProbeRequest> {
        let of_ports = self.ports.iter().flat_map(|port| &port.probes);
        let planned = of_ports.chain(self.exits.iter().flat_map(|exit| &exit.probes));
        let mut requests: Vec<_> = planned.map(|planned| planned.request).collect();
        requests.sort();
        requests.dedup();
        requests
    }

    /// Puts what was tried to its stages.
    pub fn take(&mut self, probes: &Probes) {
        self.outside.clone_from(&probes.outside);
        let of_ports = self.ports.iter_mut().flat_map(|port| &mut port.probes);
        for planned in of_ports.chain(self.exits.iter_mut().flat_map(|exit| &mut exit.probes)) {
            planned.probe = probes.of(&planned.request).cloned();
        }
    }
}

/// A port of a container at one place of the host, and every stage between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortChain {
    /// The container's name.
    pub container: String,
    /// Its id.
    pub container_id: ContainerId,
    /// The network by which the port is published.
    pub network: Option<String>,
    /// What the engine was told.
    pub binding: PortBinding,
    /// The docker-proxy of it.
    pub proxy: Observed<ProxyState>,
    /// The sockets on the host's port.
    pub host_sockets: Observed<Vec<Socket>>,
    /// Where the host is to send what comes.
    pub target: Observed<SocketAddr>,
    /// The ways of packets to it, one for each kind of sender, and of the answer.
    pub ways: Observed<Vec<PacketWay>>,
    /// The sockets on the container's port.
    pub listeners: Observed<Vec<Socket>>,
    /// Whether one of them takes what is sent to the target.
    pub is_served: Observed<bool>,
    /// The stages that can be tried.
    pub probes: Vec<StageProbe>,
}

impl PortChain {
    /// The place of the host.
    pub fn host(&self) -> SocketAddr {
        SocketAddr::new(self.binding.host_address, self.binding.host_port.0)
    }

    /// The way of a sender's packet, where it was followed.
    pub fn way(&self, sender: Sender) -> Option<&PacketWay> {
        self.ways.value()?.iter().find(|way| way.sender == sender)
    }

    /// The ways from outside: one where they end alike at every uplink, and else one for each.
    pub fn ways_in(&self) -> impl Iterator<Item = &PacketWay> {
        self.ways.value().into_iter().flatten().filter(|way| way.sender == Sender::Outside)
    }

    /// The answer to who came by that way, which follows it.
    pub fn answer(&self, way: &PacketWay) -> Option<&PacketWay> {
        let mut ways = self.ways.value()?.iter().skip_while(|each| *each != way).skip(1);
        ways.next().filter(|next| next.sender == Sender::Answer)
    }

    /// What was or can be tried of a stage.
    pub fn probe(&self, stage: ProbedStage) -> Option<&StageProbe> {
        self.probes.iter().find(|probe| probe.stage == stage)
    }

    /// What was or can be tried of a way.
    pub fn probe_of(&self, way: &PacketWay) -> Option<&StageProbe> {
        let stage = ProbedStage::of(way.sender)?;
        self.probes.iter().find(|probe| probe.stage == stage && probe.request.target == way.destination)
    }

    /// Whether it does not lead to its container from where it should, by what was read or tried. Where one uplink leads
    /// there, another that does not is one that somebody closed.
    pub fn is_broken(&self) -> bool {
        let is_lost = |way: &PacketWay| way.is_certain() && !way.end.is_good();
        let has_way_in = self.ways_in().any(|way| !is_lost(way));
        let is_closed = |way: &PacketWay| has_way_in && way.sender == Sender::Outside && is_lost(way);
        let ways = || self.ways.value().into_iter().flatten();
        let mut expected = ways().filter(|way| way.sender.is_expected() && !is_closed(way));
        let is_of_closed = |probe: &StageProbe| {
            ways().filter(|way| is_closed(way)).any(|way| self.probe_of(way) == Some(probe))
        };
        let mut failed = self.probes.iter().filter(|probe| probe.verdict() == Some(ProbeVerdict::Fails));
        expected.any(is_lost) || failed.any(|probe| !is_of_closed(probe))
    }
}

/// Whether a port has its docker-proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyState {
    /// It runs.
    Runs(DockerProxy),
    /// The engine uses it, and it is not there.
    Gone,
    /// The engine does without.
    Unused,
}
