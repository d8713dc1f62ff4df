//! The rows of the topology: every interface outside the host's namespace, with its other end.

use porthole_model::{
    Container, ContainerId, FdbEntry, Gap, Link, LinkKind, NetnsId, Network, NetworkAttachment, NetworkId,
    NetworkNamespace, NetworkStack, Observed, Pid, Snapshot, TopologyEnd, TopologyRow,
};

use super::{end, is_fallback_device, network_of_bridge};
use crate::attachment::{network_of, outside_link};
use crate::places::{container_namespace, has_own_namespace};
use crate::sockets::occupants;

/// A row per interface, containers by name first, then namespaces outside any engine.
pub(super) fn rows(
    snapshot: &Snapshot,
    home: &NetworkNamespace,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<TopologyRow>, Gap> {
    let mut occupants = occupants(snapshot);
    let mut rows = unplaced(snapshot);
    for namespace in snapshot.host.known()?.network_namespaces.known()? {
        if namespace.id != home.id {
            let containers = occupants.remove(&namespace.id).unwrap_or_default();
            Place { snapshot, home, namespace, containers }.rows(&mut rows, gaps);
        }
    }
    rows.sort_by_cached_key(order);
    Ok(rows)
}

/// Containers by name, then the others by namespace; in each, interfaces by index.
fn order(row: &TopologyRow) -> impl Ord + use<> {
    let index = row.inside.value().map(|inside| inside.index);
    (row.containers.is_empty(), row.containers.clone(), row.namespace.value().copied(), index)
}

/// A row for each living container whose namespace could not be found, with the reason.
fn unplaced(snapshot: &Snapshot) -> Vec<TopologyRow> {
    let Some(host) = snapshot.host.value() else { return Vec::new() };
    let living = living(snapshot).filter(|container| has_own_namespace(container));
    let unplaced = living.filter_map(|container| {
        let gap = container_namespace(host, container).err()?;
        let containers = vec![(container.name.clone(), container.id.clone())];
        Some(unread(containers, Observed::Missing(gap.clone()), container.pid, &gap))
    });
    unplaced.collect()
}

fn unread(
    containers: Vec<(String, ContainerId)>,
    namespace: Observed<NetnsId>,
    pid: Option<Pid>,
    gap: &Gap,
) -> TopologyRow {
    TopologyRow {
        containers,
        namespace,
        pid,
        process: None,
        inside: Observed::Missing(gap.clone()),
        outside: Observed::Missing(gap.clone()),
        bridge: None,
        network: None,
        fdb: Observed::Missing(gap.clone()),
    }
}

fn living(snapshot: &Snapshot) -> impl Iterator<Item = &Container> {
    let containers = snapshot.engine.value().and_then(|engine| engine.containers.value());
    containers.into_iter().flatten().filter(|container| container.is_alive())
}

/// A namespace and who lives in it.
struct Place<'a> {
    snapshot: &'a Snapshot,
    home: &'a NetworkNamespace,
    namespace: &'a NetworkNamespace,
    containers: Vec<(String, ContainerId)>,
}

impl Place<'_> {
    fn rows(&self, rows: &mut Vec<TopologyRow>, gaps: &mut Vec<Gap>) {
        let read = self.namespace.stack.known().and_then(|stack| Ok((stack, stack.links.known()?)));
        match read {
            Ok((stack, links)) => {
                let shown = links
                    .iter()
                    .filter(|link| link.kind != LinkKind::Loopback && !is_fallback_device(stack, link));
                rows.extend(shown.map(|link| self.row(stack, link)));
            }
            Err(gap) if self.containers.is_empty() => gaps.push(gap),
            Err(gap) => {
                let namespace = Observed::Known(self.namespace.id);
                rows.push(unread(self.containers.clone(), namespace, self.pid(), &gap));
            }
        }
    }

    fn row(&self, stack: &NetworkStack, link: &Link) -> TopologyRow {
        let outside = outside_link(link, self.namespace, self.home);
        let bridge = outside.as_ref().ok().and_then(|outside| self.bridge((*outside)?));
        let inside = end(stack, link);
        TopologyRow {
            containers: self.containers.clone(),
            namespace: Observed::Known(self.namespace.id),
            pid: self.pid(),
            process: self.process(),
            network: self.network(bridge, &inside),
            fdb: self.fdb(bridge, link).into(),
            bridge: bridge.map(|bridge| bridge.name.clone()),
            inside: Observed::Known(inside),
            outside: outside.map(|outside| Some(end(self.home.stack.value()?, outside?))).into(),
        }
    }

    /// The container's first process, or the lowest in the namespace.
    fn pid(&self) -> Option<Pid> {
        let first =
            living(self.snapshot).find(|container| self.containers.iter().any(|(_, id)| *id == container.id));
        first.and_then(|container| container.pid).or_else(|| self.namespace.processes.first().copied())
    }

    /// The process's name, for namespaces outside any engine.
    fn process(&self) -> Option<String> {
        let process = self.snapshot.host.value()?.process(self.pid()?)?;
        self.containers.is_empty().then(|| process.name.clone())
    }

    fn bridge(&self, outside: &Link) -> Option<&Link> {
        let links = self.home.stack.value()?.links.value()?;
        links.iter().find(|link| Some(link.index) == outside.master && link.kind == LinkKind::Bridge)
    }

    fn network(&self, bridge: Option<&Link>, inside: &TopologyEnd) -> Option<(String, NetworkId)> {
        let by_bridge = bridge
            .and_then(|bridge| network_of_bridge(self.snapshot, self.home.stack.value()?, &bridge.name));
        let network = by_bridge.or_else(|| self.attached_network(inside))?;
        Some((network.name.clone(), network.id.clone()))
    }

    /// The network on which a container of this namespace has the interface's addresses.
    fn attached_network(&self, inside: &TopologyEnd) -> Option<&Network> {
        let engine = self.snapshot.engine.value()?;
        let here = living(self.snapshot)
            .filter(|container| self.containers.iter().any(|(_, id)| *id == container.id));
        let is_here = |place: &&NetworkAttachment| {
            let same_mac = place.mac.is_some() && place.mac == inside.mac;
            let held = [place.ipv4, place.ipv6].into_iter().flatten();
            let mut held = held.map(|prefix| prefix.address);
            same_mac || held.any(|address| inside.addresses.iter().any(|prefix| prefix.address == address))
        };
        let place = here.flat_map(|container| &container.attachments).find(is_here)?;
        network_of(engine, place)
    }

    fn fdb(&self, bridge: Option<&Link>, inside: &Link) -> Result<Vec<FdbEntry>, Gap> {
        let (Some(bridge), Some(mac)) = (bridge, inside.mac) else { return Ok(Vec::new()) };
        let database = self.home.stack.known()?.forwarding_database.known()?;
        let entries = database.iter().filter(|entry| entry.mac == mac && entry.bridge == Some(bridge.index));
        Ok(entries.copied().collect())
    }
}
