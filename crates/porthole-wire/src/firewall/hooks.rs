//! What hangs at the kernel's hooks, in its own order: `NFNL_MSG_HOOK_GET` of kernel 5.14 and newer.
//!
//! Layouts follow `include/uapi/linux/netfilter/nfnetlink_hook.h`.

use porthole_model::firewall::{Hook, HookEntry, HookedChain, TableFamily};

use crate::netlink::NetlinkError;
use crate::netlink::attribute::{Attribute, Attributes};
use crate::netlink::message::Request;
use crate::netlink::netfilter::{Subsystem, split};

const WHAT: &str = "hook";
const GET: u8 = 0;

/// The hooks that packets and frames meet, each with its request: the kernel is asked for one at a time.
pub fn requests() -> impl Iterator<Item = (TableFamily, Hook, Request)> {
    let hooks = [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];
    let families = [(TableFamily::Ip, 2), (TableFamily::Ip6, 10), (TableFamily::Bridge, 7)];
    families.into_iter().flat_map(move |(family, number)| {
        (0u32..).zip(hooks).map(move |(index, hook)| {
            let request = Subsystem::Hooks.dump(GET, number).with_attribute(1, &index.to_be_bytes());
            (family, hook, request)
        })
    })
}

/// Decodes an entry of the hook that was asked for.
pub fn decode(payload: &[u8], family: TableFamily, hook: Hook) -> Result<HookEntry, NetlinkError> {
    let (_, attributes) = split(WHAT, payload)?;
    let priority = attributes.find(2).and_then(|priority| priority.be32());
    let text = |kind| attributes.find(kind).map(|value| value.text());
    Ok(HookEntry {
        family,
        hook,
        device: text(3),
        priority: priority.ok_or(NetlinkError::Lacks { what: WHAT, part: "priority" })?.cast_signed(),
        function: text(4),
        module: text(5),
        chain: attributes.find(6).and_then(chain),
    })
}

/// `NFNLA_HOOK_CHAIN_INFO`; what is no chain of nftables (a BPF program) has another type.
fn chain(attribute: Attribute<'_>) -> Option<HookedChain> {
    let attributes = attribute.nested(WHAT).ok()?;
    if attributes.find(2)?.be32()? != 1 {
        return None;
    }
    let chain: Attributes<'_> = attributes.find(1)?.nested(WHAT).ok()?;
    Some(HookedChain {
        family: super::nftables::family(chain.find(2)?.u8()?)?,
        table: chain.find(1)?.text(),
        chain: chain.find(3)?.text(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len() + 4).unwrap();
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn an_entry_names_its_chain() {
        let chain = [attribute(1, b"own\0"), attribute(2, &[1]), attribute(3, b"late\0")].concat();
        let info = [attribute(1, &chain), attribute(2, &1u32.to_be_bytes())].concat();
        let payload = [
            vec![2, 0, 0, 0],
            attribute(1, &2u32.to_be_bytes()),
            attribute(2, &(-5i32).to_be_bytes()),
            attribute(4, b"nft_do_chain_inet\0"),
            attribute(5, b"nf_tables\0"),
            attribute(6, &info),
        ];
        let entry = decode(&payload.concat(), TableFamily::Ip, Hook::Forward).unwrap();
        assert_eq!((entry.priority, entry.function.as_deref()), (-5, Some("nft_do_chain_inet")));
        let chain = HookedChain { family: TableFamily::Inet, table: "own".into(), chain: "late".into() };
        assert_eq!(entry.chain, Some(chain));
    }

    #[test]
    fn every_hook_is_asked_for_once() {
        assert_eq!(requests().count(), 15);
    }

    proptest! {
        #[test]
        fn any_bytes_end_without_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes, TableFamily::Ip, Hook::Forward);
        }
    }
}
