//! PH007: the firewall's INPUT stops what goes to a published port through the host itself.

use porthole_model::firewall::Hook;
use porthole_model::{CheckCode, Container, Gap, PortBinding, Severity, Snapshot, Subject, SubjectKind};

use super::concern::{about_port, listed};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::{Aim, Journey, Scene, Stop, by_stop};
use crate::places::in_engine_namespace;
use crate::ports::is_published;

const CODE: CheckCode = CheckCode(7);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "INPUT keeps the host or its containers from published ports",
    documentation: Documentation {
        checks: "By following packets through all rules: whether the chain INPUT (or another one at that hook) stops \
                 the way of a program on the host, or of a container by the address of its gateway, to a published \
                 port, or the container's answer to the host.",
        why: "What comes from outside is translated and forwarded, so it never meets INPUT. What a program on the host \
              or a container sends to the host's own address goes to docker-proxy, and that is INPUT. With a policy \
              of DROP, as ufw and many guides set it, the port works for the whole world, and neither from the host \
              nor from another container. The usual firewall lets in the loopback interface and the answers to what \
              the host sent; then it is containers alone that are kept out.",
        mend: "Let in what the host needs: the loopback interface, and what belongs to connections that are there. To \
               let containers use the host's ports, accept what comes by the bridges; better, let containers speak to \
               each other by name on a common network.",
        example: "`iptables -P INPUT DROP`: `curl http://localhost:8080` on the server hangs, from elsewhere it works.",
    },
    run,
};

/// Somebody who does not get to a port.
struct CutOff<'s> {
    container: &'s Container,
    binding: &'s PortBinding,
    who: Who,
    /// The bridge of the container's network.
    bridge: Option<String>,
    /// Whether the port is published at an address that only containers ask.
    is_for_containers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Host,
    Containers,
}

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let mut found = Found::default();
    let Some(scene) = case.scene()? else { return Ok(found) };
    let containers = scene.engine.containers.known()?.iter().filter(|container| is_published(container));
    let bindings = containers
        .flat_map(|container| container.published_ports.iter().map(move |binding| (container, binding)));
    let of_family =
        bindings.filter(|(_, binding)| binding.host_address.is_ipv4() && binding.host_port.0 != 0);
    let cut = of_family.flat_map(|(container, binding)| cut_off(scene, container, binding));
    let groups = by_stop(cut.collect::<Vec<_>>());
    found.concerns.extend(groups.iter().map(|(stop, cut)| concern(snapshot, stop, cut)));
    Ok(found)
}

fn cut_off<'s>(
    scene: &Scene<'s>,
    container: &'s Container,
    binding: &'s PortBinding,
) -> Vec<(Stop, CutOff<'s>)> {
    let mut seats = scene.journeys.seats().iter().filter(|seat| seat.container.id == container.id);
    let Some(seat) = seats.find(|seat| seat.leads_out && seat.address(true).is_some()) else {
        return Vec::new();
    };
    let Some(gateway) = seat.gateway(true) else { return Vec::new() };
    let asked = binding.host_address;
    let is_for_containers = asked == gateway;
    let aim = |address| Aim::port(address, binding.host_port, binding.protocol);
    let loopback = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    let by_host = scene.journeys.from_host(aim(if asked.is_unspecified() { loopback } else { asked }));
    let inside = seat.address(true).and_then(|address| {
        scene.journeys.from_host(Aim::port(address, binding.container_port, binding.protocol))
    });
    let answer = inside.and_then(|journey| scene.journeys.answer(&journey));
    let from_host = [by_host, answer].into_iter().flatten().find_map(|journey| stopped(&journey));
    let at = if asked.is_unspecified() { gateway } else { asked };
    let from_container = scene.journeys.from_container(seat, aim(at)).and_then(|journey| stopped(&journey));
    let cut = |who| CutOff { container, binding, who, bridge: seat.network.bridge_name(), is_for_containers };
    let from_container = from_container.filter(|_| !asked.is_loopback());
    let host = from_host.map(|stop| (stop, cut(Who::Host)));
    host.into_iter().chain(from_container.map(|stop| (stop, cut(Who::Containers)))).collect()
}

/// What at the hook "input" stops it.
fn stopped(journey: &Journey) -> Option<Stop> {
    let stop = journey.fate.stop()?;
    stop.chain().is_some_and(|chain| chain.hook == Hook::Input).then(|| stop.clone())
}

fn concern(snapshot: &Snapshot, stop: &Stop, cut: &[CutOff<'_>]) -> Concern {
    let from_host = cut.iter().any(|cut| cut.who == Who::Host);
    let is_broken = from_host || cut.iter().any(|cut| cut.is_for_containers);
    let mut ports: Vec<String> = cut
        .iter()
        .map(|cut| {
            format!(
                "{}/{} for container '{}'",
                cut.binding.host_port, cut.binding.protocol, cut.container.name
            )
        })
        .collect();
    ports.dedup();
    let who = if from_host { "programs on this host" } else { "containers" };
    let summary = format!(
        "the firewall's INPUT keeps {who} from published ports of the host: {}",
        listed(&ports, String::clone)
    );
    let evidence = stop.evidence();
    let subject = Subject { kind: SubjectKind::Host, name: evidence.source.clone() };
    let severity = if is_broken { Severity::Error } else { Severity::Note };
    let mut concern = Concern::new(CODE, severity, subject, summary)
        .evidence(evidence.source, evidence.observed)
        .alone_if(is_broken);
    for cut in cut {
        concern =
            concern.related(about_port(cut.container, cut.binding.container_port, cut.binding.protocol));
    }
    let accepting = |what: &[(String, String)]| -> Vec<String> {
        let commands = what.iter().filter_map(|(iptables, nft)| stop.accepting(iptables, nft));
        commands.map(|command| in_engine_namespace(snapshot, &command)).collect()
    };
    if from_host {
        let answers = ("-m conntrack --ctstate RELATED,ESTABLISHED", "ct state related,established");
        let needed = [("-i lo", "iifname lo"), answers];
        concern = concern.remedy(
            "let in the loopback interface, and the answers to what the host sends",
            accepting(&needed.map(|(iptables, nft)| (iptables.to_owned(), nft.to_owned()))),
        );
    }
    let mut bridges: Vec<_> = cut.iter().filter_map(|cut| cut.bridge.as_deref()).collect();
    bridges.dedup();
    let by_bridge = bridges.iter().map(|bridge| (format!("-i {bridge}"), format!("iifname {bridge}")));
    concern.remedy(
        "to let containers use the host's ports, accept what comes by the bridges of their networks",
        accepting(&by_bridge.collect::<Vec<_>>()),
    )
}
