//! Probes: connections and datagrams that are sent from several network namespaces at once, each with a deadline.

mod addresses;
mod air;
mod flight;
mod icmp;
mod launch;
mod outside;

use std::time::Duration;

use porthole_model::{Gap, OutsidePlace, Pid, Probe, ProbeOutcome, ProbeRequest, ProbeVantage, Probes};

use crate::LinuxHost;
use crate::places::Place;
use launch::Sites;
use outside::Outside;

/// How many are on their way at once.
const WAVE: usize = 512;

impl LinuxHost {
    /// Sends what is asked for, at once, and says what came of each in the order of the requests.
    ///
    /// Each is settled within `patience` and a moment more, in which it is seen whether a connection that stands is
    /// held. `host` is a process in the network namespace that is called the host's: the engine's, or porthole's own.
    ///
    /// For probes from outside, an interface named `porthole0`, or with the next free number, is in the host's network
    /// namespace until this returns; if porthole is killed, it goes with it.
    pub fn probe(&self, host: Pid, requests: &[ProbeRequest], patience: Duration) -> Probes {
        let host = self.place_of(host);
        let mut outside = self.outside(&host, requests);
        let sites = Sites { proc: &self.proc, outside: outside.as_ref().map_err(Clone::clone), host };
        let waves = requests.chunks(WAVE);
        let mut tried: Vec<_> = waves.flat_map(|wave| air::send(&sites, wave, patience)).collect();
        let outside = outside.as_mut().map_err(|gap| gap.clone());
        Probes {
            outside: outside.map(|outside| settle(outside, &mut tried)).into(),
            tried,
            names: Vec::new(),
        }
    }

    fn place_of(&self, pid: Pid) -> Result<Place, Gap> {
        let namespace = *self.network_namespace_of(pid).known()?;
        Ok(Place::of_process(&self.proc, namespace, pid))
    }

    /// The place outside, if it is needed.
    fn outside(&self, host: &Result<Place, Gap>, requests: &[ProbeRequest]) -> Result<Outside, Gap> {
        let needs = |request: &&ProbeRequest| request.from == ProbeVantage::Outside;
        let wanted: Vec<_> = requests.iter().filter(needs).collect();
        if wanted.is_empty() {
            return Err(Gap::not_asked("place outside"));
        }
        let has_ipv6 = wanted.iter().any(|request| request.target.is_ipv6());
        Outside::make(&self.proc, host.as_ref().map_err(Clone::clone)?, has_ipv6)
    }
}

/// Where something of the host interfered with the place outside, what failed from there proves nothing.
fn settle(outside: &mut Outside, tried: &mut [Probe]) -> OutsidePlace {
    let failed = |probe: &&mut Probe| {
        probe.request.from == ProbeVantage::Outside
            && !probe.outcome.is_taken()
            && !matches!(probe.outcome, ProbeOutcome::NotTried(_))
    };
    for probe in tried.iter_mut().filter(failed) {
        if let Err(gap) = outside.check(probe.request.target.is_ipv6()) {
            probe.outcome = ProbeOutcome::NotTried(gap);
        }
    }
    outside.described()
}
