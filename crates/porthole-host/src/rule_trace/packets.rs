//! Puts the events of a trace together by the packet that they are of.
//!
//! The kernel's number for a packet is used again for later ones, and one packet changes it when it goes through the
//! loopback interface, so what stays the same in a packet's headers tells packets apart.

use std::collections::{BTreeMap, VecDeque};

use porthole_model::{PacketIdentity, RuleTraceEvent, TracedHeaders, TracedPacket};

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
    /// unless it was there before: then it is another packet that looks the same.
    fn begin(&mut self, event: &RuleTraceEvent) -> Option<TraceNews> {
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
