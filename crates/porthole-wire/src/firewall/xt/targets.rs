//! Targets.

use porthole_model::Port;
use porthole_model::firewall::{
    AddressRange, IcmpFamily, MarkChange, MarkSource, Nat, NatKind, NatTarget, PortRange, Queue, Reject,
    Statement, Verdict,
};

use super::super::bytes::Layout;
use super::{Extension, Understood};

/// `None` for a target that is not known, or of which a part is not.
pub(super) fn read(extension: &Extension<'_>) -> Option<Understood> {
    let info = extension.info;
    let statement = match (extension.name, extension.revision) {
        ("ACCEPT", _) => Statement::Verdict(Verdict::Accept),
        ("DROP", _) => Statement::Verdict(Verdict::Drop),
        ("RETURN", _) => Statement::Verdict(Verdict::Return),
        ("MARK", 2) => set_mark(false, info.u32(4)?, info.u32(0)?),
        ("CONNMARK", 1) => connection_mark(info, info.u8(12)?)?,
        ("CONNMARK", 2) if info.u8(13)? == 0 => connection_mark(info, info.u8(14)?)?,
        ("DNAT", revision) => nat(NatKind::Destination, extension, revision)?,
        ("SNAT", revision) => nat(NatKind::Source, extension, revision)?,
        ("MASQUERADE", 0) => nat(NatKind::Masquerade, extension, u32::from(extension.v6))?,
        ("REDIRECT", 0) => nat(NatKind::Redirect, extension, u32::from(extension.v6))?,
        ("REJECT", 0) => Statement::Reject(reject(info.u32(0)?, extension.v6)?),
        ("NFQUEUE", 0..=3) => Statement::Queue(queue(info, extension.revision)?),
        ("NOTRACK", 0) => Statement::NoTrack,
        ("CT", 0..=2) if info.u16(0)? & 3 != 0 => Statement::NoTrack,
        ("TRACE", 0) => Statement::Trace,
        ("LOG", 0) => Statement::Log(info.text(2, 30)?),
        ("NFLOG", 0) => Statement::Log(info.text(12, 64)?),
        (name, _) if HARMLESS.contains(&name) => Statement::Effect(name.to_owned()),
        _ => return None,
    };
    Some(Understood::one(statement))
}

/// Targets after which the next rule follows, and which change nothing that decides where a packet goes.
const HARMLESS: [&str; 16] = [
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "CONNSECMARK",
    "CT",
    "DSCP",
    "ECN",
    "HL",
    "IDLETIMER",
    "LED",
    "RATEEST",
    "SECMARK",
    "SET",
    "TCPMSS",
    "TOS",
    "TTL",
];

/// `struct xt_mark_tginfo2`: `(mark & ~mask) ^ value`.
fn set_mark(of_connection: bool, mask: u32, value: u32) -> Statement {
    Statement::Mark(MarkChange { of_connection, source: MarkSource::Itself { keep: !mask, flip: value } })
}

/// `struct xt_connmark_tginfo1`: set, save, restore.
fn connection_mark(info: Layout<'_>, mode: u8) -> Option<Statement> {
    let (value, connection_mask, packet_mask) = (info.u32(0)?, info.u32(4)?, info.u32(8)?);
    let copy = |of_connection, keep: u32, take| {
        let source = MarkSource::Other { keep: !keep, take };
        Statement::Mark(MarkChange { of_connection, source })
    };
    match mode {
        0 => Some(set_mark(true, connection_mask, value)),
        1 => Some(copy(true, connection_mask, packet_mask)),
        2 => Some(copy(false, packet_mask, connection_mask)),
        _ => None,
    }
}

/// `struct nf_nat_ipv4_multi_range_compat` in revision 0, `struct nf_nat_range` and `nf_nat_range2` in 1 and 2.
fn nat(kind: NatKind, extension: &Extension<'_>, revision: u32) -> Option<Statement> {
    let info = extension.info;
    let range = match revision {
        0 => Range { flags: info.u32(4)?, low: 8, high: 12, port: 16 },
        1 | 2 => Range { flags: info.u32(0)?, low: 4, high: 20, port: 36 },
        _ => return None,
    };
    let addresses = if range.flags & 1 != 0 {
        let (from, to) = (info.address(range.low, extension.v6)?, info.address(range.high, extension.v6)?);
        Some(AddressRange { from, to })
    } else {
        None
    };
    let ports = if range.flags & 2 != 0 {
        Some(PortRange { from: Port(info.be16(range.port)?), to: Port(info.be16(range.port + 2)?) })
    } else {
        None
    };
    let target = NatTarget::Fixed { addresses, ports };
    Some(Statement::Nat(Nat { kind, target, flags: nat_flags(range.flags) }))
}

/// Where the parts of a range of addresses are.
struct Range {
    flags: u32,
    low: usize,
    high: usize,
    port: usize,
}

/// `NF_NAT_RANGE_*` in nft's words.
pub(in crate::firewall) fn nat_flags(flags: u32) -> Vec<String> {
    let words = [(2, "random"), (3, "persistent"), (4, "fully-random"), (5, "offset"), (6, "netmap")];
    words.iter().filter(|(bit, _)| flags >> bit & 1 != 0).map(|(_, word)| (*word).to_owned()).collect()
}

/// `enum ipt_reject_with` and `enum ip6t_reject_with`, as the codes of "destination unreachable".
fn reject(with: u32, v6: bool) -> Option<Reject> {
    let (family, code) = match (v6, with) {
        (false, 0) => (IcmpFamily::V4, 0),
        (false, 1) => (IcmpFamily::V4, 1),
        (false, 2) => (IcmpFamily::V4, 2),
        (false, 3) => (IcmpFamily::V4, 3),
        (false, 5) => (IcmpFamily::V4, 9),
        (false, 6) => (IcmpFamily::V4, 10),
        (false, 8) => (IcmpFamily::V4, 13),
        (false, 7) | (true, 6) => return Some(Reject::TcpReset),
        (true, 0) => (IcmpFamily::V6, 0),
        (true, 1) => (IcmpFamily::V6, 1),
        (true, 2) => (IcmpFamily::V6, 2),
        (true, 3) => (IcmpFamily::V6, 3),
        (true, 4) => (IcmpFamily::V6, 4),
        (true, 7) => (IcmpFamily::V6, 5),
        (true, 8) => (IcmpFamily::V6, 6),
        _ => return None,
    };
    Some(Reject::Icmp { family, code })
}

/// `struct xt_NFQ_info` and its later forms.
fn queue(info: Layout<'_>, revision: u32) -> Option<Queue> {
    let count = if revision >= 1 { info.u16(2)? } else { 1 };
    let bypass = revision >= 2 && info.u16(4)? & 1 != 0;
    Some(Queue { first: info.u16(0)?, count, bypass })
}
