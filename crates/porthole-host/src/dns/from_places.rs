//! Questions to name servers from many places at once, one each.

use std::thread;
use std::time::Duration;

use porthole_model::{
    DnsOutcome, DnsVantage, DnsVisit, Gap, GapKind, NameProbe, NameRequest, Pid, Port, ProbeVantage,
};

use super::visit::made;
use crate::LinuxHost;

/// How many are asked at once.
const WAVE: usize = 512;

/// The port of name servers.
const DNS_PORT: Port = Port(53);

impl LinuxHost {
    /// Asks everybody at once, and says what came of each in the order of the requests; none waits longer than `patience`.
    ///
    /// `host` is a process in the network namespace that is called the host's: the engine's, or porthole's own.
    pub fn ask_names(&self, host: Pid, requests: &[NameRequest], patience: Duration) -> Vec<NameProbe> {
        requests.chunks(WAVE).flat_map(|wave| self.ask_wave(host, wave, patience)).collect()
    }

    fn ask_wave(&self, host: Pid, wave: &[NameRequest], patience: Duration) -> Vec<NameProbe> {
        thread::scope(|scope| {
            let begin = |request| {
                let asker = move || self.ask_name(host, request, patience);
                thread::Builder::new().spawn_scoped(scope, asker)
            };
            let started: Vec<_> = wave.iter().map(begin).collect();
            let end =
                |(request, thread): (&NameRequest, std::io::Result<thread::ScopedJoinHandle<'_, _>>)| {
                    match thread {
                        Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                        Err(error) => {
                            unasked(request, Gap::new(GapKind::Failed, "question", error.to_string()))
                        }
                    }
                };
            wave.iter().zip(started).map(end).collect()
        })
    }

    fn ask_name(&self, host: Pid, request: &NameRequest, patience: Duration) -> NameProbe {
        let (pid, from) = match request.from {
            ProbeVantage::Host => (host, DnsVantage::Host),
            ProbeVantage::Container(pid) => (pid, DnsVantage::Container),
            ProbeVantage::Outside => {
                return unasked(request, Gap::not_asked("name server from outside"));
            }
        };
        let visit = DnsVisit {
            from,
            server: request.server.clone(),
            port: DNS_PORT,
            over: request.over,
            edns: false,
            questions: vec![request.question.clone()],
        };
        let probes = self.door_of(pid).and_then(|door| made(&door, &visit, patience));
        match probes.map(|probes| probes.into_iter().next()) {
            Ok(Some(probe)) => {
                NameProbe { request: request.clone(), outcome: probe.outcome, took: probe.took }
            }
            Ok(None) => unasked(request, Gap::not_asked("question")),
            Err(gap) => unasked(request, gap),
        }
    }
}

fn unasked(request: &NameRequest, gap: Gap) -> NameProbe {
    NameProbe { request: request.clone(), outcome: DnsOutcome::NotAsked(gap), took: 0 }
}
