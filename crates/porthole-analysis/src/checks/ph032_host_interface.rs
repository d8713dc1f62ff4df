//! PH032: the host's end of a container's veth pair is down or not on its bridge.

use porthole_model::{
    CheckCode, Container, Engine, EngineInfo, EngineKind, Gap, GapKind, KernelChange, Link, Network,
    NetworkAttachment, NetworkNamespace, Severity, Snapshot,
};

use super::concern::{about_container, about_network, client};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::{bridge_of, bridged, inside_link, outside_link};
use crate::case::Case;
use crate::mending::Mending;
use crate::places::{container_namespace, engine_namespace, has_own_namespace};
use crate::shell::word;

const CODE: CheckCode = CheckCode(32);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container's host interface is down or off its bridge",
    documentation: Documentation {
        checks: "For every running container on a network with a bridge: whether the host's end of its veth pair is \
                 set up, and is a port of the network's bridge.",
        why: "A container's `eth0` is one end of a veth pair; the other end is an interface of the host that is \
              plugged into the network's bridge. Down or unplugged, that one container is cut off: nothing in, \
              nothing out, no names, while all others work. NetworkManager and systemd-networkd do this when a rule \
              of theirs matches the engine's interfaces and they take them over.",
        mend: "Plug the interface in and set it up, restart the container, which gets a new pair. Then keep the \
               network manager off the engine's interfaces, or it happens again.",
        example: "A file in `/etc/systemd/network` with `[Match] Name=v*` puts every new veth under the control of \
                  systemd-networkd, which sets it down.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    engine.networks.known()?;
    without_rootless_podman(engine)?;
    let home = engine_namespace(snapshot)?;
    home.stack.known()?.links.known()?;
    let mut found = Found::default();
    for container in engine.containers.known()?.iter().filter(|container| container.is_alive()) {
        if has_own_namespace(container) {
            judge_container(snapshot, engine, home, container, &mut found);
        }
    }
    Ok(found)
}

/// Podman without root keeps its bridges in a namespace of its own, which is not the one its service lives in.
pub(super) fn without_rootless_podman(engine: &Engine) -> Result<(), Gap> {
    let rootless = engine.info.value().is_some_and(EngineInfo::is_rootless);
    if rootless && engine.version.kind == EngineKind::Podman {
        let cause = "Podman without root keeps them in a network namespace that it does not name";
        return Err(Gap::new(GapKind::Unsupported, "bridges of the engine", cause));
    }
    Ok(())
}

fn judge_container(
    snapshot: &Snapshot,
    engine: &Engine,
    home: &NetworkNamespace,
    container: &Container,
    found: &mut Found,
) {
    for (attachment, network) in bridged(engine, container) {
        let bridge = home.stack.value().and_then(|stack| bridge_of(engine, network, stack));
        let bridge = bridge.as_deref();
        let outside = outside(snapshot, home, container, attachment);
        found.part(outside.map(|outside| {
            let outside = outside?;
            let master = master(home, outside);
            let wrong = wrong(outside, master, bridge)?;
            Some(concern(snapshot, container, network, bridge, (outside, master, wrong)))
        }));
    }
}

/// The host's end of the pair that an attachment stands for.
fn outside<'a>(
    snapshot: &Snapshot,
    home: &'a NetworkNamespace,
    container: &Container,
    attachment: &NetworkAttachment,
) -> Result<Option<&'a Link>, Gap> {
    let namespace = container_namespace(snapshot.host.known()?, container)?;
    let inside = inside_link(namespace.stack.known()?, container, attachment)?;
    outside_link(inside, namespace, home)
}

/// What an interface is plugged into.
fn master<'a>(home: &'a NetworkNamespace, outside: &Link) -> Option<&'a Link> {
    let links = home.stack.value().and_then(|stack| stack.links.value());
    links.into_iter().flatten().find(|link| Some(link.index) == outside.master)
}

/// What is wrong with the host's end, in words.
fn wrong(outside: &Link, master: Option<&Link>, bridge: Option<&str>) -> Option<String> {
    match master {
        _ if !outside.up => Some("is down".to_owned()),
        None => Some("is not plugged into any bridge".to_owned()),
        Some(master) if bridge.is_some_and(|bridge| bridge != master.name) => {
            Some(format!("is plugged into '{}'", master.name))
        }
        Some(_) => None,
    }
}

fn concern(
    snapshot: &Snapshot,
    container: &Container,
    network: &Network,
    bridge: Option<&str>,
    (outside, master, wrong): (&Link, Option<&Link>, String),
) -> Concern {
    let (interface, name) = (&outside.name, &container.name);
    let summary = format!(
        "container '{name}' is cut off from network '{}': its interface on the host, '{interface}', {wrong}",
        network.name
    );
    let concern = Concern::new(CODE, Severity::Error, about_container(container), summary)
        .related(about_network(network))
        .evidence(format!("interface '{interface}' of the host"), wrong)
        .evidence(format!("bridge of network '{}'", network.name), bridge.unwrap_or("not known"));
    let concern = match bridge {
        Some(bridge) => {
            let changes = plug_in(outside, master.map(|master| &master.name), bridge);
            concern.mend("plug it in and set it up", Mending::of_engine(snapshot, changes))
        }
        None => concern,
    };
    concern
        .remedy(
            "restart the container, which gets a new interface",
            vec![format!("{} restart {}", snapshot.engine.value().map_or("docker", client), word(name))],
        )
        .remedy(
            "see whether a network manager has taken the interface over",
            vec![
                format!("networkctl status {}", word(interface)),
                format!("nmcli device show {}", word(interface)),
            ],
        )
}

fn plug_in(outside: &Link, master: Option<&String>, bridge: &str) -> Vec<KernelChange> {
    let link = &outside.name;
    let plug = (master.map(String::as_str) != Some(bridge)).then(|| KernelChange::Master {
        link: link.clone(),
        from: master.cloned(),
        to: Some(bridge.to_owned()),
    });
    let set = (!outside.up).then(|| KernelChange::Up { link: link.clone(), up: true });
    plug.into_iter().chain(set).collect()
}
