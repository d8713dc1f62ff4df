//! Probes of published ports, ways out and name servers: which are made, and what they say of findings.

mod evidence;
mod names;
mod own_ways;
mod plan;
mod reach;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::rc::Rc;

use porthole_model::{Gap, PortBinding, Probe, ProbePlan, ProbedStage, Probes, Sender, Snapshot, StageProbe};

use crate::case::Case;
use crate::firewall::Journeys;
use crate::ports::{self, Doors, Judged, proxies, relays};

pub(crate) use evidence::{attach, line};
pub(crate) use own_ways::{OwnWays, Walks};
pub use plan::probing_process;
pub(crate) use plan::{first_process, of_asker, of_exit, of_target};
pub(crate) use reach::{Inquiry, Reach};

/// A published port, and the probes for it.
pub(crate) struct Trial<'a> {
    /// The port.
    pub(crate) judged: Judged<'a>,
    /// The probes.
    planned: Vec<StageProbe>,
    /// The places of the host from which a docker-proxy relays to it.
    relayed: BTreeSet<SocketAddr>,
}

impl Trial<'_> {
    /// What came of them.
    pub(crate) fn results<'p>(&self, probes: &'p Probes) -> Vec<(ProbedStage, &'p Probe)> {
        let results = self.planned.iter();
        results.filter_map(|planned| Some((planned.stage, probes.of(&planned.request)?))).collect()
    }

    /// Whether it is for a docker-proxy that a probe was sent.
    pub(crate) fn is_relayed(&self, probe: &Probe) -> bool {
        self.relayed.contains(&probe.request.target)
    }
}

/// All that `doctor --active` tries.
pub(crate) struct Attempts<'a> {
    /// Of published ports.
    pub(crate) trials: Vec<Trial<'a>>,
    /// Of what containers ask.
    pub(crate) reaches: Vec<Reach<'a>>,
    /// The host, where its rules could be read.
    pub(crate) journeys: Option<Rc<Journeys<'a>>>,
    /// Why some is not tried.
    pub(crate) gaps: Vec<Gap>,
}

/// What `doctor --active` sends: for every published port of a container that runs, to the container's own address
/// from within and from the host, to the port on the host, and to the port from outside; and from a container of each
/// network to the next router and to the name servers that it is told to ask.
pub fn probe_plan(snapshot: &Snapshot) -> Result<ProbePlan, Gap> {
    let attempts = Attempts::of(&Case::new(snapshot))?;
    let of_ports = attempts.trials.iter().flat_map(|trial| &trial.planned).map(|planned| planned.request);
    let of_reaches = || attempts.reaches.iter().flat_map(|reach| &reach.inquiries);
    let packets = of_ports.chain(of_reaches().flat_map(Inquiry::packets));
    Ok(ProbePlan { packets: each_once(packets), names: each_once(of_reaches().flat_map(Inquiry::names)) })
}

fn each_once<T: Ord>(requests: impl Iterator<Item = T>) -> Vec<T> {
    requests.collect::<BTreeSet<_>>().into_iter().collect()
}

impl<'s> Attempts<'s> {
    /// What is tried, and why some is not.
    pub(crate) fn of(case: &Case<'s>) -> Result<Self, Gap> {
        let snapshot = case.snapshot;
        let (judged, mut gaps) = ports::judge(snapshot)?;
        let journeys = case.journeys().map_err(|gap| gaps.push(gap)).ok();
        let plan = Plan { snapshot, journeys: journeys.as_deref() };
        let trials = judged.into_iter().map(|judged| plan.trial(judged)).collect();
        let reaches = journeys.as_ref().map(|journeys| reach::reaches(snapshot, journeys));
        Ok(Self { trials, reaches: reaches.unwrap_or_default(), journeys, gaps })
    }
}

struct Plan<'j, 'a> {
    snapshot: &'a Snapshot,
    journeys: Option<&'j Journeys<'a>>,
}

impl Plan<'_, '_> {
    fn trial<'j>(&self, judged: Judged<'j>) -> Trial<'j> {
        let (port, protocol) = (judged.published.port.0, judged.published.protocol);
        let inside = first_process(self.snapshot, judged.container);
        let targets = judged.served.iter().chain(&judged.unserved);
        let of_targets =
            targets.flat_map(|address| of_target(SocketAddr::new(*address, port), inside, protocol));
        let doors = judged.published.bindings.iter().flat_map(|binding| self.doors(binding));
        let of_doors = doors.filter_map(|(sender, door)| of_asker(sender, door, inside, protocol));
        let planned = of_targets.chain(of_doors).collect();
        let relayed = judged.published.bindings.iter().filter(|binding| self.has_proxy(binding));
        let relayed = relayed.flat_map(|binding| self.doors(binding)).map(|(_, door)| door).collect();
        Trial { judged, planned, relayed }
    }

    /// One door for others, and one for the host, where any docker-proxy takes what comes.
    fn doors(&self, binding: &PortBinding) -> impl Iterator<Item = (Sender, SocketAddr)> {
        let doors = Doors { journeys: self.journeys, binding };
        let outside = doors.outside().next().map(|(_, address)| (Sender::Outside, address));
        let own = doors.loopback().map(|address| (Sender::Loopback, address));
        let own = own.or_else(|| doors.host().map(|address| (Sender::Host, address)));
        let port = binding.host_port.0;
        let both = outside.into_iter().chain(own);
        both.map(move |(sender, address)| (sender, SocketAddr::new(address, port)))
    }

    fn has_proxy(&self, binding: &PortBinding) -> bool {
        proxies(self.snapshot).iter().any(|proxy| relays(proxy, binding))
    }
}
