//! What iptables-save and its kin print: tables, chains with their policies, and rules, each line kept as it is.
//!
//! A line that is none of these, or stands where it cannot, is a fault with its number; the rest is kept.

use std::collections::BTreeMap;

use porthole_model::firewall::{Counter, FirewallTable, Policy, Rule, Wording, WordingSource};
use thiserror::Error;

use super::told::tells_all;

/// A dump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dump {
    /// Its tables.
    pub tables: Vec<DumpTable>,
    /// The lines that were not understood.
    pub faults: Vec<Fault>,
}

/// A table of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpTable {
    /// Its name.
    pub name: String,
    /// Its chains, built-in ones with a policy.
    pub chains: Vec<DumpChain>,
    /// Its rules, in the order of their lines.
    pub rules: Vec<DumpRule>,
    /// Whether its `COMMIT` was there; without it the dump was cut off.
    pub complete: bool,
}

/// A chain of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpChain {
    /// Its name.
    pub name: String,
    /// Its policy.
    pub policy: Option<Policy>,
    /// How many packets the policy decided on.
    pub counter: Option<Counter>,
}

/// A rule of a dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpRule {
    /// Its chain.
    pub chain: String,
    /// Its line, without the counter: `-A FORWARD -j DOCKER-USER`.
    pub text: String,
    /// Its counter, where the dump has them.
    pub counter: Option<Counter>,
}

/// A line that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {cause}: {text}")]
pub struct Fault {
    /// Its number, from 1.
    pub line: usize,
    /// The line, or its beginning.
    pub text: String,
    /// What is wrong with it.
    pub cause: &'static str,
}

/// Takes a dump apart.
pub fn parse(text: &[u8]) -> Dump {
    let mut dump = Dump::default();
    let mut open = false;
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Err(cause) = dump.take(line, &mut open) {
            dump.faults.push(Fault { line: index + 1, text: line.chars().take(120).collect(), cause });
        }
    }
    dump
}

impl Dump {
    fn take(&mut self, line: &str, open: &mut bool) -> Result<(), &'static str> {
        if let Some(name) = line.strip_prefix('*') {
            let name = name.trim().to_owned();
            self.tables.push(DumpTable { name, chains: Vec::new(), rules: Vec::new(), complete: false });
            *open = true;
            return Ok(());
        }
        let table = self.tables.last_mut().filter(|_| *open).ok_or("it is outside of any table")?;
        if line == "COMMIT" {
            table.complete = true;
            *open = false;
        } else if let Some(chain) = line.strip_prefix(':') {
            table.chains.push(chain_line(chain).ok_or("this is no chain")?);
        } else {
            table.rules.push(rule_line(line)?);
        }
        Ok(())
    }

    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&DumpTable> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// `FORWARD DROP [0:0]`
fn chain_line(line: &str) -> Option<DumpChain> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_owned();
    let policy = match words.next()? {
        "ACCEPT" => Some(Policy::Accept),
        "DROP" => Some(Policy::Drop),
        "-" => None,
        _ => return None,
    };
    let counter = match words.next() {
        Some(word) => Some(counter_word(word)?),
        None => None,
    };
    Some(DumpChain { name, policy, counter })
}

/// `[7:420] -A INPUT -i lo -j ACCEPT`
fn rule_line(line: &str) -> Result<DumpRule, &'static str> {
    let (counter, text) = match line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((counts, rest)) => {
            let counter = counts_of(counts).ok_or("its counter is not two numbers")?;
            (Some(counter), rest.trim_start())
        }
        None => (None, line),
    };
    let rest = text.strip_prefix("-A ").ok_or("this is neither a chain nor a rule")?;
    let chain = rest.split_whitespace().next().ok_or("the rule has no chain")?;
    if !quotes_are_closed(rest) {
        return Err("a quote is not closed");
    }
    Ok(DumpRule { chain: chain.to_owned(), text: text.to_owned(), counter })
}

fn counter_word(word: &str) -> Option<Counter> {
    counts_of(word.strip_prefix('[')?.strip_suffix(']')?)
}

fn counts_of(text: &str) -> Option<Counter> {
    let (packets, bytes) = text.split_once(':')?;
    Some(Counter { packets: packets.parse().ok()?, bytes: bytes.parse().ok()? })
}

/// iptables-save puts text with blanks into double quotes, in which a backslash takes the next sign as it is.
fn quotes_are_closed(text: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
    for sign in text.chars() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => inside = !inside,
            _ => {}
        }
    }
    !inside
}

/// Gives the rules of a table the words that a dump has for them.
///
/// They belong together by their places in their chains. Where a chain has more rules in one than in the other, the
/// table changed in between or the dump is not whole: nothing of that table is reworded, and the chain is named. Where
/// a line does not tell all of its rule, that rule keeps its words, and is named.
pub fn reword(table: &mut FirewallTable, dump: &DumpTable) -> Result<(), String> {
    let mut dumped: BTreeMap<&str, Vec<&DumpRule>> = BTreeMap::new();
    for rule in &dump.rules {
        dumped.entry(&rule.chain).or_default().push(rule);
    }
    for chain in &table.chains {
        let (here, there) = (chain.rules.len(), dumped.get(chain.name.as_str()).map_or(0, Vec::len));
        if here != there {
            let name = &chain.name;
            return Err(format!("chain {name} has {here} rules in the kernel and {there} in the dump"));
        }
    }
    let mut untold = Vec::new();
    for chain in &mut table.chains {
        let lines = dumped.remove(chain.name.as_str()).unwrap_or_default();
        for position in reword_chain(&mut chain.rules, &lines) {
            untold.push(format!("rule {position} of chain {}", chain.name));
        }
    }
    if untold.is_empty() { Ok(()) } else { Err(format!("it does not tell all of {}", untold.join(", "))) }
}

/// The places of the rules whose lines do not tell all of them.
fn reword_chain(rules: &mut [Rule], lines: &[&DumpRule]) -> Vec<u32> {
    let mut untold = Vec::new();
    for (rule, line) in rules.iter_mut().zip(lines) {
        if tells_all(&line.text, &rule.statements) {
            rule.wording = Wording { text: line.text.clone(), source: WordingSource::IptablesSave };
        } else {
            untold.push(rule.position);
        }
    }
    untold
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DUMP: &str = "# Generated by iptables-save v1.8.9\n*filter\n:INPUT ACCEPT [4:208]\n:DOCKER - [0:0]\n\
        [7:420] -A INPUT -i lo -m comment --comment \"a \\\"b\\\" c\" -j ACCEPT\n-A DOCKER -j RETURN\nCOMMIT\n";

    #[test]
    fn tables_chains_rules_and_counters_are_told_apart() {
        let dump = parse(DUMP.as_bytes());
        assert_eq!(dump.faults, []);
        let table = dump.table("filter").unwrap();
        assert!(table.complete);
        let policy = DumpChain {
            name: "INPUT".into(),
            policy: Some(Policy::Accept),
            counter: Some(Counter { packets: 4, bytes: 208 }),
        };
        assert_eq!(table.chains[0], policy);
        assert_eq!(table.chains[1].policy, None);
        assert_eq!(table.rules[0].counter, Some(Counter { packets: 7, bytes: 420 }));
        assert_eq!(table.rules[0].text, "-A INPUT -i lo -m comment --comment \"a \\\"b\\\" c\" -j ACCEPT");
        assert_eq!((table.rules[1].chain.as_str(), table.rules[1].counter), ("DOCKER", None));
    }

    #[test]
    fn a_wrong_line_is_named_and_the_rest_is_kept() {
        let text = "-A INPUT -j DROP\n*filter\n:INPUT WHAT [0:0]\nhello\n[x:1] -A INPUT -j DROP\n\
            -A INPUT -m comment --comment \"open -j DROP\n-A INPUT -j ACCEPT\n";
        let dump = parse(text.as_bytes());
        let lines: Vec<_> = dump.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 6]);
        assert_eq!(dump.tables[0].rules.len(), 1);
        assert!(!dump.tables[0].complete, "it was cut off");
    }

    proptest! {
        #[test]
        fn any_text_ends_without_panic(text: Vec<u8>) {
            let lines = text.split(|byte| *byte == b'\n').count();
            prop_assert!(parse(&text).faults.len() <= lines);
        }

        #[test]
        fn any_cut_of_a_dump_keeps_what_is_before_it(cut in 0..DUMP.len()) {
            let dump = parse(&DUMP.as_bytes()[..cut]);
            prop_assert!(dump.tables.iter().all(|table| !table.complete || cut + 1 >= DUMP.len()));
        }
    }
}
