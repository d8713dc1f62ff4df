//! PH034: a container lost its interface, its address or its way out.

use porthole_model::{
    CheckCode, Container, Engine, Gap, GapKind, KernelChange, Network, NetworkStack, RouteKind, Severity,
    Snapshot,
};

use super::concern::{about_container, about_its_networks, about_network, client};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::{bridged, inside_link};
use crate::case::Case;
use crate::endpoint::Endpoint;
use crate::mending::Mending;
use crate::places::{container_namespace, has_own_namespace};
use crate::shell::word;

const CODE: CheckCode = CheckCode(34);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container lost its interface, address or default route",
    documentation: Documentation {
        checks: "In each running container's network namespace: whether the interface that the engine put there is \
                 there and up, holds the address that the engine gave it, and whether there is a default route where \
                 the engine set one.",
        why: "A program in the container with the right to do so (`NET_ADMIN`, `--privileged`: VPN clients, network \
              managers, test tools), or somebody with `nsenter`, changed the container's network. From outside \
              everything looks as it should; the container alone reaches nothing, or is not reached.",
        mend: "Restart the container: the engine sets everything up anew. Then look for the program in it that takes \
               the settings away.",
        example: "`ip route flush table main` in a container's start script.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    for container in engine.containers.known()?.iter().filter(|container| container.is_alive()) {
        if has_own_namespace(container) {
            found.part(judge(snapshot, engine, container));
        }
    }
    Ok(found)
}

/// Runtimes with a kernel of their own (gVisor, Kata Containers) take addresses and routes into it.
fn uses_the_host_s_kernel(container: &Container) -> Result<(), Gap> {
    let runtime = container.runtime.as_str();
    let is_plain =
        runtime.is_empty() || ["runc", "crun", "youki"].iter().any(|plain| runtime.contains(plain));
    if is_plain {
        return Ok(());
    }
    let what = format!("network of container '{}'", container.name);
    let cause = format!("its runtime, {runtime}, may keep addresses and routes in a kernel of its own");
    Err(Gap::new(GapKind::Unsupported, what, cause))
}

fn judge(snapshot: &Snapshot, engine: &Engine, container: &Container) -> Result<Vec<Concern>, Gap> {
    uses_the_host_s_kernel(container)?;
    let namespace = container_namespace(snapshot.host.known()?, container)?;
    let stack = namespace.stack.known()?;
    let lacked = lacked_routes(engine, container, stack);
    let mending = |changes| Mending::of_container(container, namespace, changes);
    let mut concerns = Vec::new();
    let mut has_gateway = false;
    for (attachment, network) in bridged(engine, container) {
        let link = match inside_link(stack, container, attachment) {
            Err(gap) if gap.kind != GapKind::Failed => return Err(gap),
            link => link.ok(),
        };
        has_gateway |= !network.internal && !attachment.gateways.is_empty();
        let Some(link) = link else {
            concerns.push(restart(engine, container, concern(container, network, "the interface is gone")));
            continue;
        };
        let endpoint = Endpoint { container, attachment, network, link, stack };
        if let Some(lost) = lost(&endpoint)? {
            let changes = setting_up(&endpoint, &lacked)?;
            let concern = concern(container, network, &lost)
                .mend("set it up again as the engine did", mending(changes));
            concerns.push(restart(engine, container, concern));
        }
    }
    if concerns.is_empty() && has_gateway && !has_way_out(stack)? {
        let concern = without_way_out(container);
        let concern = if lacked.is_empty() {
            concern
        } else {
            concern.mend("set the default route that the engine set", mending(lacked))
        };
        concerns.push(restart(engine, container, concern));
    }
    Ok(concerns)
}

/// What an interface lacks, in words.
fn lost(endpoint: &Endpoint<'_>) -> Result<Option<String>, Gap> {
    if !endpoint.link.up {
        return Ok(Some(format!("interface '{}' is down", endpoint.link.name)));
    }
    let held = endpoint.held()?;
    let missing = endpoint.given().find(|given| held.iter().all(|held| held.prefix.address != given.address));
    Ok(missing.map(|given| format!("interface '{}' does not hold {}", endpoint.link.name, given.address)))
}

/// VPN clients take the default route over with two halves of it.
fn has_way_out(stack: &NetworkStack) -> Result<bool, Gap> {
    let routes = stack.routes.known()?;
    Ok(routes.iter().any(|route| route.destination.length <= 1 && route.kind == RouteKind::Unicast))
}

/// The default routes that a container lacks, each family where only one of its networks can be meant.
fn lacked_routes(engine: &Engine, container: &Container, stack: &NetworkStack) -> Vec<KernelChange> {
    let routes = stack.routes.value().map(Vec::as_slice).unwrap_or_default();
    let mut lacked = Vec::new();
    for is_ipv6 in [false, true] {
        let has_one = routes
            .iter()
            .any(|route| route.destination.length == 0 && route.destination.address.is_ipv6() == is_ipv6);
        let outward = bridged(engine, container).filter(|(_, network)| !network.internal);
        let mut ways = outward.flat_map(|(attachment, _)| {
            let of_family = attachment.gateways.iter().filter(move |gateway| gateway.is_ipv6() == is_ipv6);
            of_family.map(move |gateway| (attachment, *gateway))
        });
        if let (false, Some((attachment, gateway)), None) = (has_one, ways.next(), ways.next()) {
            let link = inside_link(stack, container, attachment).ok();
            lacked.extend(link.map(|link| KernelChange::DefaultRoute {
                link: link.name.clone(),
                gateway,
                present: true,
            }));
        }
    }
    lacked
}

/// An interface that goes down loses its routes and its IPv6 addresses.
fn setting_up(endpoint: &Endpoint<'_>, lacked: &[KernelChange]) -> Result<Vec<KernelChange>, Gap> {
    let link = &endpoint.link.name;
    let held = endpoint.held()?;
    let mut changes = Vec::new();
    if !endpoint.link.up {
        changes.push(KernelChange::Up { link: link.clone(), up: true });
    }
    let missing =
        endpoint.given().filter(|given| held.iter().all(|held| held.prefix.address != given.address));
    changes.extend(missing.map(|address| KernelChange::Address {
        link: link.clone(),
        address,
        present: true,
    }));
    let is_own =
        |route: &&KernelChange| matches!(route, KernelChange::DefaultRoute { link: by, .. } if by == link);
    changes.extend(lacked.iter().filter(is_own).cloned());
    Ok(changes)
}

fn concern(container: &Container, network: &Network, lost: &str) -> Concern {
    let name = &container.name;
    let summary = format!("container '{name}' is cut off from network '{}': in it, {lost}", network.name);
    Concern::new(CODE, Severity::Error, about_container(container), summary)
        .related(about_network(network))
        .evidence(format!("network namespace of container '{name}'"), lost)
}

fn without_way_out(container: &Container) -> Concern {
    let name = &container.name;
    let summary =
        format!("container '{name}' has no default route: it reaches nothing outside its own networks");
    let gateways: Vec<_> = container
        .attachments
        .iter()
        .flat_map(|attachment| &attachment.gateways)
        .map(ToString::to_string)
        .collect();
    Concern::new(CODE, Severity::Error, about_container(container), summary)
        .related_to(about_its_networks(container))
        .evidence(format!("default routes in the network namespace of container '{name}'"), "none")
        .evidence(format!("container '{name}', Gateway"), gateways.join(", "))
}

fn restart(engine: &Engine, container: &Container, concern: Concern) -> Concern {
    concern.remedy(
        "restart the container, which sets its network up anew",
        vec![format!("{} restart {}", client(engine), word(&container.name))],
    )
}
