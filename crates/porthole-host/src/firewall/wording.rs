//! The words of iptables-save for the rules that iptables made.

use std::io;
use std::time::Duration;

use porthole_model::firewall::{Backend, FirewallTable, TableFamily};
use porthole_model::{Gap, GapKind};
use porthole_wire::firewall::IpSetNames;
use porthole_wire::firewall::iptables_save::{self, Dump};

use super::{Reading, TRIES, child, legacy, nftables};
use crate::netlink_client::NetlinkClient;

/// 10,000 rules take it a fifth of a second.
const LIMIT: Duration = Duration::from_secs(20);

/// A program, and the tables that it has words for.
struct Speaker {
    program: &'static str,
    backend: Backend,
    family: TableFamily,
}

const NFTABLES: [Speaker; 2] = [
    Speaker { program: "iptables-nft-save", backend: Backend::IptablesNft, family: TableFamily::Ip },
    Speaker { program: "ip6tables-nft-save", backend: Backend::IptablesNft, family: TableFamily::Ip6 },
];

const LEGACY: [Speaker; 2] = [
    Speaker { program: "iptables-legacy-save", backend: Backend::IptablesLegacy, family: TableFamily::Ip },
    Speaker { program: "ip6tables-legacy-save", backend: Backend::IptablesLegacy, family: TableFamily::Ip6 },
];

/// nftables, with rules and words of one generation. Where there are no words, why is in a gap.
pub(super) fn nftables(
    reading: &Reading<'_>,
    client: &mut NetlinkClient,
    names: &IpSetNames,
) -> io::Result<(Vec<FirewallTable>, Vec<Gap>)> {
    for _ in 0..TRIES {
        let mut read = nftables::read(client, names)?;
        let gaps = NFTABLES.iter().filter_map(|speaker| speaker.reword(reading, &mut read.tables).err());
        let gaps = gaps.collect();
        if nftables::generation(client)? == read.generation {
            return Ok((read.tables, gaps));
        }
    }
    Err(nftables::changed())
}

/// The tables of iptables-legacy, read again where words and rules do not fit each other. There is no generation to
/// compare.
pub(super) fn legacy(
    reading: &Reading<'_>,
    v6: bool,
    names: &IpSetNames,
) -> (Result<Vec<FirewallTable>, Gap>, Option<Gap>) {
    let speaker = &LEGACY[usize::from(v6)];
    let mut tries = 1;
    loop {
        let mut tables = match legacy::read(reading, v6, names) {
            Ok(tables) => tables,
            Err(gap) => return (Err(gap), None),
        };
        match speaker.reword(reading, &mut tables) {
            Err(_) if tries < TRIES && child::find(speaker.program).is_some() => tries += 1,
            result => return (Ok(tables), result.err()),
        }
    }
}

impl Speaker {
    fn reword(&self, reading: &Reading<'_>, tables: &mut [FirewallTable]) -> Result<(), Gap> {
        let is_own = |table: &&mut FirewallTable| {
            table.backend == self.backend && table.family == self.family && has_rules(table)
        };
        let mut own: Vec<_> = tables.iter_mut().filter(is_own).collect();
        if own.is_empty() {
            return Ok(());
        }
        let what = || reading.what(&format!("the words of {}", self.program));
        let Some(program) = child::find(self.program) else {
            let gap = Gap::new(GapKind::Unsupported, what(), "the program is not on this host");
            return Err(gap);
        };
        let printed = child::output(&program, &[], LIMIT);
        let dump = printed.map(|printed| iptables_save::parse(&printed));
        let failed = |cause| Gap::new(GapKind::Failed, what(), cause);
        let dump = dump.map_err(failed)?;
        let missing: Vec<_> = own.iter_mut().filter_map(|table| reword(table, &dump).err()).collect();
        if missing.is_empty() { Ok(()) } else { Err(failed(missing.join("; "))) }
    }
}

fn has_rules(table: &FirewallTable) -> bool {
    table.chains.iter().any(|chain| !chain.rules.is_empty())
}

/// A table with rules that nft made has no words there.
fn reword(table: &mut FirewallTable, dump: &Dump) -> Result<(), String> {
    let Some(dumped) = dump.table(&table.name) else {
        return Err(format!("it has none for table {}; nft may have put rules into it", table.name));
    };
    let name = table.name.clone();
    iptables_save::reword(table, dumped).map_err(|cause| match dump.faults.first() {
        Some(fault) => format!("table {name}: {cause} ({fault})"),
        None => format!("table {name}: {cause}"),
    })
}
