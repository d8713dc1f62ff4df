//! Which name servers a container is to ask, for what, and who asks the same on the host.

use std::net::IpAddr;

use porthole_model::{
    Container, DnsQuestion, DnsTransport, Engine, NameRequest, NameServer, ProbeVantage, RecordKind,
};

use super::reach::{Inquiry, Purpose, Question};
use crate::dns::{EMBEDDED, Standing, has_names};
use crate::firewall::Seat;

/// A name that every server has an answer to, and that nobody minds being asked (RFC 6761, section 6.3).
const HARMLESS: &str = "localhost";

/// No C library asks more servers.
const MOST_SERVERS: usize = 3;

const BOTH: [DnsTransport; 2] = [DnsTransport::Udp, DnsTransport::Tcp];

/// What a container asks by its own files; `from` is the container.
pub(super) fn of(
    standing: &Standing<'_>,
    seat: &Seat<'_>,
    engine: &Engine,
    from: ProbeVantage,
) -> Vec<Inquiry> {
    let mut inquiries = Vec::new();
    if standing.is_embedded() && has_names(&seat.network.name) {
        inquiries.extend(BOTH.map(|over| to_resolver(from, over, peer(seat, engine), None)));
    }
    if !seat.leads_out || seat.network.internal {
        return inquiries;
    }
    let asked = standing.asked();
    let host = |server: &NameServer, over| request(ProbeVantage::Host, server, over, HARMLESS);
    for each in asked.iter().take(MOST_SERVERS).filter(|each| !each.from_host) {
        if is_within_reach(&each.server, seat) {
            inquiries.extend(BOTH.map(|over| Inquiry {
                purpose: Purpose::Server,
                there: Question::Name(request(from, &each.server, over, HARMLESS)),
                from_host: Some(Question::Name(host(&each.server, over))),
            }));
        }
    }
    // The engine asks the first one first, and that long that nobody waits for the second.
    let first = asked.first().filter(|first| standing.is_embedded() && is_plain(&first.server));
    inquiries.extend(first.filter(|first| first.from_host || is_within_reach(&first.server, seat)).map(
        |first| {
            let comparison = host(&first.server, DnsTransport::Udp);
            to_resolver(from, DnsTransport::Udp, HARMLESS, Some(comparison))
        },
    ));
    inquiries
}

fn to_resolver(
    from: ProbeVantage,
    over: DnsTransport,
    name: &str,
    from_host: Option<NameRequest>,
) -> Inquiry {
    let purpose = if from_host.is_some() { Purpose::Forwarding } else { Purpose::Resolver };
    let there = Question::Name(request(from, &EMBEDDED.into(), over, name));
    Inquiry { purpose, there, from_host: from_host.map(Question::Name) }
}

/// Another container on the network, or else the container itself: the engine's resolver knows both without asking.
fn peer<'a>(seat: &Seat<'a>, engine: &'a Engine) -> &'a str {
    let is_on = |other: &&Container| {
        let mut places = other.attachments.iter();
        other.id != seat.container.id
            && other.is_alive()
            && places.any(|place| place.network_name == seat.network.name)
    };
    let mut others = engine.containers.value().into_iter().flatten();
    others.find(is_on).map_or(&seat.container.name, |other| &other.name)
}

/// Whether the container can be meant to reach it by this network: not by a loopback, nor in a family that it lacks.
fn is_within_reach(server: &NameServer, seat: &Seat<'_>) -> bool {
    let address: IpAddr = server.address;
    is_plain(server) && !address.is_loopback() && seat.address(address.is_ipv4()).is_some()
}

/// Whether the address is the same server's everywhere.
fn is_plain(server: &NameServer) -> bool {
    server.zone.is_none() && !server.address.is_unspecified() && server.address != EMBEDDED
}

fn request(from: ProbeVantage, server: &NameServer, over: DnsTransport, name: &str) -> NameRequest {
    let question = DnsQuestion { name: name.to_owned(), kind: RecordKind::A };
    NameRequest { from, server: server.clone(), over, question }
}
