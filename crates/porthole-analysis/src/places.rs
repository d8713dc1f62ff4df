//! Who lives where: the network namespace of the engine, of a container, of a process.

use porthole_model::{
    Container, Engine, Gap, GapKind, Host, NetnsId, Network, NetworkNamespace, Observed, Pid, Process,
    Snapshot,
};

use crate::locality::locality;
use crate::target::Target;

/// The network namespace that the engine's daemon lives in, where its bridges and published ports are.
///
/// Without an engine it is porthole's own. A gap says when the engine's host was not read.
pub fn engine_namespace(snapshot: &Snapshot) -> Result<&NetworkNamespace, Gap> {
    let host = snapshot.host.known()?;
    match &snapshot.engine {
        Observed::Known(engine) => namespace_of_daemon(host, engine),
        Observed::Missing(_) => namespace(host, *host.own_network_namespace.known()?),
    }
}

/// The network namespace of a container's first process.
pub fn container_namespace<'a>(host: &'a Host, container: &Container) -> Result<&'a NetworkNamespace, Gap> {
    let what = || format!("network namespace of container '{}'", container.name);
    let pid = container
        .pid
        .ok_or_else(|| Gap::new(GapKind::Vanished, what(), "the engine names no process of it"))?;
    let process = process(host, pid)?;
    match &process.container {
        Observed::Known(Some(owner)) if *owner != container.id => {
            let cause = format!("process {pid} belongs to container {} now", owner.short());
            Err(Gap::new(GapKind::Vanished, what(), cause))
        }
        _ => namespace(host, *process.network_namespace.known()?),
    }
}

/// The network namespace of a target that was resolved by [`crate::target::resolve_running`].
pub fn namespace_of<'a>(snapshot: &'a Snapshot, target: &Target) -> Result<&'a NetworkNamespace, Gap> {
    let host = snapshot.host.known()?;
    match target {
        Target::Process(pid) => namespace_of_process(host, *pid),
        Target::Container(named) => {
            let containers = snapshot.engine.known()?.containers.known()?;
            let container = containers.iter().find(|container| container.id == named.id);
            let container = container.ok_or_else(|| {
                let what = format!("container '{}'", named.name);
                Gap::new(GapKind::Vanished, what, "the engine does not list it any more")
            })?;
            container_namespace(host, container)
        }
    }
}

/// Whether a container has a network namespace that the engine made for it.
pub(crate) fn has_own_namespace(container: &Container) -> bool {
    let mode = container.network_mode.as_str();
    mode != "host" && !mode.starts_with("container:") && !mode.starts_with("ns:")
}

/// The processes of engines other than the one that was asked.
pub(crate) fn other_daemons(host: &Host, asked: Pid) -> Result<impl Iterator<Item = &Process>, Gap> {
    let daemons = host.processes.known()?.iter().filter(|process| process.name == "dockerd");
    // A daemon that is about to start another program still has its own name.
    Ok(daemons.filter(move |process| process.pid != asked && process.parent != asked))
}

/// A command as it must be typed where the engine's namespace is not the user's.
pub(crate) fn in_engine_namespace(snapshot: &Snapshot, command: &str) -> String {
    match foreign_daemon(snapshot) {
        Some(daemon) => format!("nsenter --target {daemon} --net -- {command}"),
        None => command.to_owned(),
    }
}

fn foreign_daemon(snapshot: &Snapshot) -> Option<Pid> {
    let host = snapshot.host.value()?;
    let daemon = *snapshot.engine.value()?.daemon.value()?;
    let namespace = host.process(daemon)?.network_namespace.value()?;
    (host.own_network_namespace.value()? != namespace).then_some(daemon)
}

fn namespace_of_daemon<'a>(host: &'a Host, engine: &Engine) -> Result<&'a NetworkNamespace, Gap> {
    match &engine.daemon {
        Observed::Known(daemon) => namespace_of_process(host, *daemon).or_else(|gap| {
            let own = namespace(host, *host.own_network_namespace.known()?)?;
            if gap.kind == GapKind::Permission && holds_a_bridge_of(own, engine) { Ok(own) } else { Err(gap) }
        }),
        Observed::Missing(_) => {
            locality(host, engine)?;
            namespace(host, *host.own_network_namespace.known()?)
        }
    }
}

/// Who may not ask where the daemon lives can still see its bridges where they are, by name and gateway.
fn holds_a_bridge_of(namespace: &NetworkNamespace, engine: &Engine) -> bool {
    let Observed::Known(stack) = &namespace.stack else { return false };
    let networks = engine.networks.value().into_iter().flatten();
    let addresses: Vec<_> = stack.addresses.value().into_iter().flatten().collect();
    let holds = |network: &Network| {
        let link = network.bridge_name().and_then(|name| stack.link(&name));
        link.is_some_and(|link| {
            let held = addresses.iter().filter(|address| address.interface == link.index);
            held.map(|address| address.prefix.address)
                .any(|address| network.subnets.iter().any(|subnet| subnet.prefix.contains(address)))
        })
    };
    networks.filter(|network| network.driver == "bridge").any(holds)
}

fn namespace_of_process(host: &Host, pid: Pid) -> Result<&NetworkNamespace, Gap> {
    namespace(host, *process(host, pid)?.network_namespace.known()?)
}

fn process(host: &Host, pid: Pid) -> Result<&Process, Gap> {
    let processes = host.processes.known()?;
    processes.iter().find(|process| process.pid == pid).ok_or_else(|| {
        Gap::new(GapKind::Vanished, format!("process {pid}"), "it is not among the processes that were read")
    })
}

fn namespace(host: &Host, id: NetnsId) -> Result<&NetworkNamespace, Gap> {
    let namespaces = host.network_namespaces.known()?;
    namespaces.iter().find(|namespace| namespace.id == id).ok_or_else(|| {
        let what = format!("network namespace {id}");
        Gap::new(GapKind::Vanished, what, "it is not among the namespaces that were read")
    })
}
