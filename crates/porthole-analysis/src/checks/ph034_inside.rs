//! PH034: a container lost its interface, its address or its way out.

use porthole_model::{
    CheckCode, Container, Engine, Gap, GapKind, NetworkStack, RouteKind, Severity, Snapshot,
};

use super::concern::{about_container, about_network, client};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::{bridged, inside_link};
use crate::endpoint::Endpoint;
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

fn run(snapshot: &Snapshot) -> Result<Found, Gap> {
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
    let stack = container_namespace(snapshot.host.known()?, container)?.stack.known()?;
    let mut concerns = Vec::new();
    let mut has_gateway = false;
    for (attachment, network) in bridged(engine, container) {
        let link = match inside_link(stack, container, attachment) {
            Err(gap) if gap.kind != GapKind::Failed => return Err(gap),
            link => link.ok(),
        };
        let endpoint = link.map(|link| Endpoint { container, attachment, network, link, stack });
        let lost = endpoint
            .map_or_else(|| Ok(Some("the interface is gone".to_owned())), |endpoint| lost(&endpoint))?;
        has_gateway |= !network.internal && !attachment.gateways.is_empty();
        concerns.extend(
            lost.map(|lost| concern(engine, container, &network.name, &lost).related(about_network(network))),
        );
    }
    if concerns.is_empty() && has_gateway && !has_way_out(stack)? {
        concerns.push(without_way_out(engine, container));
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

fn concern(engine: &Engine, container: &Container, network: &str, lost: &str) -> Concern {
    let name = &container.name;
    let summary = format!("container '{name}' is cut off from network '{network}': in it, {lost}");
    let concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .evidence(format!("network namespace of container '{name}'"), lost);
    restart(engine, container, concern)
}

fn without_way_out(engine: &Engine, container: &Container) -> Concern {
    let name = &container.name;
    let summary =
        format!("container '{name}' has no default route: it reaches nothing outside its own networks");
    let gateways: Vec<_> = container
        .attachments
        .iter()
        .flat_map(|attachment| &attachment.gateways)
        .map(ToString::to_string)
        .collect();
    let concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .evidence(format!("default routes in the network namespace of container '{name}'"), "none")
        .evidence(format!("container '{name}', Gateway"), gateways.join(", "));
    restart(engine, container, concern)
}

fn restart(engine: &Engine, container: &Container, concern: Concern) -> Concern {
    concern.remedy(
        "restart the container, which sets its network up anew",
        vec![format!("{} restart {}", client(engine), word(&container.name))],
    )
}
