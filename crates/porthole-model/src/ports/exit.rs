//! What leads out of a network.

use serde::{Deserialize, Serialize};

use super::{PacketWay, ProbeVerdict, StageProbe};
use crate::{IpPrefix, Observed};

/// The way out of a network, for one of its ranges of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkExit {
    /// The network's name.
    pub network: String,
    /// Its bridge.
    pub bridge: Option<String>,
    /// The range.
    pub subnet: IpPrefix,
    /// Whether the network is made without a way out.
    pub internal: bool,
    /// The containers on it that run.
    pub containers: Vec<String>,
    /// The way of a packet from there to the world.
    pub way: Observed<PacketWay>,
    /// The next router asked from a container, and from the host to compare with.
    pub probes: Vec<StageProbe>,
    /// The networks that containers of this one do not reach by the addresses there, and the rule that sees to it.
    pub apart_from: Vec<Barrier>,
    /// Why containers of this network do not reach each other, where they do not.
    pub peers_apart: Option<Barrier>,
}

impl NetworkExit {
    /// What the probes say together.
    pub fn verdict(&self) -> Option<ProbeVerdict> {
        let of = |stage| self.probes.iter().find(|probe| probe.stage == stage);
        of(super::ProbedStage::World)?.verdict_beside(of(super::ProbedStage::WorldFromHost)?)
    }
}

/// Something that is kept apart by design.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barrier {
    /// From what: the name of the other network, or of this one.
    pub from: String,
    /// The way that shows it.
    pub way: PacketWay,
}
