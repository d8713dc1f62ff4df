//! nftables, read in one piece: what changed while it was read is read again.

use std::io;

use porthole_model::Gap;
use porthole_model::firewall::FirewallTable;
use porthole_wire::firewall::IpSetNames;
use porthole_wire::firewall::nftables::{
    self, ChainRecord, RawElement, RuleRecord, SetRecord, Sets, TableRecord,
};

use super::TRIES;
use crate::failure::{Right, gap};
use crate::netlink_client::NetlinkClient;

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
    let rules = client.dump_all(&nftables::rules_request(), |payload| {
        RuleRecord::decode(payload, &sets, names).map(Some)
    })?;
    Ok(nftables::assemble(tables, chains, rules, &sets))
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
