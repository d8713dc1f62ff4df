//! nftables, read in one piece: what changed while it was read is read again.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use porthole_model::Gap;
use porthole_model::firewall::FirewallTable;
use porthole_wire::firewall::IpSetNames;
use porthole_wire::firewall::nftables::{
    self, ChainRecord, RawElement, RuleRecord, SetRecord, Sets, TableRecord,
};
use porthole_wire::netlink::NetlinkError;

use super::TRIES;
use crate::failure::{Right, gap};
use crate::netlink_client::NetlinkClient;

/// From how many chains on a second thread is worth its while: an engine lays more, the namespace of a container has fewer.
const SHARED_CHAINS: usize = 12;

/// The tables, and the generation that they are of.
pub(super) struct Reading {
    pub(super) generation: u32,
    pub(super) tables: Vec<FirewallTable>,
}

/// The generation that the rules are of now.
pub(super) fn generation(client: &mut NetlinkClient) -> io::Result<u32> {
    client.get(&nftables::generation_request(), nftables::generation)
}

/// All tables of one generation.
pub(super) fn read(client: &mut NetlinkClient, names: &IpSetNames) -> io::Result<Reading> {
    for _ in 0..TRIES {
        let before = generation(client)?;
        let tables = read_once(client, names)?;
        if generation(client)? == before {
            return Ok(Reading { generation: before, tables });
        }
    }
    Err(changed())
}

/// The error of a reading that never was of one generation.
pub(super) fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::Interrupted, "the rules changed while they were read, several times over")
}

fn read_once(client: &mut NetlinkClient, names: &IpSetNames) -> io::Result<Vec<FirewallTable>> {
    let tables = client.dump_all(&nftables::tables_request(), TableRecord::decode)?;
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let chains =
        client.dump_all(&nftables::chains_request(), |payload| ChainRecord::decode(payload).map(Some))?;
    let sets = sets(client)?;
    let rules = rules(client, &chains, &|payload| RuleRecord::decode(payload, &sets, names))?;
    Ok(nftables::assemble(tables, chains, rules, &sets))
}

type DecodeRule<'a> = &'a (dyn Fn(&[u8]) -> Result<RuleRecord, NetlinkError> + Sync);

/// The rules of all chains, chain by chain: for every 32 KiB of a dump the kernel goes once more through all rules that
/// it gave before. Two threads share the chains of a host's firewall.
fn rules(
    client: &mut NetlinkClient,
    chains: &[ChainRecord],
    decode: DecodeRule<'_>,
) -> io::Result<Vec<RuleRecord>> {
    let next = AtomicUsize::new(0);
    let read = |client: &mut NetlinkClient| -> io::Result<Vec<RuleRecord>> {
        let mut found = Vec::new();
        while let Some(chain) = chains.get(next.fetch_add(1, Ordering::Relaxed)) {
            let of_chain =
                |payload: &[u8]| decode(payload).map(|rule| Some(rule).filter(|rule| chain.holds(rule)));
            found.extend(client.dump_all(&chain.rules_request(), of_chain)?);
        }
        Ok(found)
    };
    if chains.len() < SHARED_CHAINS {
        return read(client);
    }
    thread::scope(|threads| {
        let second = || read(&mut NetlinkClient::netfilter()?);
        // Without a second thread the first one reads them all.
        let second = thread::Builder::new().spawn_scoped(threads, second).ok();
        let mut found = read(client)?;
        if let Some(second) = second {
            found.extend(second.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(found)
    })
}

fn sets(client: &mut NetlinkClient) -> io::Result<Sets> {
    let sets = client.dump_all(&nftables::sets_request(), |payload| SetRecord::decode(payload).map(Some))?;
    let filled = sets.into_iter().map(|mut set| {
        set.elements = elements(client, &set).into();
        set
    });
    Ok(filled.collect())
}

fn elements(
    client: &mut NetlinkClient,
    set: &SetRecord,
) -> Result<Vec<porthole_model::firewall::SetElement>, Gap> {
    let raw = client.dump_all(&set.elements_request(), |payload| RawElement::decode(payload).map(Some));
    let raw = raw.map_err(|error| gap(set.name(), "nfnetlink", error, Right::Root))?;
    Ok(set.join(raw.into_iter().flatten().collect()))
}
