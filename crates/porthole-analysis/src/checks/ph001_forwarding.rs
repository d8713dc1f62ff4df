//! PH001: the kernel does not forward packets between its interfaces.

use porthole_model::{
    CheckCode, Container, Engine, EngineKind, Gap, IpPrefix, KernelChange, Network, NetworkAttachment,
    NetworkStack, Severity, Snapshot, Subject, SubjectKind,
};

use super::concern::about_network;
use super::{Check, Concern, Documentation, Found};
use crate::attachment::network_of;
use crate::case::Case;
use crate::mending::Mending;
use crate::places::{engine_namespace, in_engine_namespace};

const CODE: CheckCode = CheckCode(1);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the host does not forward packets",
    documentation: Documentation {
        checks: "Whether the kernel forwards packets in the engine's network namespace: `net.ipv4.ip_forward`, and \
                 `net.ipv6.conf.all.forwarding` where a network has IPv6. Only networks of the bridge driver that \
                 have a way out need it.",
        why: "A container's packets reach the outside only if the host passes them on from the bridge to its own \
              interface. With forwarding off, containers reach nothing outside, and nobody outside reaches a \
              published port; from the host itself everything seems to work. The engine turns forwarding on when \
              it starts. Something turned it off later: often a file in `/etc/sysctl.d` that a hardening guide \
              or another package brought.",
        mend: "Turn it on, find the file that turned it off, and correct it there; otherwise the next boot, or \
               the next `sysctl --system`, turns it off again.",
        example: "`net.ipv4.ip_forward = 0` from a hardening file: `curl http://host:8080` from another machine \
                  times out, on the host it works.",
    },
    run,
};

/// An address family's switch.
struct Family {
    name: &'static str,
    sysctl: &'static str,
    /// Whether turning it on costs the host the default routes that it learned.
    forgets_routes: bool,
    serves: fn(&Network) -> bool,
    address: fn(&NetworkAttachment) -> Option<IpPrefix>,
}

const FAMILIES: [Family; 2] = [
    Family {
        name: "IPv4",
        sysctl: "net.ipv4.ip_forward",
        forgets_routes: false,
        serves: |network| network.subnets.iter().any(|subnet| subnet.prefix.address.is_ipv4()),
        address: |attachment| attachment.ipv4,
    },
    Family {
        name: "IPv6",
        sysctl: "net.ipv6.conf.all.forwarding",
        forgets_routes: true,
        serves: |network| {
            network.ipv6 && network.subnets.iter().any(|subnet| subnet.prefix.address.is_ipv6())
        },
        address: |attachment| attachment.ipv6,
    },
];

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let networks = engine.networks.known()?;
    let containers = engine.containers.known()?;
    let stack = engine_namespace(snapshot)?.stack.known()?;
    let mut found = Found::default();
    for family in &FAMILIES {
        let needing: Vec<_> = networks.iter().filter(|network| needs(network, family)).collect();
        if !needing.is_empty() {
            found.part(judge(
                snapshot,
                stack,
                family,
                &needing,
                &users(engine, containers, &needing, family),
            ));
        }
    }
    Ok(found)
}

fn needs(network: &Network, family: &Family) -> bool {
    network.driver == "bridge" && network.scope != "swarm" && !network.internal && (family.serves)(network)
}

fn users<'a>(
    engine: &Engine,
    containers: &'a [Container],
    needing: &[&Network],
    family: &Family,
) -> Vec<&'a Container> {
    let uses = |attachment: &NetworkAttachment| {
        (family.address)(attachment).is_some()
            && network_of(engine, attachment).is_some_and(|network| needing.contains(&network))
    };
    let living = containers.iter().filter(|container| container.is_alive());
    living.filter(|container| container.attachments.iter().any(uses)).collect()
}

fn judge(
    snapshot: &Snapshot,
    stack: &NetworkStack,
    family: &Family,
    needing: &[&Network],
    users: &[&Container],
) -> Result<Option<Concern>, Gap> {
    let value = stack.sysctl(family.sysctl);
    // Podman turns forwarding on when it starts the first container, Docker when it starts itself.
    let is_podman = snapshot.engine.known()?.version.kind == EngineKind::Podman;
    if value.known()?.trim() != "0" || (is_podman && users.is_empty()) {
        return Ok(None);
    }
    Ok(Some(concern(snapshot, family, needing, users)))
}

fn concern(snapshot: &Snapshot, family: &Family, needing: &[&Network], users: &[&Container]) -> Concern {
    let severity = if users.is_empty() { Severity::Warning } else { Severity::Error };
    let summary = format!(
        "the host does not forward {} packets, so containers reach nothing outside and nobody outside reaches them",
        family.name
    );
    let subject = Subject { kind: SubjectKind::Host, name: format!("{} forwarding", family.name) };
    let names: Vec<_> = needing.iter().map(|network| format!("'{}'", network.name)).collect();
    let find = format!(
        "grep -rs {} /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d",
        family.sysctl.rsplit('.').next().unwrap_or(family.sysctl)
    );
    let concern = Concern::new(CODE, severity, subject, summary)
        .related_to(needing.iter().map(|network| about_network(network)))
        .evidence(format!("sysctl {}", family.sysctl), "0")
        .evidence(
            "networks with a way out",
            format!("{}; containers on them: {}", names.join(", "), users.len()),
        );
    turned_on(snapshot, family, concern)
        .remedy("find the file that turns it off, and set it to 1 there", vec![find])
}

/// With IPv6 the kernel forgets the default routes that routers announced to it, which nothing brings back at once.
fn turned_on(snapshot: &Snapshot, family: &Family, concern: Concern) -> Concern {
    let explanation = "turn forwarding on, until the next boot";
    let name = family.sysctl.to_owned();
    if family.forgets_routes {
        let set = in_engine_namespace(snapshot, &format!("sysctl -w {name}=1"));
        return concern.remedy(explanation, vec![set]);
    }
    let change = KernelChange::Sysctl { name, from: "0".to_owned(), to: "1".to_owned() };
    concern.mend(explanation, Mending::of_engine(snapshot, vec![change]))
}
