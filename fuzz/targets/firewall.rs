//! The kernel's messages about firewalls, and iptables-save's lines, are read or refused whatever they hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_wire::firewall::nftables::{ChainRecord, RawElement, RuleRecord, SetRecord, Sets, TableRecord};
use porthole_wire::firewall::{IpSetNames, ip_set, iptables_save, legacy};

fuzz_target!(|input: &[u8]| {
    let (kind, bytes) = input.split_first().unwrap_or((&0, &[]));
    match kind % 6 {
        0 => rule(bytes),
        1 => set(bytes),
        2 => drop((TableRecord::decode(bytes), ChainRecord::decode(bytes))),
        3 => drop(ip_set::IpSetRecord::decode(bytes)),
        4 => legacy(bytes),
        _ => dump(bytes),
    }
});

fn rule(bytes: &[u8]) {
    drop(RuleRecord::decode(bytes, &Sets::default(), &IpSetNames::new()));
}

/// A set, and behind a byte with its length the elements.
fn set(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first() else { return };
    let (set, elements) = rest.split_at(usize::from(*length).min(rest.len()));
    if let (Ok(set), Ok(raw)) = (SetRecord::decode(set), RawElement::decode(elements)) {
        let found = raw.len();
        assert!(set.join(raw).len() <= found);
    }
}

fn legacy(bytes: &[u8]) {
    let (info, entries) = bytes.split_at(legacy::INFO.min(bytes.len()));
    if let Ok(info) = legacy::TableInfo::decode(info) {
        for v6 in [false, true] {
            drop(legacy::table("filter", v6, &info, entries, &IpSetNames::new()));
        }
    }
}

/// Every rule of a dump is a line of it, and every fault names one.
fn dump(bytes: &[u8]) {
    let dump = iptables_save::parse(bytes);
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(dump.tables.iter().map(|table| table.rules.len()).sum::<usize>() <= lines);
    assert!(dump.faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
}
