//! The tables that say which packets are traced: made, and removed again whatever happens.

use std::io;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use porthole_model::{Gap, Pid, TraceFlow};
use porthole_wire::netlink::trace_table::{self, TraceTableFamily, TraceTableOwner};
use rustix::io::Errno;

use crate::failure::{Right, gap, is_vanished};
use crate::netlink_client::NetlinkClient;
use crate::procfs::ProcFs;

const PREFIX: &str = "porthole-trace-";

/// How many traces this process began, so that each has a name of its own.
static BEGUN: AtomicU32 = AtomicU32::new(0);

pub(super) struct Tables {
    /// The kernel removes tables with the socket that owns them.
    client: NetlinkClient,
    name: String,
    owner: TraceTableOwner,
    families: Vec<TraceTableFamily>,
    bridge_gap: Option<Gap>,
}

impl Tables {
    /// In the calling thread's namespace.
    pub(super) fn install(proc: &ProcFs, flows: &[TraceFlow]) -> io::Result<Self> {
        let client = NetlinkClient::netfilter()?;
        let number = BEGUN.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", process::id());
        let owner = TraceTableOwner::Socket;
        let mut tables = Self { client, name, owner, families: Vec::new(), bridge_gap: None };
        match tables.add(TraceTableFamily::Inet, flows) {
            Err(error) if is_unknown_flag(&error) => tables.install_unowned(proc, flows)?,
            result => result?,
        }
        if let Err(error) = tables.add(TraceTableFamily::Bridge, flows) {
            tables.bridge_gap = Some(gap("rule trace inside of bridges", "nf_tables", error, Right::Root));
        }
        Ok(tables)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn bridge_gap(&self) -> Option<&Gap> {
        self.bridge_gap.as_ref()
    }

    /// On a kernel whose tables have no owner.
    fn install_unowned(&mut self, proc: &ProcFs, flows: &[TraceFlow]) -> io::Result<()> {
        self.owner = TraceTableOwner::Nobody;
        remove_left(&mut self.client, proc)?;
        self.add(TraceTableFamily::Inet, flows)
    }

    fn add(&mut self, family: TraceTableFamily, flows: &[TraceFlow]) -> io::Result<()> {
        self.client.apply(trace_table::install(family, &self.name, self.owner, flows))?;
        self.families.push(family);
        Ok(())
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        if self.owner == TraceTableOwner::Nobody {
            for family in &self.families {
                // What cannot be removed now, the next trace removes.
                let _left = self.client.apply(trace_table::remove(*family, &self.name));
            }
        }
    }
}

impl std::fmt::Debug for Tables {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Tables").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A kernel before 5.12 refuses a flag that it does not know.
fn is_unknown_flag(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::OPNOTSUPP))
}

/// Removes the tables of processes that have ended.
fn remove_left(client: &mut NetlinkClient, proc: &ProcFs) -> io::Result<()> {
    for family in [TraceTableFamily::Inet, TraceTableFamily::Bridge] {
        let decode = |payload: &[u8]| trace_table::table_name(payload).map(Some);
        let names = client.dump_all(&trace_table::tables(family), decode)?;
        for name in names.iter().filter(|name| maker(name).is_some_and(|maker| has_ended(proc, maker))) {
            client.apply(trace_table::remove(family, name))?;
        }
    }
    Ok(())
}

fn maker(name: &str) -> Option<Pid> {
    let (process, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    process.parse().ok().map(Pid)
}

fn has_ended(proc: &ProcFs, process: Pid) -> bool {
    proc.read(process, "stat").is_err_and(|error| is_vanished(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_the_process_that_made_it() {
        assert_eq!(maker("porthole-trace-4711-0"), Some(Pid(4711)));
        assert_eq!(maker("porthole-trace-x-0"), None);
        assert_eq!(maker("filter"), None);
    }
}
