//! What containers ask by their networks: the next router, the engine's resolver, and name servers outside.
//!
//! What the host asks in vain, too, is no container's fault.

use std::net::{IpAddr, SocketAddr};

use porthole_model::{
    Container, DnsOutcome, DnsTransport, Engine, Evidence, Gap, NameProbe, NameRequest, Network, Port, Probe,
    ProbeOutcome, ProbeRequest, ProbeVantage, ProbeVerdict, Probes, Snapshot, StageProbe, TransportProtocol,
};

use super::{first_process, names, of_exit};
use crate::dns::{Standing, outcome_words, standings};
use crate::firewall::{Aim, Fate, Journeys, Seat};
use crate::ports::is_settling;

const DNS_PORT: Port = Port(53);

/// A container that asks for its network.
#[derive(Debug)]
pub(crate) struct Reach<'a> {
    /// Its place there.
    pub(crate) seat: Seat<'a>,
    /// What it asks.
    pub(crate) inquiries: Vec<Inquiry>,
}

/// Something that a container asks, and the same asked by the host.
#[derive(Clone, Debug)]
pub(crate) struct Inquiry {
    /// What for.
    pub(crate) purpose: Purpose,
    /// Whose address packets from the container's network are sent to for it, if any are.
    pub(super) onward: Option<IpAddr>,
    /// From the container.
    pub(super) there: Question,
    /// From the host; `None` of what is the container's alone.
    pub(super) from_host: Option<Question>,
}

/// What an inquiry is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The way out: that the next router is heard.
    Router,
    /// That the engine's resolver answers in the container.
    Resolver,
    /// That a name server is heard.
    Server,
    /// That the engine's resolver finds out what it does not know itself.
    Forwarding,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// A packet.
    Packet(StageProbe),
    /// A question to a name server.
    Name(NameRequest),
}

/// The containers that ask, one for each network, with all that each asks.
pub(super) fn reaches<'a>(snapshot: &'a Snapshot, journeys: &Journeys<'a>) -> Vec<Reach<'a>> {
    let Some(engine) = snapshot.engine.value() else { return Vec::new() };
    // The checks of name servers say what of this could not be read.
    let standings = standings(snapshot).unwrap_or_default();
    let speakers = speakers(snapshot, journeys).into_iter();
    let asked = speakers
        .map(|seat| Reach { seat, inquiries: inquiries(snapshot, journeys, seat, engine, &standings) });
    asked.filter(|reach| !reach.inquiries.is_empty()).collect()
}

/// A place on each network: of a container that has run for a while, and by which it leads out if there is one.
fn speakers<'a>(snapshot: &Snapshot, journeys: &Journeys<'a>) -> Vec<Seat<'a>> {
    let mut speakers: Vec<Seat<'a>> = Vec::new();
    for seat in journeys.seats().iter().filter(|seat| !is_settling(snapshot, seat.container)) {
        match speakers.iter_mut().find(|speaker| speaker.network.id == seat.network.id) {
            Some(speaker) if seat.leads_out && !speaker.leads_out => *speaker = *seat,
            Some(_) => {}
            None => speakers.push(*seat),
        }
    }
    speakers
}

fn inquiries(
    snapshot: &Snapshot,
    journeys: &Journeys<'_>,
    seat: Seat<'_>,
    engine: &Engine,
    standings: &[Result<Standing<'_>, Gap>],
) -> Vec<Inquiry> {
    let routers = [true, false].into_iter().filter_map(|is_ipv4| {
        let [there, from_host] = of_exit(snapshot, &seat, journeys.stack(), is_ipv4)?;
        let onward = Some(there.request.target.ip());
        let (there, from_host) = (Question::Packet(there), Some(Question::Packet(from_host)));
        Some(Inquiry { purpose: Purpose::Router, onward, there, from_host })
    });
    let mut own = standings.iter().flatten().filter(|standing| standing.container.id == seat.container.id);
    let from = first_process(snapshot, seat.container).map(ProbeVantage::Container);
    let names = own.next().zip(from).map(|(standing, from)| names::of(standing, &seat, engine, from));
    routers.chain(names.into_iter().flatten()).collect()
}

/// What came of a question.
enum Answer<'p> {
    Packet(&'p Probe),
    Name(&'p NameProbe),
}

impl Question {
    fn answer<'p>(&self, probes: &'p Probes) -> Option<Answer<'p>> {
        match self {
            Self::Packet(planned) => probes.of(&planned.request).map(Answer::Packet),
            Self::Name(request) => probes.of_name(request).map(Answer::Name),
        }
    }

    /// Who is asked, and how.
    fn target(&self) -> (SocketAddr, TransportProtocol) {
        match self {
            Self::Packet(planned) => (planned.request.target, planned.request.protocol),
            Self::Name(request) => {
                let protocol = match request.over {
                    DnsTransport::Udp => TransportProtocol::Udp,
                    DnsTransport::Tcp => TransportProtocol::Tcp,
                };
                (SocketAddr::new(request.server.address, DNS_PORT.0), protocol)
            }
        }
    }
}

impl<'a> Reach<'a> {
    /// The container.
    pub(crate) fn container(&self) -> &'a Container {
        self.seat.container
    }

    /// The network.
    pub(crate) fn network(&self) -> &'a Network {
        self.seat.network
    }

    /// Why an inquiry that fails is no fault of its own, by what was read: a rule stops it, or it leaves this host with an
    /// address that nobody outside needs to know a way to.
    pub(crate) fn excuse(&self, journeys: &Journeys<'_>, inquiry: &Inquiry) -> Option<String> {
        let (target, protocol) = inquiry.there.target();
        let aim = Aim::port(inquiry.onward?, Port(target.port()), protocol);
        let journey = journeys.from_container(&self.seat, aim)?;
        match &journey.fate {
            Fate::Stopped(stop) => {
                let Evidence { source, observed } = stop.evidence();
                Some(format!("{source}: {observed}, which stops the probe"))
            }
            Fate::Arrives(arrival) => {
                let source = arrival.header.source;
                let mut uplinks = journeys.uplinks().iter();
                let leaves = uplinks.any(|uplink| Some(uplink.link.index) == arrival.interface);
                (leaves && source == journey.packet.source).then(|| {
                    format!("it leaves this host from {source}, and others decide whether that is answered")
                })
            }
            Fate::Open { .. } => None,
        }
    }
}

impl Inquiry {
    /// The packets of it.
    pub(super) fn packets(&self) -> impl Iterator<Item = ProbeRequest> {
        self.questions().filter_map(|question| match question {
            Question::Packet(planned) => Some(planned.request),
            Question::Name(_) => None,
        })
    }

    /// The questions to name servers.
    pub(super) fn names(&self) -> impl Iterator<Item = NameRequest> {
        self.questions().filter_map(|question| match question {
            Question::Packet(_) => None,
            Question::Name(request) => Some(request.clone()),
        })
    }

    fn questions(&self) -> impl Iterator<Item = &Question> {
        std::iter::once(&self.there).chain(&self.from_host)
    }

    /// Whether the container gets no answer, and the host does, where it can be asked.
    pub(crate) fn fails(&self, probes: &Probes) -> bool {
        match (&self.there, &self.from_host) {
            (Question::Packet(there), Some(Question::Packet(from_host))) => {
                let tried = |planned: &StageProbe| StageProbe {
                    probe: probes.of(&planned.request).cloned(),
                    ..planned.clone()
                };
                tried(there).verdict_beside(&tried(from_host)) == Some(ProbeVerdict::Fails)
            }
            (Question::Name(there), Some(Question::Name(from_host))) => {
                let is_answered = |probe: &NameProbe| self.satisfies(&probe.outcome);
                probes.of_name(from_host).is_some_and(is_answered) && self.misses(probes.of_name(there))
            }
            (Question::Name(there), None) => self.misses(probes.of_name(there)),
            (Question::Packet(_), _) | (Question::Name(_), Some(Question::Packet(_))) => false,
        }
    }

    fn misses(&self, probe: Option<&NameProbe>) -> bool {
        probe.is_some_and(|probe| {
            !matches!(probe.outcome, DnsOutcome::NotAsked(_)) && !self.satisfies(&probe.outcome)
        })
    }

    /// Whether the container got what it asked for.
    pub(crate) fn is_answered(&self, probes: &Probes) -> bool {
        match self.there.answer(probes) {
            Some(Answer::Name(probe)) => self.satisfies(&probe.outcome),
            Some(Answer::Packet(probe)) => probe.outcome.is_taken(),
            None => false,
        }
    }

    /// A resolver that says that it does not find out was heard, and has not found out.
    fn satisfies(&self, outcome: &DnsOutcome) -> bool {
        match self.purpose {
            Purpose::Forwarding => outcome.is_knowledge(),
            Purpose::Router | Purpose::Resolver | Purpose::Server => outcome.answer().is_some(),
        }
    }

    /// Whether it is of the kind that carries nearly everything: all but questions over TCP.
    pub(crate) fn is_common(&self) -> bool {
        !matches!(&self.there, Question::Name(request) if request.over == DnsTransport::Tcp)
    }

    /// Why it was not tried, where it was not.
    pub(crate) fn gap<'p>(&self, probes: &'p Probes) -> Option<&'p Gap> {
        match self.there.answer(probes)? {
            Answer::Packet(Probe { outcome: ProbeOutcome::NotTried(gap), .. })
            | Answer::Name(NameProbe { outcome: DnsOutcome::NotAsked(gap), .. }) => Some(gap),
            _ => None,
        }
    }

    /// Who is asked, in words.
    pub(crate) fn whom(&self) -> String {
        let address: IpAddr = self.there.target().0.ip();
        match self.purpose {
            Purpose::Router => format!("the next router, {address}"),
            Purpose::Resolver => format!("the engine's resolver at {address}"),
            Purpose::Server => format!("name server {address}"),
            Purpose::Forwarding => format!("the engine's resolver at {address} for names outside"),
        }
    }

    /// What came of it, from the container and from the host.
    pub(crate) fn lines(&self, probes: &Probes) -> Vec<Evidence> {
        self.questions().filter_map(|question| Some(line(&question.answer(probes)?))).collect()
    }
}

fn line(answer: &Answer<'_>) -> Evidence {
    match answer {
        Answer::Packet(probe) => super::line(probe, None),
        Answer::Name(probe) => {
            let NameRequest { from, server, over, question } = &probe.request;
            let source =
                format!("question from {from} to {server}/{over}, {} of {}", question.kind, question.name);
            Evidence { source, observed: outcome_words(&probe.outcome, probe.took) }
        }
    }
}
