//! Probes of published ports: which are made, and what they say of findings.

mod evidence;
mod own_ways;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use porthole_model::{Gap, PortBinding, Probe, ProbeRequest, ProbeVantage, Probes, Snapshot};

use crate::firewall::Journeys;
use crate::ports::{self, Judged, proxies, relays};

pub(crate) use evidence::{attach, line};
pub(crate) use own_ways::{OwnWays, Walks};

/// What a probe of a published port is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Whether the program answers in the container, at the address that the host sends to.
    Inside,
    /// Whether it answers the host there.
    Direct,
    /// Whether the port answers on the host itself; where the host has a docker-proxy for it, that must be so.
    Host {
        /// Whether it has one.
        by_proxy: bool,
    },
    /// Whether the port answers others.
    Outside,
}

/// A published port, and the probes for it.
pub(crate) struct Trial<'a> {
    /// The port.
    pub(crate) judged: Judged<'a>,
    /// The probes.
    pub(crate) requests: Vec<(Stage, ProbeRequest)>,
}

impl Trial<'_> {
    /// What came of them.
    pub(crate) fn results<'p>(&self, probes: &'p Probes) -> Vec<(Stage, &'p Probe)> {
        self.requests.iter().filter_map(|(stage, request)| Some((*stage, probes.of(request)?))).collect()
    }
}

/// What `doctor --active` sends: for every published port of a container that runs, to the container's own address
/// from within and from the host, to the port on the host, and to the port from outside.
pub fn probe_plan(snapshot: &Snapshot) -> Result<Vec<ProbeRequest>, Gap> {
    let (trials, _said_by_the_checks) = trials(snapshot)?;
    let mut requests: Vec<_> =
        trials.iter().flat_map(|trial| &trial.requests).map(|(_, request)| *request).collect();
    requests.sort();
    requests.dedup();
    Ok(requests)
}

/// The published ports with their probes, and why some have none.
pub(crate) fn trials(snapshot: &Snapshot) -> Result<(Vec<Trial<'_>>, Vec<Gap>), Gap> {
    let (judged, mut gaps) = ports::judge(snapshot)?;
    let journeys = Journeys::new(snapshot).map_err(|gap| gaps.push(gap)).ok();
    let plan = Plan { snapshot, journeys };
    Ok((judged.into_iter().map(|judged| plan.trial(judged)).collect(), gaps))
}

struct Plan<'a> {
    snapshot: &'a Snapshot,
    journeys: Option<Journeys<'a>>,
}

impl Plan<'_> {
    fn trial<'a>(&self, judged: Judged<'a>) -> Trial<'a> {
        let protocol = judged.published.protocol;
        let mut requests = Vec::new();
        let mut add = |stage, from, address: IpAddr, port: u16| {
            requests.push((stage, ProbeRequest { from, target: SocketAddr::new(address, port), protocol }));
        };
        for address in judged.served.iter().chain(&judged.unserved) {
            let port = judged.published.port.0;
            if let Some(pid) = judged.container.pid {
                add(Stage::Inside, ProbeVantage::Container(pid), *address, port);
            }
            add(Stage::Direct, ProbeVantage::Host, *address, port);
        }
        let proxies = proxies(self.snapshot);
        for binding in &judged.published.bindings {
            let by_proxy = proxies.iter().any(|proxy| relays(proxy, binding));
            add(Stage::Host { by_proxy }, ProbeVantage::Host, on_host(binding), binding.host_port.0);
            if let Some(address) = self.for_others(binding) {
                add(Stage::Outside, ProbeVantage::Outside, address, binding.host_port.0);
            }
        }
        Trial { judged, requests }
    }

    /// The address of the host that others ask.
    fn for_others(&self, binding: &PortBinding) -> Option<IpAddr> {
        let journeys = self.journeys.as_ref()?;
        journeys
            .uplinks()
            .iter()
            .find_map(|uplink| journeys.outside_addresses(uplink, binding).first().copied())
    }
}

/// The address by which programs of the host ask it.
fn on_host(binding: &PortBinding) -> IpAddr {
    match binding.host_address {
        address if !address.is_unspecified() => address,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}
