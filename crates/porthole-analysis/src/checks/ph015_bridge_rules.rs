//! PH015: what passes within a bridge is kept from the firewall's rules, which must see it.

use std::collections::BTreeMap;

use porthole_model::{
    BridgeDetails, CheckCode, EngineKind, Gap, GapKind, NetworkStack, Observed, Severity, Snapshot,
};

use super::concern::about_network;
use super::{Check, Concern, Documentation, Found};
use crate::attachment::bridge_of;
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::places::{engine_namespace, in_engine_namespace};
use crate::ports::{self, Relaying};

const CODE: CheckCode = CheckCode(15);

/// The option of a network whose containers are kept apart.
const ICC: &str = "com.docker.network.bridge.enable_icc";

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "what passes within a bridge is kept from the firewall",
    documentation: Documentation {
        checks: "Whether `bridge-nf-call-iptables` (and `bridge-nf-call-ip6tables`, for IPv6) is on for the networks \
                 with two or more containers that need it: those made with `icc=false`, and those with published \
                 ports where the engine runs without docker-proxy.",
        why: "Packets between two containers of a network do not leave its bridge, and the firewall's rules see them \
              only if the kernel's module `br_netfilter` shows them. Without it `icc=false` keeps nothing apart, \
              without any error; and where there is no docker-proxy, a container that uses the published port of \
              another one of its network gets answers from the wrong address, and gives up. Nothing else needs the \
              setting: a network without `icc=false` is well without it.",
        mend: "Load the module and turn the setting on; both for the next boot too. Some guides for virtual machines \
               and Kubernetes turn it off: look for the file that does.",
        example: "`docker network create -o com.docker.network.bridge.enable_icc=false dmz`, and a container on `dmz` \
                  still reaches its neighbour.",
    },
    run,
};

struct Family {
    name: &'static str,
    setting: &'static str,
    of_bridge: fn(&BridgeDetails) -> bool,
    has: fn(&Endpoint<'_>) -> bool,
}

const FAMILIES: [Family; 2] = [
    Family {
        name: "IPv4",
        setting: "net.bridge.bridge-nf-call-iptables",
        of_bridge: |bridge| bridge.calls_iptables,
        has: |endpoint| endpoint.attachment.ipv4.is_some(),
    },
    Family {
        name: "IPv6",
        setting: "net.bridge.bridge-nf-call-ip6tables",
        of_bridge: |bridge| bridge.calls_ip6tables,
        has: |endpoint| endpoint.attachment.ipv6.is_some(),
    },
];

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    if engine.version.kind == EngineKind::Podman {
        return Ok(found);
    }
    let home = engine_namespace(snapshot)?.stack.known()?;
    let mut networks: BTreeMap<_, Vec<Endpoint<'_>>> = BTreeMap::new();
    for endpoint in endpoints(snapshot)? {
        match endpoint {
            Ok(endpoint) => networks.entry(&endpoint.network.name).or_default().push(endpoint),
            Err(gap) => found.gap(gap),
        }
    }
    for members in networks.values() {
        found.part(judge(snapshot, home, members));
    }
    Ok(found)
}

/// The first family that a network lacks; the other one is mended in the same way.
fn judge(snapshot: &Snapshot, home: &NetworkStack, members: &[Endpoint<'_>]) -> Result<Option<Concern>, Gap> {
    for family in &FAMILIES {
        let members: Vec<_> = members.iter().filter(|member| (family.has)(member)).collect();
        let need = if members.len() < 2 { None } else { need(snapshot, family, &members)? };
        let Some(need) = need else { continue };
        if let Some(off) = off(snapshot, home, family, &members)? {
            return Ok(Some(concern(snapshot, family, &members, need, off)));
        }
    }
    Ok(None)
}

/// Why a network needs it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Its containers are kept apart.
    Apart,
    /// The kernel alone leads to its published ports.
    Ports,
}

fn need(snapshot: &Snapshot, family: &Family, members: &[&Endpoint<'_>]) -> Result<Option<Need>, Gap> {
    if members[0].network.options.get(ICC).is_some_and(|value| value == "false") {
        return Ok((!are_isolated(snapshot, members)?).then_some(Need::Apart));
    }
    let is_ipv6 = family.name == "IPv6";
    let publishes = |member: &&&Endpoint<'_>| {
        let mut bindings = member.container.published_ports.iter();
        ports::is_published(member.container) && bindings.any(|each| each.host_address.is_ipv6() == is_ipv6)
    };
    let without_proxies = ports::relaying(snapshot) == Some(Relaying::Kernel);
    let has_ports =
        !ports::is_routed(members[0].network, is_ipv6) && members.iter().any(|each| publishes(&each));
    Ok((without_proxies && has_ports).then_some(Need::Ports))
}

/// Whether the bridge itself keeps them apart.
fn are_isolated(snapshot: &Snapshot, members: &[&Endpoint<'_>]) -> Result<bool, Gap> {
    for member in members {
        let port = member.outside(snapshot)?.and_then(|link| link.bridge_port);
        if !port.is_some_and(|port| port.isolated) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What says that the rules do not see what passes within the bridge; `None` where they do.
fn off(
    snapshot: &Snapshot,
    home: &NetworkStack,
    family: &Family,
    members: &[&Endpoint<'_>],
) -> Result<Option<&'static str>, Gap> {
    home.links.known()?;
    let bridge = bridge_of(snapshot.engine.known()?, members[0].network, home);
    let details = bridge.and_then(|name| home.link(&name)).and_then(|link| link.bridge);
    let is_on = details.is_some_and(|details| (family.of_bridge)(&details));
    match home.sysctl(family.setting) {
        // The bridge's own setting is there without the module, and does nothing then.
        sysctl if is_on && !is_absent(&sysctl) => Ok(None),
        Observed::Known(value) => Ok((value == "0").then_some("0")),
        absent @ Observed::Missing(_) if is_absent(&absent) => {
            Ok(Some("there is none: the module br_netfilter is not loaded"))
        }
        Observed::Missing(gap) => Err(gap),
    }
}

fn is_absent(sysctl: &Observed<String>) -> bool {
    sysctl.gap().is_some_and(|gap| gap.kind == GapKind::Unsupported)
}

fn concern(
    snapshot: &Snapshot,
    family: &Family,
    members: &[&Endpoint<'_>],
    need: Need,
    off: &str,
) -> Concern {
    let network = members[0].network;
    let Family { name, setting, .. } = family;
    let effect = match need {
        Need::Apart => {
            format!(
                "network '{}' was made with icc=false, but its containers reach each other over {name}",
                network.name
            )
        }
        Need::Ports => format!(
            "containers on network '{}' cannot use the ports that others of it publish on this host over {name}, and \
             there is no docker-proxy that would relay them",
            network.name
        ),
    };
    let summary = format!("{effect}: the firewall does not see what passes within a bridge");
    let concern = Concern::new(CODE, Severity::Warning, about_network(network), summary)
        .evidence(format!("sysctl {setting}"), off);
    let concern = match need {
        Need::Apart => concern.evidence(format!("network '{}', option {ICC}", network.name), "false"),
        Need::Ports => {
            let (source, observed) = ports::without_proxies(snapshot);
            concern.evidence(source, observed)
        }
    };
    let names: Vec<_> = members.iter().map(|member| member.container.name.as_str()).collect();
    let set = in_engine_namespace(snapshot, &format!("sysctl -w {setting}=1"));
    let commands = if off == "0" { vec![set] } else { vec!["modprobe br_netfilter".to_owned(), set] };
    concern
        .evidence("containers on the network", names.join(", "))
        .remedy("have the firewall see what passes within bridges", commands)
        .remedy(
            "then find the file that turns it off",
            vec![
                "grep -rs bridge-nf-call /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d"
                    .to_owned(),
            ],
        )
}
