//! Values and verdicts as nftables' messages hold them (`NFTA_DATA_*`, `NFTA_VERDICT_*`), and user data.

use porthole_model::firewall::{Counter, Verdict};

use super::super::bytes::text;
use crate::netlink::attribute::{Attribute, Attributes};

/// A value or a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Data<'a> {
    Value(&'a [u8]),
    Verdict(Verdict),
}

/// The data in an attribute.
pub(super) fn data(attribute: Attribute<'_>) -> Option<Data<'_>> {
    let nested = attribute.nested("rule").ok()?;
    if let Some(value) = nested.find(1) {
        return Some(Data::Value(value.value));
    }
    verdict(nested.find(2)?).map(Data::Verdict)
}

/// The value in an attribute.
pub(super) fn value(attributes: Attributes<'_>, kind: u16) -> Option<&[u8]> {
    match data(attributes.find(kind)?)? {
        Data::Value(value) => Some(value),
        Data::Verdict(_) => None,
    }
}

/// `enum nft_verdicts` and `NF_*`.
fn verdict(attribute: Attribute<'_>) -> Option<Verdict> {
    let attributes = attribute.nested("verdict").ok()?;
    let chain = || attributes.find(2).map(|chain| chain.text());
    Some(match attributes.find(1)?.be32()?.cast_signed() {
        0 => Verdict::Drop,
        1 => Verdict::Accept,
        2 => Verdict::Stolen,
        -1 => Verdict::Continue,
        -3 => Verdict::Jump(chain()?),
        -4 => Verdict::Goto(chain()?),
        -5 => Verdict::Return,
        _ => return None,
    })
}

/// `NFTA_COUNTER_*`.
pub(super) fn counter(attributes: Attributes<'_>) -> Option<Counter> {
    let bytes = attributes.find(1)?.be64()?;
    let packets = attributes.find(2)?.be64()?;
    Some(Counter { packets, bytes })
}

/// The comment that nft and iptables-nft keep in the user data of rules, sets and elements: type, length, value.
pub(super) fn comment(user_data: &[u8]) -> Option<String> {
    const COMMENT: u8 = 0;
    let mut rest = user_data;
    while let [kind, length, following @ ..] = rest {
        let value = following.get(..usize::from(*length))?;
        if *kind == COMMENT {
            return Some(text(value));
        }
        rest = &following[value.len()..];
    }
    None
}

/// `NFTA_EXPR_NAME` and the attributes below `NFTA_EXPR_DATA`; some expressions have none.
pub(super) fn expression(attribute: Attribute<'_>) -> Option<(String, Attributes<'_>)> {
    let attributes = attribute.nested("expression").ok()?;
    let name = attributes.find(1)?.text();
    let inner = match attributes.find(2) {
        Some(data) => data.nested("expression").ok()?,
        None => Attributes::check("expression", &[]).ok()?,
    };
    Some((name, inner))
}
