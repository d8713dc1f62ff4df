//! PH019: a path carries less than containers send, and a rule keeps the message that says so from them.

mod clamp;
mod message;
mod paths;

use porthole_model::{CheckCode, Gap, Severity};

use self::message::Message;
use self::paths::{Path, paths};
use super::concern::about_network;
use super::ph018_mtu::with_smaller_networks;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::{Seat, Stop};

const CODE: CheckCode = CheckCode(19);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a rule drops the message that packets are too large",
    documentation: Documentation {
        checks: "Where a path carries smaller packets than containers send: whether the message that tells them so (ICMP \
                 \"fragmentation needed\", or ICMPv6 \"packet too big\") gets to the container through all of the \
                 firewall's rules. The host itself sends it for its way out (PH018) and for routes with a smaller MTU, \
                 of their own or of their interface, such as a VPN's. A router farther out sends it for paths of which it \
                 already told this host (`ip route show cache`); it then has to pass through the host to the container. Where a rule \
                 lowers the segments of TCP to what fits (`TCPMSS --clamp-mss-to-pmtu`), the message is not needed.",
        why: "A router cannot pass on a packet that is too large and must not be cut. It drops it and tells the sender, \
              who then sends smaller ones. A rule that drops ICMP, often laid in the belief that this makes a host \
              safer, drops that message too: connections are made, small things work, and whatever is large hangs until \
              it times out. What the host itself sends is not forwarded, so that a rule in FORWARD harms containers \
              alone, and the same download works on the host.",
        mend: "Let ICMP of these types pass, at the rule that the finding names; or give the networks the MTU of the \
               path, so that the message is never needed.",
        example: "`iptables -A OUTPUT -p icmp -j DROP` on a host whose way out is a VPN with an MTU of 1420: `docker pull` \
                  works, and `apt-get update` in a container hangs.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let mut found = Found::default();
    let paths = paths(snapshot, &mut found)?;
    if paths.is_empty() {
        return Ok(found);
    }
    let journeys = case.journeys()?;
    let stopped = paths.iter().find_map(|path| {
        let mut seats = journeys.seats().iter().filter(|seat| path.is_narrow_for(seat));
        seats.find_map(|seat| {
            let mut messages = Message::all(&journeys, seat, path).into_iter();
            messages.find_map(|message| {
                let stop = message.stop(&journeys)?;
                let is_needed = !clamp::lowers_segments(&journeys, seat, path, message.is_ipv4());
                is_needed.then_some((path, seat, stop, message))
            })
        })
    });
    found.concerns.extend(stopped.map(|(path, seat, stop, message)| concern(path, seat, &stop, &message)));
    Ok(found)
}

fn concern(path: &Path<'_>, seat: &Seat<'_>, stop: &Stop, message: &Message) -> Concern {
    let summary = format!(
        "large transfers of containers hang: their packets do not fit {}, and the firewall drops the message that would \
         tell them",
        path.words
    );
    let evidence = stop.evidence();
    let concern = Concern::new(CODE, Severity::Error, path.subject.clone(), summary)
        .related(about_network(seat.network))
        .evidence(path.evidence.0.clone(), path.evidence.1.clone())
        .evidence(
            format!("interface '{}' of container '{}', MTU", seat.link.name, seat.container.name),
            seat.link.mtu.to_string(),
        )
        .evidence(message.words(), "dropped")
        .evidence(evidence.source, evidence.observed)
        .remedy(
            "let the message pass: take the rule away, or put this one before it where iptables keeps it",
            vec![message.allowing_rule().to_owned()],
        );
    with_smaller_networks(concern, path.mtu)
}
