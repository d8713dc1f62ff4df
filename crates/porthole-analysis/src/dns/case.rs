//! What the reasoning works on: the subject, what was read, the way of names, and which names are looked up.

use std::net::SocketAddr;

use porthole_model::{
    DnsOutcome, DnsProbe, DnsReading, DnsSubject, DnsTransport, DnsVantage, NameServer, Port, RecordKind,
    ResolverFile, Socket, TransportProtocol,
};

use super::candidates::with_glibc;
use super::names::{Wanted, wanted};
use super::route::{self, Route, Surroundings, route};
use super::voice::{Voice, voice};

/// The port of name servers.
pub(super) const DNS_PORT: Port = Port(53);

/// One case.
pub(super) struct Case<'a> {
    pub(super) subject: &'a DnsSubject,
    pub(super) reading: &'a DnsReading,
    pub(super) file: ResolverFile,
    pub(super) route: Route,
    pub(super) wanted: Vec<Wanted>,
}

impl<'a> Case<'a> {
    pub(super) fn new(subject: &'a DnsSubject, reading: &'a DnsReading) -> Self {
        let file = reading.resolver_file.value().cloned().flatten().unwrap_or_default();
        let read = reading.resolver_file.value().map(|_| &file);
        let route = route(&Surroundings::of(subject, reading), read);
        Self { subject, reading, route, wanted: wanted(subject), file }
    }

    /// The engine's sockets in the container's network namespace that take questions.
    pub(super) fn engine_sockets(&self, protocol: TransportProtocol) -> Vec<(SocketAddr, &'a Socket)> {
        route::engine_sockets(
            self.reading.engine_sockets.value().map(Vec::as_slice).unwrap_or_default(),
            protocol,
        )
    }

    /// The full names under which an outside name may be asked for.
    pub(super) fn outside(&self) -> Vec<String> {
        let names = self.wanted.iter().filter(|wanted| wanted.is_outside());
        names.flat_map(|wanted| with_glibc(&wanted.name, &self.file)).collect()
    }

    /// What was asked of a server, from one place in one way.
    pub(super) fn asked(
        &self,
        server: &NameServer,
        port: Port,
        from: DnsVantage,
        over: DnsTransport,
    ) -> impl Iterator<Item = &'a DnsProbe> {
        self.reading.probes.iter().filter(move |probe| {
            probe.server == *server && probe.port == port && probe.from == from && probe.over == over
        })
    }

    /// What a server said over UDP of names that it has to find out.
    pub(super) fn voice_outside(&self, server: &NameServer, port: Port, from: DnsVantage) -> Option<Voice> {
        let outside = self.outside();
        voice(
            self.asked(server, port, from, DnsTransport::Udp)
                .filter(|probe| outside.contains(&probe.question.name)),
        )
    }

    /// What a server said at all.
    pub(super) fn voice(
        &self,
        server: &NameServer,
        port: Port,
        from: DnsVantage,
        over: DnsTransport,
    ) -> Option<Voice> {
        voice(self.asked(server, port, from, over))
    }

    /// What came of one question to any of the servers that the container asks: the best answer of the first that has one.
    pub(super) fn of_entries(&self, name: &str, kind: RecordKind) -> Option<&'a DnsOutcome> {
        let is_asked = |probe: &&DnsProbe| probe.question.name == name && probe.question.kind == kind;
        let outcomes: Vec<_> = self
            .route
            .entries
            .iter()
            .flat_map(|server| {
                let ways = [DnsTransport::Udp, DnsTransport::Tcp];
                ways.into_iter()
                    .flat_map(move |over| self.asked(server, DNS_PORT, DnsVantage::Container, over))
            })
            .filter(is_asked)
            .map(|probe| &probe.outcome)
            .collect();
        let is_whole = |outcome: &&&DnsOutcome| outcome.answer().is_some_and(|answer| !answer.truncated);
        let whole = outcomes.iter().find(|outcome| outcome.is_knowledge() && is_whole(outcome));
        let answered = outcomes.iter().find(|outcome| outcome.answer().is_some());
        whole.or(answered).or(outcomes.first()).copied()
    }

    /// The networks of the subject on which containers have names.
    pub(super) fn named_networks(&self) -> impl Iterator<Item = &'a str> {
        let networks = self.subject.attachments.iter().map(|at| at.network_name.as_str());
        networks.filter(|network| has_names(network))
    }
}

/// Whether the members of a network of that name find each other by name.
pub(crate) fn has_names(network: &str) -> bool {
    !["bridge", "host", "none", "podman"].contains(&network)
}
