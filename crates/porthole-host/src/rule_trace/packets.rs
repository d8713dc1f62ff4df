//! Puts the events of a trace together by the packet that they are of.
//!
//! The kernel's number for a packet is used again for later ones, and one packet changes it when it goes through the
//! loopback interface, so what stays the same in a packet's headers tells packets apart.

use std::collections::{BTreeMap, VecDeque};

use porthole_model::{PacketIdentity, RuleTraceEvent, TraceStep, TracedHeaders, TracedPacket};

/// How many packets may be on their way at once; of older ones nothing more is heard.
const KEPT: usize = 4096;

/// What a trace heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TraceNews {
    /// A packet begins its way.
    Packet {
        /// Its number, never used again by this trace.
        packet: u64,
        /// The packet as it arrived or was sent.
        headers: TracedHeaders,
    },
    /// A packet met a rule, or came to the end of a chain.
    Step {
        /// The number of the packet.
        packet: u64,
        /// What happened.
        event: RuleTraceEvent,
    },
    /// More happened than could be heard: steps of any packet may be missing before this.
    Lost,
}

/// Gives each event its packet.
#[derive(Debug)]
pub(super) struct Sorter {
    own_table: String,
    next: u64,
    /// The packets that are known, the latest last.
    packets: VecDeque<Known>,
}

#[derive(Debug)]
struct Known {
    packet: u64,
    identity: PacketIdentity,
    /// The kernel's number at the moment.
    id: u32,
    /// The chains of our own table that it came through.
    begun: Vec<String>,
}

impl Sorter {
    /// For packets that are traced because a table of this name says so; other people's traces are left out.
    pub(super) fn new(own_table: String) -> Self {
        Self { own_table, next: 0, packets: VecDeque::new() }
    }

    pub(super) fn sort(&mut self, events: Vec<RuleTraceEvent>) -> Vec<TraceNews> {
        events.into_iter().filter_map(|event| self.place(event)).collect()
    }

    fn place(&mut self, event: RuleTraceEvent) -> Option<TraceNews> {
        if event.table == self.own_table {
            return self.begin(&event);
        }
        let known = self.known(&event)?;
        known.id = event.packet;
        Some(TraceNews::Step { packet: known.packet, event })
    }

    /// Our own rule comes first wherever a packet begins; one that it knows already is on a further leg of its way,
    /// unless it was there before: then it is another packet that looks the same. A packet that only comes through our
    /// chains is traced for somebody else.
    fn begin(&mut self, event: &RuleTraceEvent) -> Option<TraceNews> {
        if !matches!(event.step, TraceStep::Rule { .. }) {
            return None;
        }
        let headers = event.headers.clone()?;
        let place = format!("{:?} {}", event.family, event.chain);
        if let Some(known) = self.known(event).filter(|known| !known.begun.contains(&place)) {
            known.id = event.packet;
            known.begun.push(place);
            return None;
        }
        let packet = self.next;
        self.next += 1;
        if self.packets.len() == KEPT {
            self.packets.pop_front();
        }
        let identity = headers.identity;
        self.packets.push_back(Known { packet, identity, id: event.packet, begun: vec![place] });
        Some(TraceNews::Packet { packet, headers })
    }

    /// The packet that an event is of. One with headers is told by these, any other by the kernel's number.
    fn known(&mut self, event: &RuleTraceEvent) -> Option<&mut Known> {
        let is_it = |known: &Known| match &event.headers {
            Some(headers) => known.identity == headers.identity,
            None => known.id == event.packet,
        };
        self.packets.iter_mut().rev().find(|known| is_it(known))
    }
}

/// Whole packets, put together from news.
#[derive(Clone, Debug, Default)]
pub struct TracedPackets {
    packets: BTreeMap<u64, TracedPacket>,
    has_lost: bool,
}

impl TracedPackets {
    /// Takes further news in.
    pub fn add(&mut self, news: Vec<TraceNews>) {
        for each in news {
            match each {
                TraceNews::Packet { packet, headers } => {
                    self.packets.insert(packet, TracedPacket { headers, events: Vec::new() });
                }
                TraceNews::Step { packet, event } => {
                    if let Some(traced) = self.packets.get_mut(&packet) {
                        traced.events.push(event);
                    }
                }
                TraceNews::Lost => self.has_lost = true,
            }
        }
    }

    /// The packets, the first one first.
    pub fn packets(&self) -> impl Iterator<Item = &TracedPacket> {
        self.packets.values()
    }

    /// Whether steps may be missing, since more happened than could be heard.
    pub fn has_lost(&self) -> bool {
        self.has_lost
    }
}

#[cfg(test)]
mod tests {
    use porthole_model::TraceVerdict;
    use porthole_model::firewall::TableFamily;

    use super::*;

    /// An event of a packet of this identity, told with headers or without.
    fn event(id: u32, table: &str, step: TraceStep, identity: Option<u32>) -> RuleTraceEvent {
        let address = "10.0.0.1".parse().unwrap();
        let headers = identity.map(|network| TracedHeaders {
            source: address,
            destination: address,
            protocol: 6,
            source_port: None,
            destination_port: None,
            hop_limit: 64,
            identity: PacketIdentity { network, length: 60, transport: 0, flags: 2 },
        });
        RuleTraceEvent {
            packet: id,
            family: TableFamily::Inet,
            table: table.to_owned(),
            chain: "arriving".to_owned(),
            step,
            mark: None,
            input: None,
            output: None,
            headers,
        }
    }

    fn rule() -> TraceStep {
        TraceStep::Rule { handle: 1, verdict: TraceVerdict::Continue }
    }

    /// The packets that these events are put to.
    fn packets(events: Vec<RuleTraceEvent>) -> Vec<usize> {
        let mut packets = TracedPackets::default();
        packets.add(Sorter::new("own".to_owned()).sort(events));
        packets.packets().map(|packet| packet.events.len()).collect()
    }

    #[test]
    fn a_number_that_is_used_again_is_another_packet() {
        let events = [(7, 100), (7, 101)].into_iter().flat_map(|(id, identity)| {
            [event(id, "own", rule(), Some(identity)), event(id, "filter", TraceStep::End, None)]
        });
        assert_eq!(packets(events.collect()), [1, 1]);
    }

    #[test]
    fn a_packet_that_looks_like_the_last_one_is_another_one() {
        let events = [7, 8].map(|id| event(id, "own", rule(), Some(100)));
        assert_eq!(packets(events.to_vec()), [0, 0]);
    }

    #[test]
    fn a_packet_that_changed_its_number_on_the_loopback_is_the_same() {
        let events = vec![
            event(7, "own", rule(), Some(100)),
            event(8, "filter", rule(), Some(100)),
            event(8, "filter", TraceStep::End, None),
        ];
        assert_eq!(packets(events), [2]);
    }

    #[test]
    fn what_another_trace_asked_for_is_left_out() {
        let events = vec![
            event(7, "own", TraceStep::End, Some(100)),
            event(7, "filter", rule(), Some(100)),
            event(7, "filter", TraceStep::End, None),
        ];
        assert_eq!(packets(events), Vec::<usize>::new());
    }
}
