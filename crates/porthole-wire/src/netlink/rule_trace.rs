//! Traces of packets through nftables: the messages of the multicast group `NFNLGRP_NFTRACE`.

mod headers;

use porthole_model::firewall::TableFamily;
use porthole_model::{InterfaceIndex, RuleTraceEvent, TraceStep, TraceVerdict};

use super::attribute::{Attribute, Attributes};
use super::{NetlinkError, fixed};

/// `NFNLGRP_NFTRACE`, the group whose members are told of traced packets.
pub const GROUP: u32 = 9;

/// `NFNL_SUBSYS_NFTABLES` and `NFT_MSG_TRACE`.
pub const MESSAGE: u16 = 0x0a11;

const WHAT: &str = "rule trace";
const NFTA_TRACE_TABLE: u16 = 1;
const NFTA_TRACE_CHAIN: u16 = 2;
const NFTA_TRACE_RULE_HANDLE: u16 = 3;
const NFTA_TRACE_TYPE: u16 = 4;
const NFTA_TRACE_VERDICT: u16 = 5;
const NFTA_TRACE_ID: u16 = 6;
const NFTA_TRACE_NETWORK_HEADER: u16 = 8;
const NFTA_TRACE_TRANSPORT_HEADER: u16 = 9;
const NFTA_TRACE_IIF: u16 = 10;
const NFTA_TRACE_OIF: u16 = 12;
const NFTA_TRACE_MARK: u16 = 14;
const NFTA_TRACE_POLICY: u16 = 16;
const NFTA_VERDICT_CODE: u16 = 1;
const NFTA_VERDICT_CHAIN: u16 = 2;
const NFT_TRACETYPE_POLICY: u32 = 1;
const NFT_TRACETYPE_RETURN: u32 = 2;
const NFT_TRACETYPE_RULE: u32 = 3;

/// The lower half of a verdict that comes from netfilter itself (`NF_VERDICT_MASK`); above it an error or a queue.
const VERDICT_MASK: u32 = 0xff;

/// Decodes a trace message.
pub fn decode(payload: &[u8]) -> Result<RuleTraceEvent, NetlinkError> {
    let (header, attributes) = fixed::<4>(WHAT, payload)?;
    let attributes = Attributes::check(WHAT, attributes)?;
    let lacks = |part| NetlinkError::Lacks { what: WHAT, part };
    let text = |kind, part| attributes.find(kind).map(|attribute| attribute.text()).ok_or(lacks(part));
    let interface = |kind| attributes.find(kind).and_then(number).map(InterfaceIndex);
    let bytes = |kind| attributes.find(kind).map(|attribute| attribute.value).unwrap_or_default();
    Ok(RuleTraceEvent {
        packet: attributes.find(NFTA_TRACE_ID).and_then(number).ok_or(lacks("number of its packet"))?,
        family: family(header[0]).ok_or(lacks("known family"))?,
        table: text(NFTA_TRACE_TABLE, "table")?,
        chain: text(NFTA_TRACE_CHAIN, "chain")?,
        step: step(attributes)?,
        mark: attributes.find(NFTA_TRACE_MARK).and_then(number),
        input: interface(NFTA_TRACE_IIF),
        output: interface(NFTA_TRACE_OIF),
        headers: headers::of(bytes(NFTA_TRACE_NETWORK_HEADER), bytes(NFTA_TRACE_TRANSPORT_HEADER)),
    })
}

fn step(attributes: Attributes<'_>) -> Result<TraceStep, NetlinkError> {
    let lacks = |part| NetlinkError::Lacks { what: WHAT, part };
    let said = || {
        let said = attributes.find(NFTA_TRACE_VERDICT).map(|said| said.nested(WHAT)).transpose()?;
        said.and_then(verdict).ok_or(lacks("verdict"))
    };
    let handle = attributes.find(NFTA_TRACE_RULE_HANDLE).and_then(long_number);
    match (attributes.find(NFTA_TRACE_TYPE).and_then(number), handle) {
        (Some(NFT_TRACETYPE_RULE | NFT_TRACETYPE_RETURN), Some(handle)) => {
            Ok(TraceStep::Rule { handle, verdict: said()? })
        }
        // The end of a chain is told as either, and has no handle; a rule that says "return" has one.
        (Some(NFT_TRACETYPE_RULE | NFT_TRACETYPE_RETURN), None) if said()? == TraceVerdict::Continue => {
            Ok(TraceStep::End)
        }
        (Some(NFT_TRACETYPE_RULE | NFT_TRACETYPE_RETURN), None) => Err(lacks("handle of its rule")),
        (Some(NFT_TRACETYPE_POLICY), _) => {
            let policy = attributes.find(NFTA_TRACE_POLICY).and_then(number).ok_or(lacks("policy"))?;
            Ok(TraceStep::Policy(netfilter_verdict(policy)))
        }
        _ => Err(lacks("known type")),
    }
}

/// `enum nft_verdicts` is negative; what is not is a verdict of netfilter.
fn verdict(said: Attributes<'_>) -> Option<TraceVerdict> {
    let chain = || said.find(NFTA_VERDICT_CHAIN).map(|chain| chain.text()).unwrap_or_default();
    let code = number(said.find(NFTA_VERDICT_CODE)?)?;
    Some(match code.cast_signed() {
        -1 => TraceVerdict::Continue,
        -2 => TraceVerdict::Break,
        -3 => TraceVerdict::Jump(chain()),
        -4 => TraceVerdict::Goto(chain()),
        -5 => TraceVerdict::Return,
        other if other < 0 => TraceVerdict::Other(other),
        _ => netfilter_verdict(code),
    })
}

fn netfilter_verdict(code: u32) -> TraceVerdict {
    match code & VERDICT_MASK {
        0 => TraceVerdict::Drop,
        1 => TraceVerdict::Accept,
        2 => TraceVerdict::Stolen,
        3 => TraceVerdict::Queue,
        _ => TraceVerdict::Other(code.cast_signed()),
    }
}

/// The family that `struct nfgenmsg` names is that of the table (`NFPROTO_*`).
fn family(number: u8) -> Option<TableFamily> {
    match number {
        1 => Some(TableFamily::Inet),
        2 => Some(TableFamily::Ip),
        3 => Some(TableFamily::Arp),
        5 => Some(TableFamily::Netdev),
        7 => Some(TableFamily::Bridge),
        10 => Some(TableFamily::Ip6),
        _ => None,
    }
}

fn number(attribute: Attribute<'_>) -> Option<u32> {
    attribute.value.first_chunk().copied().map(u32::from_be_bytes)
}

fn long_number(attribute: Attribute<'_>) -> Option<u64> {
    attribute.value.first_chunk().copied().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::attribute_list::AttributeList;
    use super::*;

    fn event(attributes: AttributeList) -> Result<RuleTraceEvent, NetlinkError> {
        decode(&[&[2, 0, 0, 0][..], &attributes.into_bytes()].concat())
    }

    fn base() -> AttributeList {
        AttributeList::new()
            .number(NFTA_TRACE_ID, 0xdead_beef)
            .text(NFTA_TRACE_TABLE, "filter")
            .text(NFTA_TRACE_CHAIN, "DOCKER")
    }

    #[test]
    fn a_rule_that_jumps_names_its_handle_and_where_to() {
        let said = AttributeList::new()
            .number(NFTA_VERDICT_CODE, (-3i32).cast_unsigned())
            .text(NFTA_VERDICT_CHAIN, "DOCKER-USER");
        let attributes = base()
            .number(NFTA_TRACE_TYPE, NFT_TRACETYPE_RULE)
            .bytes(NFTA_TRACE_RULE_HANDLE, &31u64.to_be_bytes())
            .nested(NFTA_TRACE_VERDICT, &said)
            .number(NFTA_TRACE_IIF, 4);
        let event = event(attributes).unwrap();
        let verdict = TraceVerdict::Jump("DOCKER-USER".to_owned());
        assert_eq!(event.step, TraceStep::Rule { handle: 31, verdict });
        assert_eq!((event.packet, event.family), (0xdead_beef, TableFamily::Ip));
        assert_eq!((event.input, event.output, event.headers), (Some(InterfaceIndex(4)), None, None));
    }

    #[test]
    fn a_policy_is_no_verdict_of_a_rule() {
        let attributes = base().number(NFTA_TRACE_TYPE, NFT_TRACETYPE_POLICY).number(NFTA_TRACE_POLICY, 1);
        assert_eq!(event(attributes).unwrap().step, TraceStep::Policy(TraceVerdict::Accept));
    }

    #[test]
    fn a_drop_with_an_error_number_is_a_drop() {
        assert_eq!(netfilter_verdict(0x000d_0000), TraceVerdict::Drop);
    }

    #[test]
    fn an_event_without_its_type_is_an_error() {
        assert_eq!(event(base()), Err(NetlinkError::Lacks { what: WHAT, part: "known type" }));
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(kind in 1u16..20, value: Vec<u8>) {
            let attributes = base().number(NFTA_TRACE_TYPE, NFT_TRACETYPE_RETURN);
            let _ = event(attributes.bytes(kind, &value[..value.len().min(64)])).is_ok();
            let _ = decode(&value).is_ok();
        }
    }
}
