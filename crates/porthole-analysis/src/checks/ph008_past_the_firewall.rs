//! PH008: a published port is open to everybody, although the host's firewall keeps that port shut.

use porthole_model::firewall::{ConntrackState, Hook};
use porthole_model::{
    CheckCode, Gap, Packet, PacketConnection, Port, Severity, Subject, SubjectKind, Translation,
    TransportProtocol,
};

use super::concern::{about_port, listed};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::{Aim, Inbound, Journey, Scene, Stop, by_stop, names_a_port};

const CODE: CheckCode = CheckCode(8);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a published port is open past the host's firewall",
    documentation: Documentation {
        checks: "Whether somebody on the Internet side gets to a published port, although the same packet would be \
                 stopped at INPUT if the port were not published. Only where INPUT is a firewall in force: it lets in \
                 the answers to what the host itself sends.",
        why: "Docker translates what comes for a published port before the host's INPUT rules could see it, and then \
              it is forwarded. `ufw deny 8080` and a policy of DROP therefore do nothing for it. That is by design, \
              but few expect it: databases that \"the firewall keeps shut\" are found on the Internet this way.",
        mend: "Publish ports that are not for everybody at `127.0.0.1` or at an address of a private network, or put \
               rules for them into the chain `DOCKER-USER`, which packets to containers do meet; where the engine's \
               firewall back end is nftables, into a chain of your own at the hook \"forward\".",
        example: "`ufw default deny incoming`, and `docker run -p 6379:6379 redis`: everybody can use the database.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let mut found = Found::default();
    let Some(scene) = case.scene()? else { return Ok(found) };
    if !lets_answers_in(scene) {
        return Ok(found);
    }
    let open = scene.inbound()?.iter().filter_map(|inbound| Some((past(scene, inbound)?, inbound)));
    let groups = by_stop(open.collect::<Vec<_>>());
    found.concerns.extend(groups.iter().map(|(stop, open)| concern(scene, stop, open)));
    Ok(found)
}

/// Whether the answers to what the host sends out come in: otherwise INPUT is no firewall in force, but broken.
fn lets_answers_in(scene: &Scene<'_>) -> bool {
    let mut uplinks = scene.journeys.uplinks().iter().filter(|uplink| uplink.has_default_route);
    let stranger = uplinks.find_map(|uplink| uplink.visitor(true));
    let asked = stranger.and_then(|stranger| {
        scene.journeys.from_host(Aim::port(stranger, Port(443), TransportProtocol::Tcp))
    });
    let answer = asked.and_then(|journey| scene.journeys.answer(&journey));
    answer.is_some_and(|answer| answer.fate.arrival().is_some())
}

/// What at INPUT would have stopped a packet that arrives in a container.
fn past(scene: &Scene<'_>, inbound: &Inbound<'_>) -> Option<Stop> {
    let arrival = inbound.journey.fate.arrival()?;
    scene.journeys.seat_at(arrival.header.destination)?;
    let stop = untranslated(scene, &inbound.journey).fate.stop()?.clone();
    stop.chain().is_some_and(|chain| chain.hook == Hook::Input).then_some(stop)
}

/// The same packet, as if no rule translated it.
fn untranslated(scene: &Scene<'_>, journey: &Journey) -> Journey {
    let connection = PacketConnection {
        state: ConntrackState::New,
        is_reply: false,
        translation: Some(Translation { source: None, destination: None }),
    };
    scene.journeys.send(Packet { connection, ..journey.packet.clone() })
}

fn concern(scene: &Scene<'_>, stop: &Stop, open: &[&Inbound<'_>]) -> Concern {
    let ports: Vec<_> = open
        .iter()
        .map(|each| {
            format!(
                "{}/{} for container '{}'",
                each.binding.host_port, each.binding.protocol, each.container.name
            )
        })
        .collect();
    let is_meant = stop.rule().and_then(|rule| scene.journeys.rule(rule)).is_some_and(names_a_port);
    let severity = if is_meant { Severity::Warning } else { Severity::Note };
    let summary = format!(
        "published ports are open to everybody, although the host's firewall keeps them shut: {}",
        listed(&ports, String::clone)
    );
    let subject = Subject { kind: SubjectKind::Host, name: "published ports past the firewall".to_owned() };
    let evidence = stop.evidence();
    let example = &open[0];
    let mut concern = Concern::new(CODE, severity, subject, summary)
        .evidence(
            format!("a packet from {} by {}", example.journey.packet.source, example.interface),
            format!("arrives in container '{}'", example.container.name),
        )
        .evidence(format!("{}, which it never meets", evidence.source), evidence.observed);
    for each in open {
        let (port, protocol) = (each.binding.container_port, each.binding.protocol);
        concern = concern.related(about_port(each.container, port, protocol));
    }
    concern
        .remedy(
            "if a port is not for everybody, make the container anew and publish it for this host alone",
            vec![format!(
                "docker run -p 127.0.0.1:{}:{} …",
                example.binding.host_port, example.binding.container_port
            )],
        )
        .remedy(
            "or let in only whom you name, by the chain that packets to containers meet",
            if scene.rules.has_own_tables { by_own_chain(example) } else { by_chain_of_the_user(example) },
        )
}

fn by_chain_of_the_user(inbound: &Inbound<'_>) -> Vec<String> {
    vec![format!(
        "iptables -I DOCKER-USER -i {} -p {} -m conntrack --ctorigdstport {} --ctdir ORIGINAL ! -s ADDRESS -j DROP",
        inbound.interface, inbound.binding.protocol, inbound.binding.host_port
    )]
}

/// Nobody lays rules into the engine's own tables but the engine.
fn by_own_chain(inbound: &Inbound<'_>) -> Vec<String> {
    vec![
        "nft add table inet own".to_owned(),
        "nft add chain inet own forward '{ type filter hook forward priority filter - 1; }'".to_owned(),
        format!(
            "nft add rule inet own forward iifname {} meta l4proto {} ct direction original ct original proto-dst {} ip \
             saddr != ADDRESS drop",
            inbound.interface, inbound.binding.protocol, inbound.binding.host_port
        ),
    ]
}
