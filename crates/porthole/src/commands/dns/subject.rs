//! Whose names are looked into, from what the engine knows.

use porthole_analysis::target::{self as resolution, Named, Target};
use porthole_engine::Client;
use porthole_model::{Container, DnsPeer, DnsSettings, DnsSubject, Engine, Pid, Scope};

use crate::collect;
use crate::commands::{sockets::target, subject};
use crate::error::CommandError;
use crate::world::World;

/// Who asks.
pub(super) enum Asked<'a> {
    /// A container or a process.
    Container(&'a str),
    /// A network, and whoever is on it.
    Network(&'a str),
}

/// The subject that `text` names, and the engine that has it.
pub(super) fn of_container(
    world: &World,
    text: &str,
    names: Vec<String>,
) -> Result<(DnsSubject, Option<Client>), CommandError> {
    if target::is_process(text) {
        let Target::Process(pid) = resolution::resolve(&[], text)? else {
            return Err(CommandError::new(format!("{text} names no process")));
        };
        return Ok((of_process(pid, names), None));
    }
    let client = world.engine()?;
    let engine = engine(world, &client)?;
    let containers = engine.containers.known()?;
    let listed: Vec<_> = containers.iter().map(Named::from).collect();
    let Target::Container(found) = target::among(&listed, text)? else {
        return Err(CommandError::new(format!("{text} names no container")));
    };
    let container = containers.iter().find(|container| container.id == found.id);
    let container = container.ok_or_else(|| CommandError::new(format!("container {text} is gone")))?;
    let label = format!("container {}", container.name);
    let subject = described(world, &client, &engine, container, (label, names))?;
    Ok((DnsSubject { container: Some(container.name.clone()), ..subject }, Some(client)))
}

/// The subject that a container of ours on a network is.
pub(super) fn of_visitor(
    world: &World,
    client: &Client,
    container: &Container,
    (network, names): (&str, Vec<String>),
) -> Result<DnsSubject, CommandError> {
    let engine = engine(world, client)?;
    described(world, client, &engine, container, (format!("network {network}"), names))
}

fn engine(world: &World, client: &Client) -> Result<Engine, CommandError> {
    let (secrets, limit) = (world.settings.secrets, world.settings.timeout);
    let collected = world.block_on(porthole_engine::collect(client, &Scope::of(&[]), secrets, limit))?;
    collected.map_err(|error| CommandError::from(porthole_model::Gap::from(error)))
}

fn described(
    world: &World,
    client: &Client,
    engine: &Engine,
    container: &Container,
    (label, names): (String, Vec<String>),
) -> Result<DnsSubject, CommandError> {
    let containers = engine.containers.known()?;
    let owner = owner_of_network(container, containers);
    let networks = engine.networks.known()?;
    let internal = networks.iter().filter(|network| network.internal).map(|network| network.name.clone());
    let others = containers.iter().filter(|other| other.id != container.id && other.id != owner.id);
    Ok(DnsSubject {
        label,
        pid: pid(world, container)?,
        daemon: if world.settings.through_engine { None } else { collect::daemon(world, client).ok() },
        engine: Some(engine.version.clone()),
        container: None,
        own_name: Some(owner.name.clone()),
        network_mode: owner.network_mode.clone(),
        attachments: owner.attachments.clone(),
        networks: networks.iter().map(|network| network.name.clone()).collect(),
        internal_networks: internal.collect(),
        settings: owner.dns.clone(),
        peers: others.map(peer).collect(),
        names,
    })
}

/// With `--network container:ID`, the network and its files are another container's.
fn owner_of_network<'a>(container: &'a Container, containers: &'a [Container]) -> &'a Container {
    let Some(other) = container.network_mode.strip_prefix("container:") else { return container };
    containers.iter().find(|each| each.id.0 == other || each.name == other).unwrap_or(container)
}

/// Its process, on the machine where it is read.
fn pid(world: &World, container: &Container) -> Result<Pid, CommandError> {
    if !world.settings.through_engine {
        return subject::local_process(&world.host, container).map_err(|gap| {
            let error = CommandError::from(gap);
            error
                .hint("where the engine runs elsewhere, or only root may look: porthole --through-engine dns")
        });
    }
    let gone = || CommandError::new(format!("container {} has no process", container.name));
    container.pid.ok_or_else(gone)
}

fn peer(container: &Container) -> DnsPeer {
    DnsPeer {
        name: container.name.clone(),
        id: container.id.0.clone(),
        state: container.state.clone(),
        exit_code: container.exit_code,
        network_mode: container.network_mode.clone(),
        attachments: container.attachments.clone(),
    }
}

/// A process, of which no engine is asked.
fn of_process(pid: Pid, names: Vec<String>) -> DnsSubject {
    DnsSubject {
        label: format!("process {pid}"),
        pid,
        daemon: None,
        engine: None,
        container: None,
        own_name: None,
        network_mode: String::new(),
        attachments: Vec::new(),
        networks: Vec::new(),
        internal_networks: Vec::new(),
        settings: DnsSettings::default(),
        peers: Vec::new(),
        names,
    }
}
