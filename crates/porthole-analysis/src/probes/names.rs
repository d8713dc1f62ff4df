//! Which name servers a container is to ask, for what, and who asks the same on the host.

use std::net::IpAddr;

use porthole_model::{
    Container, DnsQuestion, DnsTransport, Engine, NameRequest, NameServer, NotedForwarder, ProbeVantage,
    RecordKind,
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
    let is_named = standing.is_embedded() && has_names(&seat.network.name);
    let of_peer =
        BOTH.into_iter().filter(|_| is_named).map(|over| to_resolver(from, over, peer(seat, engine)));
    let mut inquiries: Vec<_> = of_peer.collect();
    if seat.leads_out && !seat.network.internal {
        inquiries.extend(outward(standing, seat, from));
    }
    inquiries
}

/// What is asked of servers outside, from the container itself and by the engine for it.
fn outward(standing: &Standing<'_>, seat: &Seat<'_>, from: ProbeVantage) -> Vec<Inquiry> {
    let asked = standing.asked();
    let own = asked.iter().take(MOST_SERVERS).filter(|each| !each.from_host);
    let reached = own.map(|each| &each.server).filter(|server| is_within_reach(server, seat));
    let directly = reached.flat_map(|server| BOTH.map(|over| to_server(from, over, server)));
    // The engine asks the first one first, and that long that nobody waits for the second.
    let first = asked.first().filter(|first| standing.is_embedded() && is_plain(&first.server));
    let first = first.filter(|first| first.from_host || is_within_reach(&first.server, seat));
    directly.chain(first.map(|first| forwarded(from, first))).collect()
}

fn to_resolver(from: ProbeVantage, over: DnsTransport, name: &str) -> Inquiry {
    let there = Question::Name(request(from, &EMBEDDED.into(), over, name));
    Inquiry { purpose: Purpose::Resolver, onward: None, there, from_host: None }
}

fn to_server(from: ProbeVantage, over: DnsTransport, server: &NameServer) -> Inquiry {
    let ask = |from| Question::Name(request(from, server, over, HARMLESS));
    let (there, from_host) = (ask(from), Some(ask(ProbeVantage::Host)));
    Inquiry { purpose: Purpose::Server, onward: Some(server.address), there, from_host }
}

/// The engine's resolver, for what it has to ask another about.
fn forwarded(from: ProbeVantage, by: &NotedForwarder) -> Inquiry {
    let ask = |from, server: &NameServer| Question::Name(request(from, server, DnsTransport::Udp, HARMLESS));
    let (there, from_host) = (ask(from, &EMBEDDED.into()), Some(ask(ProbeVantage::Host, &by.server)));
    let onward = (!by.from_host).then_some(by.server.address);
    Inquiry { purpose: Purpose::Forwarding, onward, there, from_host }
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
