//! The kernel's own trace of packets through nftables' rules: which rule each packet of a flow met, in order.
//!
//! The kernel traces packets that a rule says it of. That rule is in a table of our own, before all others, so no
//! table of the user is touched. The table belongs to the socket that made it and goes with it, also after `kill -9`
//! (Linux 5.12); before that its name says which process made it, and the next trace removes those of ended ones.

mod packets;
mod reader;
mod table;

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use porthole_model::{Gap, Pid, TraceFlow};

use crate::failure::{Right, gap};
use crate::places::Place;
use crate::{LinuxHost, enter};

use packets::Sorter;
pub use packets::{TraceNews, TracedPackets};
use reader::{Reader, Received};
use table::Tables;

/// A trace that runs until it is dropped.
///
/// Chains of iptables-legacy are not seen: the packet is not heard of between two chains of nftables.
#[derive(Debug)]
pub struct RuleTrace {
    reader: Reader,
    sorter: Sorter,
    tables: Tables,
}

impl LinuxHost {
    /// Begins to trace these flows in the network namespace of a process.
    pub fn trace_rules(&self, process: Pid, flows: &[TraceFlow]) -> Result<RuleTrace, Gap> {
        let namespace = *self.network_namespace_of(process).known()?;
        let place = Place::of_process(&self.proc, namespace, process);
        let started = enter::one(&self.proc, &place, &|_| RuleTrace::start(self, flows))?;
        started.map_err(|error| gap("rule trace", "nf_tables", error, Right::Root))
    }
}

impl RuleTrace {
    /// In the namespace of the calling thread. It is heard of every packet that begins its way after this.
    fn start(host: &LinuxHost, flows: &[TraceFlow]) -> io::Result<Self> {
        let reader = Reader::open()?;
        let tables = Tables::install(&host.proc, flows)?;
        let sorter = Sorter::new(tables.name().to_owned());
        Ok(Self { reader, sorter, tables })
    }

    /// What was heard since the last time; waits for the first of it, at most until `deadline`, and then gives none.
    pub fn news(&mut self, deadline: Instant) -> io::Result<Vec<TraceNews>> {
        loop {
            let news = match self.reader.receive(deadline)? {
                Received::Nothing => return Ok(Vec::new()),
                Received::Lost => vec![TraceNews::Lost],
                Received::Events(events) => self.sorter.sort(events),
            };
            if !news.is_empty() {
                return Ok(news);
            }
        }
    }

    /// Why frames inside of bridges are not traced, where they are not.
    pub fn bridge_gap(&self) -> Option<&Gap> {
        self.tables.bridge_gap()
    }
}

impl AsFd for RuleTrace {
    /// Can be read when there is news.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
