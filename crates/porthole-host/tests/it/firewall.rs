//! Firewalls of namespaces, laid by the programs that people use, and read beside those programs' own listings.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use porthole_model::firewall::{
    Backend, Chain, Counter, FirewallTable, Hook, Policy, SetKey, SetOutcome, Statement, TableFamily, Value,
    ValueTest, Verdict, WordingSource,
};
use porthole_model::{Firewall, GapKind, Topic};

use crate::world::{Namespace, collect};

const RULES_V4: &str = include_str!("firewall/rules.v4");
const RULES_V6: &str = include_str!("firewall/rules.v6");
const NATIVE: &str = include_str!("firewall/native.rules");
const SETS: &str = include_str!("firewall/sets.nft");
const TABLES: &str = include_str!("firewall/tables.nft");

/// Runs a script in the namespace, with this input.
fn run_with(namespace: &Namespace, script: &str, input: &str) -> Output {
    let mut child = Command::new("nsenter")
        .args([&format!("--target={}", namespace.pid()), "--net", "--mount", "sh", "-ec", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What the script prints, which must succeed.
fn sh(namespace: &Namespace, script: &str, input: &str) -> String {
    let output = run_with(namespace, script, input);
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn read(namespace: &Namespace, topics: &[Topic]) -> Firewall {
    let host = collect(topics);
    namespace.stack_in(&host).firewall.known().unwrap().clone()
}

fn worded(namespace: &Namespace) -> Firewall {
    read(namespace, &[Topic::Firewall, Topic::FirewallWording])
}

/// A line of iptables-save: table, chain, counter, words.
type Line = (String, String, Option<Counter>, String);

/// Takes iptables-save's listing apart, by other means than porthole does.
fn listed(save: &str) -> (Vec<Line>, BTreeMap<(String, String), String>) {
    let (mut lines, mut policies, mut table) = (Vec::new(), BTreeMap::new(), "");
    for line in save.lines() {
        match line.chars().next() {
            Some('*') => table = &line[1..],
            Some(':') => {
                let words: Vec<_> = line[1..].split(' ').collect();
                policies.insert((table.to_owned(), words[0].to_owned()), words[1].to_owned());
            }
            Some('[') => {
                let (counts, text) = line[1..].split_once("] ").unwrap();
                let (packets, bytes) = counts.split_once(':').unwrap();
                let counter = Counter { packets: packets.parse().unwrap(), bytes: bytes.parse().unwrap() };
                let chain = text.split(' ').nth(1).unwrap();
                lines.push((table.to_owned(), chain.to_owned(), Some(counter), text.to_owned()));
            }
            _ => {}
        }
    }
    (lines, policies)
}

fn tables(firewall: &Firewall, backend: Backend, family: TableFamily) -> Vec<&FirewallTable> {
    firewall.tables().filter(|table| table.backend == backend && table.family == family).collect()
}

fn read_lines(tables: &[&FirewallTable]) -> Vec<Line> {
    let mut lines = Vec::new();
    for table in tables {
        for chain in &table.chains {
            for rule in &chain.rules {
                assert_eq!(rule.wording.source, WordingSource::IptablesSave);
                let text = rule.wording.text.clone();
                lines.push((table.name.clone(), chain.name.clone(), rule.counter(), text));
            }
        }
    }
    lines
}

/// Counters and words of rules, by table and chain.
type Chains = BTreeMap<(String, String), Vec<(Option<Counter>, String)>>;

/// iptables-save lists a table's rules by chain in another order than the kernel.
fn by_chain(lines: Vec<Line>) -> Chains {
    let mut chains = Chains::new();
    for (table, chain, counter, text) in lines {
        chains.entry((table, chain)).or_default().push((counter, text));
    }
    chains
}

fn policy_word(chain: &Chain) -> String {
    match chain.base.as_ref().map(|base| base.policy) {
        Some(Policy::Accept) => "ACCEPT".to_owned(),
        Some(Policy::Drop) => "DROP".to_owned(),
        None => "-".to_owned(),
    }
}

struct Kind {
    program: &'static str,
    backend: Backend,
    family: TableFamily,
    rules: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind { program: "iptables-nft", backend: Backend::IptablesNft, family: TableFamily::Ip, rules: RULES_V4 },
    Kind {
        program: "ip6tables-nft",
        backend: Backend::IptablesNft,
        family: TableFamily::Ip6,
        rules: RULES_V6,
    },
    Kind {
        program: "iptables-legacy",
        backend: Backend::IptablesLegacy,
        family: TableFamily::Ip,
        rules: RULES_V4,
    },
    Kind {
        program: "ip6tables-legacy",
        backend: Backend::IptablesLegacy,
        family: TableFamily::Ip6,
        rules: RULES_V6,
    },
];

impl Kind {
    fn lay(&self) -> Namespace {
        let namespace = Namespace::new();
        sh(&namespace, "ipset create blocked hash:net; ipset create pairs hash:ip,port", "");
        sh(&namespace, &format!("{}-restore", self.program), self.rules);
        namespace
    }
}

#[test]
fn iptables_rules_are_those_that_iptables_save_lists() {
    for kind in &KINDS {
        let namespace = kind.lay();
        // A packet to oneself is counted; nobody listens, and nothing depends on the answer.
        for address in ["127.0.0.1", "::1"] {
            let connect = format!("timeout 1 bash -c 'cat < /dev/tcp/{address}/9'");
            let _refused = run_with(&namespace, &connect, "");
        }
        let firewall = worded(&namespace);
        let (lines, policies) = listed(&sh(&namespace, &format!("{}-save -c", kind.program), ""));
        assert_eq!(firewall.wording_gaps, [], "{}", kind.program);
        assert!(
            lines.iter().any(|line| line.2 != Some(Counter::default())),
            "{} counted nothing",
            kind.program
        );
        let own = tables(&firewall, kind.backend, kind.family);
        assert_eq!(by_chain(read_lines(&own)), by_chain(lines), "{}", kind.program);
        let chains = own.iter().flat_map(|table| table.chains.iter().map(|chain| (&table.name, chain)));
        let read: BTreeMap<_, _> =
            chains.map(|(table, chain)| ((table.clone(), chain.name.clone()), policy_word(chain))).collect();
        assert_eq!(read, policies, "{}", kind.program);
    }
}

#[test]
fn both_kinds_of_iptables_are_understood_alike() {
    for (nft, legacy) in [(&KINDS[0], &KINDS[2]), (&KINDS[1], &KINDS[3])] {
        let [nft, legacy] = [nft, legacy].map(|kind| {
            let firewall = read(&kind.lay(), &[Topic::Firewall]);
            let mut rules = Vec::new();
            for table in tables(&firewall, kind.backend, kind.family) {
                for chain in &table.chains {
                    let base = chain.base.as_ref().map(|base| (base.hook, base.priority, base.kind));
                    rules.extend(chain.rules.iter().map(|rule| {
                        let mut statements: Vec<_> =
                            rule.statements.iter().map(|statement| format!("{statement:?}")).collect();
                        statements.sort();
                        let place = (table.name.clone(), chain.name.clone(), rule.position);
                        (place, base, statements, rule.comment.clone())
                    }));
                }
            }
            rules.sort_by(|one, other| one.0.cmp(&other.0));
            rules
        });
        assert!(nft.len() > 40);
        assert_eq!(nft, legacy);
    }
}

/// What cannot be told is said to be unknown, and it is these alone.
#[test]
fn of_rules_that_people_write_little_is_unknown() {
    let firewall = read(&KINDS[0].lay(), &[Topic::Firewall]);
    let rules = firewall.tables().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    let unknown: Vec<_> = rules.flat_map(|rule| rule.unknown().map(|unknown| &unknown.wording)).collect();
    let names: Vec<_> = unknown.iter().map(|wording| wording.split('"').nth(1).unwrap()).collect();
    assert_eq!(names, ["icmp", "u32", "string", "TPROXY"], "{unknown:?}");
}

/// The pairs of rule and words in a file: a line, and an indented one below it.
fn pairs(text: &str) -> Vec<(&str, &str)> {
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.chunks(2).map(|pair| (pair[0], pair[1].trim())).collect()
}

#[test]
fn rules_of_nft_are_understood() {
    let namespace = Namespace::new();
    sh(&namespace, "nft -f -", SETS);
    let lines: Vec<_> =
        pairs(NATIVE).into_iter().map(|(rule, _)| format!("add rule ip t misc {rule}\n")).collect();
    let script = lines.concat();
    sh(&namespace, "nft -f -", &script);
    let firewall = read(&namespace, &[Topic::Firewall]);
    let table = firewall.tables().next().unwrap();
    let chain = table.chain("misc").unwrap();
    let words: Vec<_> = chain.rules.iter().map(|rule| rule.wording.text.clone()).collect();
    assert_eq!(words.len(), pairs(NATIVE).len());
    for ((rule, expected), words) in pairs(NATIVE).into_iter().zip(words) {
        assert_eq!(unordered(&words), unordered(expected), "{rule}");
    }
}

#[test]
fn translations_of_nft_are_understood() {
    let namespace = Namespace::new();
    sh(&namespace, "nft -f -", SETS);
    let rules = [
        ("tcp dport 8080 dnat to 172.17.0.2:80", "meta l4proto tcp th dport 8080 dnat to 172.17.0.2:80"),
        ("dnat ip to tcp dport map @dn", "meta l4proto tcp dnat to th dport map @dn"),
        ("dnat to tcp dport map { 1 : 10.0.0.1 }", "meta l4proto tcp dnat to th dport map { 1 : 10.0.0.1 }"),
        ("dnat to 10.0.0.1-10.0.0.9 persistent", "dnat to 10.0.0.1-10.0.0.9 persistent"),
        ("udp dport 53 redirect to :5353", "meta l4proto udp th dport 53 redirect to :5353"),
        (
            "tcp dport 1 dnat to 10.0.0.1:10-20 random",
            "meta l4proto tcp th dport 1 dnat to 10.0.0.1:10-20 random",
        ),
    ];
    for (rule, _) in rules {
        sh(&namespace, "nft -f -", &format!("add rule ip t translate {rule}"));
    }
    let firewall = read(&namespace, &[Topic::Firewall]);
    let chain = firewall.tables().next().unwrap().chain("translate").unwrap();
    let words: Vec<_> = chain.rules.iter().map(|rule| rule.wording.text.as_str()).collect();
    assert_eq!(words, rules.map(|(_, words)| words));
}

/// The kernel lists the elements of a hashed set in any order.
fn unordered(words: &str) -> Vec<String> {
    let mut words: Vec<_> = words.split([' ', ',']).map(str::to_owned).collect();
    words.sort();
    words
}

#[test]
fn sets_and_maps_have_their_elements() {
    let namespace = Namespace::new();
    sh(&namespace, "nft -f -", SETS);
    let firewall = read(&namespace, &[Topic::Firewall]);
    let table = firewall.tables().next().unwrap();
    let keys = |name: &str| -> Vec<Vec<ValueTest>> {
        let elements = table.set(name).unwrap().elements.known().unwrap().clone();
        let keys = elements.into_iter().map(|element| match element.key {
            SetKey::Parts(tests) => tests,
            SetKey::Otherwise => Vec::new(),
        });
        keys.collect()
    };
    let number = |number| ValueTest::Is(Value::Number(number));
    let range = |from, to| ValueTest::Range { from: Value::Number(from), to: Value::Number(to) };
    assert_eq!(keys("ports"), [vec![number(80)], vec![range(1000, 2000)], vec![number(5353)]]);
    assert_eq!(keys("nets")[0], [ValueTest::Prefix("10.0.0.0/8".parse().unwrap())]);
    assert!(keys("pairs").contains(&vec![
        ValueTest::Prefix("10.1.0.0/16".parse().unwrap()),
        number(17),
        range(1, 100)
    ]));
    assert!(keys("ifs").contains(&vec![ValueTest::NamePrefix("veth".into())]));
    let one = |name: &str| table.set(name).unwrap().elements.known().unwrap()[0].clone();
    let address = ValueTest::Is(Value::Address("172.17.0.2".parse().unwrap()));
    assert_eq!(one("dn").outcome, Some(SetOutcome::Values(vec![address, number(80)])));
    assert_eq!(one("marks").outcome, Some(SetOutcome::Values(vec![number(16)])));
    assert!(one("slow").expires_in.unwrap() > 3_500_000);
    assert_eq!(one("nets").counter, Some(Counter::default()));
    let ways = table.set("ways").unwrap().elements.known().unwrap();
    let outcomes: Vec<_> = ways.iter().map(|element| element.outcome.clone().unwrap()).collect();
    assert!(outcomes.contains(&SetOutcome::Verdict(Verdict::Jump("other".into()))));
    assert!(outcomes.contains(&SetOutcome::Verdict(Verdict::Drop)));
}

/// Tables, chains, handles and counters, in nft's own listing and in ours.
#[test]
fn tables_of_nft_are_those_that_nft_lists() {
    let namespace = Namespace::new();
    sh(&namespace, "nft -f -", TABLES);
    let firewall = read(&namespace, &[Topic::Firewall]);
    let listing: serde_json::Value =
        serde_json::from_str(&sh(&namespace, "nft -j list ruleset", "")).unwrap();
    let mut listed = Vec::new();
    for object in listing["nftables"].as_array().unwrap() {
        if let Some(chain) = object.get("chain") {
            let base = chain
                .get("prio")
                .map(|priority| (chain["hook"].as_str().unwrap().to_owned(), priority.as_i64().unwrap()));
            listed.push((name_of(chain, "table"), name_of(chain, "name"), 0, format!("{base:?}")));
        }
        if let Some(rule) = object.get("rule") {
            let comment = rule.get("comment").and_then(|comment| comment.as_str());
            let handle = rule["handle"].as_u64().unwrap();
            listed.push((name_of(rule, "table"), name_of(rule, "chain"), handle, format!("{comment:?}")));
        }
    }
    let mut read = Vec::new();
    for table in firewall.tables() {
        assert_eq!(table.backend, Backend::Nftables);
        for chain in &table.chains {
            let base =
                chain.base.as_ref().map(|base| (format!("{:?}", base.hook).to_lowercase(), base.priority));
            read.push((table.name.clone(), chain.name.clone(), 0, format!("{base:?}")));
            for rule in &chain.rules {
                let comment = format!("{:?}", rule.comment.as_deref());
                read.push((table.name.clone(), chain.name.clone(), rule.handle.unwrap(), comment));
            }
        }
    }
    listed.sort();
    read.sort();
    assert_eq!(read, listed);
}

fn name_of(object: &serde_json::Value, key: &str) -> String {
    object[key].as_str().unwrap().to_owned()
}

#[test]
fn a_dormant_table_is_no_part_of_the_way() {
    let namespace = Namespace::new();
    sh(&namespace, "nft -f -", TABLES);
    let firewall = read(&namespace, &[Topic::Firewall]);
    assert!(firewall.tables().any(|table| table.name == "asleep" && table.dormant));
    assert!(firewall.base_chains(TableFamily::Ip, Hook::Input).is_empty());
    let forward = firewall.base_chains(TableFamily::Ip, Hook::Forward);
    assert_eq!(forward.len(), 1);
    let first = &forward[0].1.rules[0].statements[0];
    assert!(matches!(first, Statement::VerdictMap(_)), "{first:?}");
}

#[test]
fn ipsets_have_their_members() {
    let namespace = Namespace::new();
    let script =
        "ipset create blocked hash:net; ipset add blocked 10.0.0.0/8; ipset add blocked 10.1.0.0/16 nomatch
        ipset create pairs hash:ip,port counters comment; ipset add pairs 1.2.3.4,tcp:80 comment 'web one'
        ipset create ports bitmap:port range 1-100; ipset add ports 5-7
        ipset create ways hash:net,iface; ipset add ways 1.0.0.0/24,eth0
        ipset create many hash:ip family inet6; seq -f 'add many fd00::%g' 1 900 | ipset restore
        ipset create all list:set; ipset add all blocked; ipset add all pairs
        iptables-nft -A INPUT -m set --match-set pairs src,dst -j DROP";
    sh(&namespace, script, "");
    let firewall = read(&namespace, &[Topic::Firewall]);
    let sets = firewall.ip_sets.known().unwrap();
    let set = |name: &str| sets.iter().find(|set| set.name == name).unwrap();
    let exception = set("blocked").members.iter().find(|member| member.exception).unwrap();
    assert_eq!(exception.parts, [ValueTest::Prefix("10.1.0.0/16".parse().unwrap())]);
    let pair = &set("pairs").members[0];
    let address = ValueTest::Is(Value::Address("1.2.3.4".parse().unwrap()));
    assert_eq!(pair.parts, [address, ValueTest::Is(Value::Number(80))]);
    assert_eq!((pair.protocol, pair.comment.as_deref()), (Some(6), Some("web one")));
    assert_eq!(pair.counter, Some(Counter::default()));
    assert_eq!((set("ports").members.len(), set("many").members.len()), (3, 900));
    assert_eq!((set("all").members.len(), set("all").kind.as_str()), (2, "list:set"));
    assert_eq!(set("ways").members[0].parts[1], ValueTest::Is(Value::Name("eth0".into())));
    assert_eq!(set("pairs").references, 2, "the rule and the list");
    let rule = &firewall.tables().next().unwrap().chain("INPUT").unwrap().rules[0];
    assert!(matches!(&rule.statements[0], Statement::IpSet(lookup) if lookup.set == "pairs"));
}

#[test]
fn reading_makes_no_table() {
    let namespace = Namespace::new();
    let firewall = worded(&namespace);
    assert_eq!(firewall.tables().count(), 0);
    assert_eq!(firewall.gaps().count(), 0);
    assert_eq!(sh(&namespace, "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names", ""), "");
    assert_eq!(sh(&namespace, "nft list ruleset", ""), "");
}

/// iptables-save leaves out of nft's rules what it does not know, or gives up; the rules are read all the same.
#[test]
fn a_rule_that_iptables_cannot_list_is_told_in_own_words() {
    let namespace = Namespace::new();
    let script =
        "iptables-nft -A FORWARD -i docker0 -j ACCEPT; iptables-nft -t nat -A POSTROUTING -j MASQUERADE
        nft add rule ip filter FORWARD ip saddr . tcp dport '{ 10.0.0.1 . 80 }' drop";
    sh(&namespace, script, "");
    let firewall = worded(&namespace);
    let words = |table: &str, chain: &str| -> Vec<_> {
        let table = firewall.tables().find(|found| found.name == table).unwrap();
        table.chain(chain).unwrap().rules.iter().map(|rule| rule.wording.text.clone()).collect()
    };
    let own = "meta l4proto tcp ip saddr . th dport { 10.0.0.1 . 80 } drop";
    assert_eq!(words("filter", "FORWARD")[1], own);
    assert_eq!(words("nat", "POSTROUTING"), ["-A POSTROUTING -j MASQUERADE"]);
    let [gap] = firewall.wording_gaps.as_slice() else { panic!("{:?}", firewall.wording_gaps) };
    assert_eq!(gap.kind, GapKind::Failed);
    assert!(gap.to_string().contains("filter"), "{gap}");
}

/// Rules that come and go in one transaction are read all or not at all.
#[test]
fn what_changes_while_it_is_read_is_read_in_one_piece() {
    let namespace = Namespace::new();
    sh(&namespace, "nft add table ip t; nft add chain ip t one; nft add chain ip t two", "");
    let change = "for round in $(seq 400); do
        printf 'add rule ip t one drop\\nadd rule ip t two drop\\n' | nft -f -
        printf 'flush chain ip t one\\nflush chain ip t two\\n' | nft -f -
        done";
    let mut changing = Command::new("nsenter")
        .args([&format!("--target={}", namespace.pid()), "--net", "sh", "-c", change])
        .spawn()
        .unwrap();
    let mut readings = 0;
    while changing.try_wait().unwrap().is_none() {
        let firewall = read(&namespace, &[Topic::Firewall]);
        let Ok(tables) = firewall.nftables.known() else { continue };
        let rules = |chain: &str| tables[0].chain(chain).unwrap().rules.len();
        assert_eq!(rules("one"), rules("two"));
        readings += 1;
    }
    assert!(readings > 0);
}
