//! Rules of routing policy: `RTM_GETRULE` and its answers (`include/uapi/linux/fib_rules.h`).

use porthole_model::{IpPrefix, RouteKind, RoutingAction, RoutingRule};

use super::attribute::Attributes;
use super::message::Request;
use super::{AF_INET, AF_INET6, NetlinkError, fixed, u32_at};
use crate::AddressFamily;

const WHAT: &str = "routing rule";
const RTM_GETRULE: u16 = 34;
const FIB_RULE_INVERT: u32 = 2;
const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_GOTO: u16 = 4;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_TUN_ID: u16 = 12;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FRA_L3MDEV: u16 = 19;
const FRA_UID_RANGE: u16 = 20;
const FRA_IP_PROTO: u16 = 22;

/// From the protocol of the packet on, each attribute is a further condition: ports, a flow label, their masks.
const FURTHER: [u16; 4] = [FRA_TUN_ID, FRA_SUPPRESS_IFGROUP, FRA_L3MDEV, FRA_UID_RANGE];

/// Asks for the rules of a family.
pub fn request(family: AddressFamily) -> Request {
    let mut header = [0; 12];
    header[0] = family.number();
    Request::dump(RTM_GETRULE).with_fixed(&header)
}

/// Decodes an `RTM_NEWRULE`; `None` for a rule of neither IPv4 nor IPv6.
pub fn decode(payload: &[u8]) -> Result<Option<RoutingRule>, NetlinkError> {
    let (header, attributes) = fixed::<12>(WHAT, payload)?;
    let attributes = Attributes::check(WHAT, attributes)?;
    if !matches!(header[0], AF_INET | AF_INET6) {
        return Ok(None);
    }
    let number = |kind| attributes.find(kind).and_then(|attribute| attribute.u32());
    let text = |kind| attributes.find(kind).map(|attribute| attribute.text());
    let prefix = |kind, length| {
        let address = attributes.find(kind).and_then(|attribute| attribute.ip_address())?;
        Some(IpPrefix { address, length })
    };
    Ok(Some(RoutingRule {
        priority: number(FRA_PRIORITY).unwrap_or(0),
        is_ipv4: header[0] == AF_INET,
        negated: u32_at(header, 8) & FIB_RULE_INVERT != 0,
        source: prefix(FRA_SRC, header[2]),
        destination: prefix(FRA_DST, header[1]),
        input: text(FRA_IIFNAME),
        output: text(FRA_OIFNAME),
        mark: number(FRA_FWMARK)
            .map(|mark| (mark, number(FRA_FWMASK).unwrap_or(u32::MAX)))
            .filter(|(_, mask)| *mask != 0),
        further: header[3] != 0 || has_further(attributes),
        suppressed_length: number(FRA_SUPPRESS_PREFIXLEN).filter(|length| *length != u32::MAX),
        action: action(header, number(FRA_TABLE), number(FRA_GOTO)),
    }))
}

/// The interface group that is not suppressed is there as "none" (-1), other things only where they are asked for.
fn has_further(attributes: Attributes<'_>) -> bool {
    attributes.into_iter().any(|attribute| {
        let is_further = FURTHER.contains(&attribute.kind) || attribute.kind >= FRA_IP_PROTO;
        let is_set = attribute.value.iter().any(|byte| !matches!(byte, 0 | 0xff));
        is_further && (is_set || attribute.kind == FRA_UID_RANGE)
    })
}

fn action(header: &[u8; 12], table: Option<u32>, goto: Option<u32>) -> RoutingAction {
    match header[7] {
        1 => RoutingAction::Table(table.unwrap_or_else(|| u32::from(header[4]))),
        2 => goto.map_or(RoutingAction::Nothing, RoutingAction::Goto),
        6 => RoutingAction::Refuse(RouteKind::Blackhole),
        7 => RoutingAction::Refuse(RouteKind::Unreachable),
        8 => RoutingAction::Refuse(RouteKind::Prohibit),
        _ => RoutingAction::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len() + 4).unwrap();
        [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), value].concat()
    }

    fn rule(header: [u8; 12], attributes: &[Vec<u8>]) -> RoutingRule {
        decode(&[&header[..], &attributes.concat()].concat()).unwrap().unwrap()
    }

    #[test]
    fn the_rule_of_the_main_table() {
        let header = [2, 0, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0];
        let suppress = u32::MAX.to_ne_bytes();
        let main = rule(
            header,
            &[
                attribute(FRA_TABLE, &254u32.to_ne_bytes()),
                attribute(FRA_SUPPRESS_PREFIXLEN, &suppress),
                attribute(FRA_PRIORITY, &32766u32.to_ne_bytes()),
            ],
        );
        assert_eq!((main.priority, main.action), (32766, RoutingAction::Table(254)));
        assert_eq!((main.further, main.negated, main.suppressed_length), (false, false, None));
    }

    #[test]
    fn a_vpns_rule_for_all_that_it_did_not_mark() {
        let mut header = [2, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        header[8..].copy_from_slice(&FIB_RULE_INVERT.to_ne_bytes());
        let vpn = rule(
            header,
            &[
                attribute(FRA_FWMARK, &51820u32.to_ne_bytes()),
                attribute(FRA_FWMASK, &u32::MAX.to_ne_bytes()),
                attribute(FRA_TABLE, &51820u32.to_ne_bytes()),
            ],
        );
        assert!(vpn.negated);
        assert_eq!(vpn.mark, Some((51820, u32::MAX)));
    }

    #[test]
    fn what_is_further_asked_for_is_told() {
        let header = [2, 0, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0];
        assert!(rule(header, &[attribute(FRA_UID_RANGE, &[0; 8])]).further);
        assert!(rule(header, &[attribute(FRA_IP_PROTO, &[17])]).further);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(header: [u8; 12], kind in 0u16..32, value in prop::collection::vec(any::<u8>(), 0..32)) {
            let _ = decode(&[&header[..], &attribute(kind, &value)].concat()).is_ok();
        }
    }
}
