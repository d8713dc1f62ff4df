//! Docker's own part of a firewall: which program's tables it is in, and whether the kernel still comes to it.

use porthole_model::ChainReference;
use porthole_model::firewall::{
    Backend, Chain, ChainKind, Firewall, FirewallTable, Hook, Statement, TableFamily, Verdict,
};

/// The chain that is there for the user's own rules.
const OF_THE_USER: &str = "DOCKER-USER";

/// The tables of an engine whose firewall back end is nftables (Docker 29), one for each family.
const OWN_TABLE: &str = "docker-bridges";

/// What is there of Docker's rules for IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DockerRules {
    /// Whose tables hold its chains, or would: the program that most of its chains belong to. `None` where it has tables
    /// of its own.
    pub(crate) backend: Option<Backend>,
    /// Its part of the table "filter".
    pub(crate) filter: Part,
    /// Its part of the table "nat".
    pub(crate) nat: Part,
    /// Whether it uses tables of its own, of nftables (Docker 29).
    pub(crate) has_own_tables: bool,
}

/// What is there of Docker's rules in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The kernel comes to its chains.
    Joined,
    /// Its chains are there, and no rule leads to them.
    Cut,
    /// None of its chains is there.
    Gone,
}

impl DockerRules {
    /// What a firewall holds of them. An engine may say that it has tables of its own, which are then looked for.
    pub(crate) fn of(firewall: &Firewall, says_nftables: bool) -> Self {
        let own = firewall.tables().find(|table| is(table, OWN_TABLE) && table.backend == Backend::Nftables);
        if says_nftables || own.is_some() { Self::of_own_table(own) } else { Self::of_iptables(firewall) }
    }

    fn of_own_table(table: Option<&FirewallTable>) -> Self {
        let part = |kind, hook| table.map_or(Part::Gone, |table| own_part(table, kind, hook));
        Self {
            backend: None,
            filter: part(ChainKind::Filter, Hook::Forward),
            nat: part(ChainKind::Nat, Hook::Prerouting),
            has_own_tables: true,
        }
    }

    fn of_iptables(firewall: &Firewall) -> Self {
        let backend = backend(firewall);
        let part = |name, hook| {
            let table = firewall.tables().find(|table| Some(table.backend) == backend && is(table, name));
            table.map_or(Part::Gone, |table| part(table, hook))
        };
        Self {
            backend,
            filter: part("filter", Hook::Forward),
            nat: part("nat", Hook::Prerouting),
            has_own_tables: false,
        }
    }

    /// Whether the kernel comes to none of them.
    pub(crate) fn are_gone(self) -> bool {
        self.filter != Part::Joined && self.nat != Part::Joined
    }
}

/// Whether a chain is one of Docker's own, in which users lay no rules.
pub(crate) fn is_dockers(chain: &ChainReference) -> bool {
    is_named_so(&chain.chain) && chain.chain != OF_THE_USER
}

/// Whether a chain is in a table of Docker's own.
pub(crate) fn is_in_own_table(chain: &ChainReference) -> bool {
    chain.table == OWN_TABLE && !chain.legacy
}

fn is_named_so(name: &str) -> bool {
    name == "DOCKER" || name.starts_with("DOCKER-")
}

fn is(table: &FirewallTable, name: &str) -> bool {
    table.family == TableFamily::Ip && table.name == name
}

/// Where chains of Docker's are; where both programs have some, those that the kernel comes to.
fn backend(firewall: &Firewall) -> Option<Backend> {
    let of_iptables = firewall
        .tables()
        .filter(|table| table.backend != Backend::Nftables && (is(table, "filter") || is(table, "nat")));
    let with_chains = of_iptables.filter(|table| table.chains.iter().any(|chain| is_named_so(&chain.name)));
    let place = |table: &&FirewallTable| {
        let hook = if table.name == "nat" { Hook::Prerouting } else { Hook::Forward };
        part(table, hook) == Part::Joined
    };
    with_chains.max_by_key(place).map(|table| table.backend)
}

/// All chains of its own tables are its own; those without a rule do nothing.
fn own_part(table: &FirewallTable, kind: ChainKind, hook: Hook) -> Part {
    let is_it =
        |chain: &&Chain| chain.base.as_ref().is_some_and(|base| base.hook == hook && base.kind == kind);
    match table.chains.iter().find(is_it) {
        Some(chain) if chain.rules.is_empty() => Part::Cut,
        Some(_) => Part::Joined,
        None => Part::Gone,
    }
}

fn part(table: &FirewallTable, hook: Hook) -> Part {
    if !table.chains.iter().any(|chain| is_named_so(&chain.name)) {
        return Part::Gone;
    }
    let of_hook =
        table.chains.iter().filter(|chain| chain.base.as_ref().is_some_and(|base| base.hook == hook));
    if of_hook.into_iter().any(leads_to_docker) { Part::Joined } else { Part::Cut }
}

fn leads_to_docker(chain: &Chain) -> bool {
    let statements = chain.rules.iter().flat_map(|rule| &rule.statements);
    statements.into_iter().any(|statement| match statement {
        Statement::Verdict(Verdict::Jump(to) | Verdict::Goto(to)) => is_named_so(to) && to != OF_THE_USER,
        _ => false,
    })
}
