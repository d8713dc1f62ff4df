//! Rules.

use porthole_model::firewall::{Rule, Wording, WordingSource};

use super::super::{IpSetNames, words};
use super::translator::{Surroundings, Translator};
use super::{Sets, data};
use crate::netlink::NetlinkError;
use crate::netlink::attribute::Attributes;
use crate::netlink::netfilter::split;

const WHAT: &str = "rule";

/// A rule and the chain that it is in. Rules come in the order of their chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRecord {
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) chain: String,
    pub(super) rule: Rule,
}

impl RuleRecord {
    /// Decodes a rule, with what its table's sets and the ipsets are called.
    pub fn decode(payload: &[u8], sets: &Sets, ip_sets: &IpSetNames) -> Result<Self, NetlinkError> {
        let (family, attributes) = split(WHAT, payload)?;
        let text = |kind, part| {
            attributes.find(kind).map(|value| value.text()).ok_or(NetlinkError::Lacks { what: WHAT, part })
        };
        let (table, chain) = (text(1, "table")?, text(2, "chain")?);
        let mut translator = Translator::new(Surroundings { family, table: &table, sets, ip_sets });
        translate(&mut translator, attributes)?;
        let Translator { statements, comment, .. } = translator;
        let noted = attributes.find(7).and_then(|user_data| data::comment(user_data.value));
        let comment = comment.or(noted);
        let wording = Wording { text: words(&statements, comment.as_deref()), source: WordingSource::Own };
        let handle = attributes.find(3).and_then(|handle| handle.be64());
        let rule = Rule { position: 0, handle, wording, comment, statements };
        Ok(Self { family, table, chain, rule })
    }
}

fn translate(translator: &mut Translator<'_>, attributes: Attributes<'_>) -> Result<(), NetlinkError> {
    let Some(list) = attributes.find(4) else { return Ok(()) };
    for attribute in list.nested(WHAT)? {
        let (name, inner) = data::expression(attribute)
            .ok_or(NetlinkError::Lacks { what: WHAT, part: "name of an expression" })?;
        translator.take(&name, inner);
    }
    Ok(())
}
