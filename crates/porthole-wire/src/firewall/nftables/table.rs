//! Tables, and putting chains, rules and sets into them.

use std::collections::BTreeMap;

use porthole_model::firewall::{Backend, Chain, FirewallTable, Rule, TableFamily};

use super::{ChainRecord, RuleRecord, Sets, backend, family};
use crate::netlink::NetlinkError;
use crate::netlink::netfilter::split;

const WHAT: &str = "table";
const DORMANT: u32 = 0x1;

/// A table before its chains are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRecord {
    family_number: u8,
    family: TableFamily,
    name: String,
    dormant: bool,
    owner: Option<u32>,
}

impl TableRecord {
    /// Decodes a table; `None` for one of a family that is not known.
    pub fn decode(payload: &[u8]) -> Result<Option<Self>, NetlinkError> {
        let (family_number, attributes) = split(WHAT, payload)?;
        let Some(family) = family(family_number) else { return Ok(None) };
        let name = attributes.find(1).ok_or(NetlinkError::Lacks { what: WHAT, part: "name" })?.text();
        let flags = attributes.find(2).and_then(|flags| flags.be32()).unwrap_or(0);
        let owner = attributes.find(7).and_then(|owner| owner.be32());
        Ok(Some(Self { family_number, family, name, dormant: flags & DORMANT != 0, owner }))
    }
}

/// Tables with their chains, rules and sets.
pub fn assemble(
    tables: Vec<TableRecord>,
    chains: Vec<ChainRecord>,
    rules: Vec<RuleRecord>,
    sets: &Sets,
) -> Vec<FirewallTable> {
    let mut rules_of = rules_by_chain(rules);
    let mut chains_of: BTreeMap<(u8, String), Vec<Chain>> = BTreeMap::new();
    for record in chains {
        let place = (record.family, record.table);
        let mut chain = record.chain;
        chain.rules = rules_of.remove(&(place.0, place.1.clone(), chain.name.clone())).unwrap_or_default();
        chains_of.entry(place).or_default().push(chain);
    }
    tables.into_iter().map(|record| record.into_table(&mut chains_of, sets)).collect()
}

impl TableRecord {
    fn into_table(self, chains_of: &mut BTreeMap<(u8, String), Vec<Chain>>, sets: &Sets) -> FirewallTable {
        let sets = sets.of_table(self.family_number, &self.name);
        let chains = chains_of.remove(&(self.family_number, self.name.clone())).unwrap_or_default();
        let mut table = FirewallTable {
            backend: Backend::Nftables,
            family: self.family,
            name: self.name,
            dormant: self.dormant,
            owner: self.owner,
            chains,
            sets,
        };
        table.backend = backend::of(&table);
        table
    }
}

/// The rules of each chain, in their order, with their places.
fn rules_by_chain(rules: Vec<RuleRecord>) -> BTreeMap<(u8, String, String), Vec<Rule>> {
    let mut by_chain: BTreeMap<_, Vec<Rule>> = BTreeMap::new();
    for record in rules {
        let rules = by_chain.entry((record.family, record.table, record.chain)).or_default();
        let position = u32::try_from(rules.len() + 1).unwrap_or(u32::MAX);
        rules.push(Rule { position, ..record.rule });
    }
    by_chain
}
