//! Stages of a published port that are tried, and what came of it.

use serde::{Deserialize, Serialize};

use super::Sender;
use crate::{Probe, ProbeOutcome, ProbeRequest, Refusal, TransportProtocol};

/// A stage that can be tried, and what came of it where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageProbe {
    /// The stage.
    pub stage: ProbedStage,
    /// What is sent for it.
    pub request: ProbeRequest,
    /// What came of it; nothing where nothing was sent.
    pub probe: Option<Probe>,
}

/// The stages that can be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbedStage {
    /// From another machine to the host's address.
    Outside,
    /// From the host to its own address.
    Host,
    /// From the host to its loopback address.
    Loopback,
    /// From the container to the host's address.
    Itself,
    /// From the host to the container's address, past every published port.
    Target,
    /// From the container to its own address.
    Inside,
    /// From a container to the host's own way out, the next router.
    World,
    /// The same from the host, to compare with.
    WorldFromHost,
}

impl ProbedStage {
    /// The stage that a sender's packets to a published port are of, where they can be sent.
    pub fn of(sender: Sender) -> Option<Self> {
        match sender {
            Sender::Outside => Some(Self::Outside),
            Sender::Host => Some(Self::Host),
            Sender::Loopback => Some(Self::Loopback),
            Sender::Itself => Some(Self::Itself),
            Sender::OtherNetwork | Sender::Answer | Sender::Network => None,
        }
    }
}

/// What a probe says of its stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeVerdict {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// It does not tell: UDP without an answer, a connection that was ended at once, a probe that could not be sent.
    Unclear,
}

impl StageProbe {
    /// What can be tried.
    pub fn new(stage: ProbedStage, request: ProbeRequest) -> Self {
        Self { stage, request, probe: None }
    }

    /// What it says of the stage; nothing where nothing was sent.
    pub fn verdict(&self) -> Option<ProbeVerdict> {
        let outcome = &self.probe.as_ref()?.outcome;
        let is_udp = self.request.protocol == TransportProtocol::Udp;
        Some(match outcome {
            ProbeOutcome::Answered | ProbeOutcome::Connected => ProbeVerdict::Works,
            // A router that says no has heard, and was heard; a rule of this host speaks in its own name.
            ProbeOutcome::Refused(Refusal::Icmp(error)) if error.from != self.request.target.ip() => {
                ProbeVerdict::Fails
            }
            ProbeOutcome::Refused(_) | ProbeOutcome::Closed | ProbeOutcome::Reset if self.is_of_world() => {
                ProbeVerdict::Works
            }
            ProbeOutcome::Silent if is_udp || self.is_of_world() => ProbeVerdict::Unclear,
            ProbeOutcome::Closed | ProbeOutcome::Reset | ProbeOutcome::NotTried(_) => ProbeVerdict::Unclear,
            ProbeOutcome::Refused(_) | ProbeOutcome::Silent | ProbeOutcome::Unreachable(_) => {
                ProbeVerdict::Fails
            }
        })
    }

    /// What it says beside the same from the host: a router that answers the host and not the container shows that the
    /// way is cut, and one that answers neither shows nothing.
    pub fn verdict_beside(&self, from_host: &Self) -> Option<ProbeVerdict> {
        let (own, of_host) = (self.verdict()?, from_host.verdict()?);
        let is_tried =
            self.probe.as_ref().is_some_and(|probe| !matches!(probe.outcome, ProbeOutcome::NotTried(_)));
        Some(match (own, of_host) {
            (ProbeVerdict::Works, _) => ProbeVerdict::Works,
            (_, ProbeVerdict::Works) if is_tried => ProbeVerdict::Fails,
            _ => ProbeVerdict::Unclear,
        })
    }

    fn is_of_world(&self) -> bool {
        matches!(self.stage, ProbedStage::World | ProbedStage::WorldFromHost)
    }
}
