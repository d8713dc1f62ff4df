//! Rules that lower what TCP agrees on: its segments then fit, and nobody needs the message.

use std::net::IpAddr;

use porthole_model::firewall::{Rule, Statement};
use porthole_model::{Port, Step, TransportProtocol, Way};

use super::paths::Path;
use crate::firewall::{Aim, Journeys, Seat};

/// Whether the answer to a connection of the container, by which the far end says how large the container's segments may
/// be, meets such a rule on every way.
pub(super) fn lowers_segments(
    journeys: &Journeys<'_>,
    seat: &Seat<'_>,
    path: &Path<'_>,
    is_ipv4: bool,
) -> bool {
    let Some(far) = path.far_end.or_else(|| stranger(journeys, is_ipv4)) else { return false };
    let asked = journeys.from_container(seat, Aim::port(far, Port(443), TransportProtocol::Tcp));
    let answer = asked.and_then(|asked| journeys.answer(&asked));
    let clamps = |way: &Way| {
        way.steps.iter().any(|step| match step {
            Step::Rule { rule, .. } => journeys.rule(rule).is_some_and(is_clamp),
            _ => false,
        })
    };
    answer.is_some_and(|answer| answer.walk.ways.iter().all(clamps))
}

fn stranger(journeys: &Journeys<'_>, is_ipv4: bool) -> Option<IpAddr> {
    journeys.uplinks().iter().find(|uplink| uplink.has_default_route)?.visitor(is_ipv4)
}

/// `TCPMSS` of iptables, `tcp option maxseg size set` of nftables.
fn is_clamp(rule: &Rule) -> bool {
    rule.statements.iter().any(|statement| match statement {
        Statement::Effect(words) => words.contains("TCPMSS") || words.contains("maxseg"),
        _ => false,
    })
}
