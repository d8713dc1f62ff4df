//! Links that an engine made for networks which no engine knows any more.

use std::collections::BTreeSet;

use porthole_model::{
    Engine, Gap, GapKind, Host, InterfaceIndex, IpPrefix, Link, LinkKind, NetnsId, NetworkDatabase,
    NetworkNamespace, NetworkStack, Observed, Process, Snapshot,
};

use crate::places::{engine_namespace, other_daemons};

/// What an engine's namespace holds that is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphans {
    /// The namespace.
    pub namespace: NetnsId,
    /// The links, bridges first; of a veth pair, one end.
    pub links: Vec<OrphanLink>,
}

/// A link that is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrphanLink {
    /// Its index.
    pub index: InterfaceIndex,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrphanKind,
    /// Its addresses.
    pub addresses: Vec<IpPrefix>,
    /// Why it is nobody's, a sentence each.
    pub evidence: Vec<String>,
    /// Who uses it nevertheless, so that it must stay.
    pub used_by: Vec<String>,
}

/// The kinds of links that are left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrphanKind {
    /// A network's bridge.
    Bridge,
    /// Both ends of a veth pair.
    VethPair,
}

/// Looks for bridges of the form `br-` and twelve digits whose network no engine knows, and for veth pairs of which
/// both ends lie in the engine's namespace, down, and belong to nothing.
///
/// The gap says why that cannot be told: another engine may own them.
pub fn orphans(snapshot: &Snapshot) -> Result<Orphans, Gap> {
    let engine = snapshot.engine.known()?;
    let host = snapshot.host.known()?;
    let namespace = engine_namespace(snapshot)?;
    other_engines(host, engine, namespace)?;
    let stack = namespace.stack.known()?;
    let links = stack.links.known()?;
    let known = known_ids(snapshot, engine)?;
    let scene = Scene { host, namespace, stack, links, known };
    let mut found: Vec<_> = links.iter().filter_map(|link| scene.bridge(link)).collect();
    let bridges: BTreeSet<_> = found.iter().map(|orphan| orphan.index).collect();
    found.extend(links.iter().filter_map(|link| scene.veth_pair(link, &bridges)));
    Ok(Orphans { namespace: namespace.id, links: found })
}

struct Scene<'a> {
    host: &'a Host,
    namespace: &'a NetworkNamespace,
    stack: &'a NetworkStack,
    links: &'a [Link],
    known: BTreeSet<String>,
}

impl Scene<'_> {
    fn bridge(&self, link: &Link) -> Option<OrphanLink> {
        let id = link.name.strip_prefix("br-").filter(|id| is_short_id(id))?;
        if link.kind != LinkKind::Bridge || self.known.contains(id) {
            return None;
        }
        let mut evidence = vec![format!("it is named after network {id}, which the engine does not have")];
        let addresses = self.stack.addresses.value().into_iter().flatten();
        let addresses: Vec<_> = addresses
            .filter(|address| address.interface == link.index && !is_link_local(address.prefix.address))
            .map(|address| address.prefix)
            .collect();
        evidence.extend(addresses.iter().map(|address| format!("it still holds {address}")));
        let ports = self.links.iter().filter(|port| port.master == Some(link.index));
        let used_by = ports.filter_map(|port| self.user(port)).collect();
        let (index, name) = (link.index, link.name.clone());
        Some(OrphanLink { index, name, kind: OrphanKind::Bridge, addresses, evidence, used_by })
    }

    /// Who is at the other end of a bridge's port; `None` where that is a pair that is nobody's, too.
    fn user(&self, port: &Link) -> Option<String> {
        let name = &port.name;
        match self.other_end(port) {
            Ok(Some(_)) => self
                .pair_of_nobody(port, &BTreeSet::from_iter(port.master))
                .is_none()
                .then(|| format!("{name}, whose other end is in this namespace and in use")),
            Ok(None) => Some(format!("{name}, which is no veth pair")),
            Err(Some(namespace)) if self.is_left_behind(namespace) => None,
            Err(Some(namespace)) => Some(format!("{name}, which leads to {}", self.inhabitants(namespace))),
            Err(None) => Some(format!("{name}, whose other end is not to be seen")),
        }
    }

    /// A namespace in which nobody lives, and that an engine keeps for a container that is gone.
    fn is_left_behind(&self, namespace: NetnsId) -> bool {
        let is_engines = |name: &String| {
            name.starts_with("/run/docker/netns/") || name.starts_with("/var/run/docker/netns/")
        };
        self.host.namespace(namespace).is_some_and(|found| {
            found.processes.is_empty() && !found.names.is_empty() && found.names.iter().all(is_engines)
        })
    }

    fn inhabitants(&self, namespace: NetnsId) -> String {
        let processes = self.host.namespace(namespace).map(|found| found.processes.as_slice());
        match processes {
            Some([first, ..]) => format!("the network of process {first}"),
            _ => format!("network namespace {namespace}"),
        }
    }

    /// Each pair once, by its end with the lower index.
    fn veth_pair(&self, link: &Link, bridges: &BTreeSet<InterfaceIndex>) -> Option<OrphanLink> {
        let other = self.pair_of_nobody(link, bridges)?;
        if other.index < link.index {
            return None;
        }
        let evidence =
            vec![format!("its other end, {}, lies in the same namespace, and neither carries", other.name)];
        let (index, name) = (link.index, link.name.clone());
        let (addresses, used_by) = (Vec::new(), Vec::new());
        Some(OrphanLink { index, name, kind: OrphanKind::VethPair, addresses, evidence, used_by })
    }

    /// The other end of a pair of which both ends are here, carry nothing, and are ports of nothing but `bridges`.
    fn pair_of_nobody(&self, link: &Link, bridges: &BTreeSet<InterfaceIndex>) -> Option<&Link> {
        let other = self.other_end(link).ok().flatten()?;
        let is_nobodys = |end: &Link| {
            is_engines_veth(&end.name)
                && !end.carrier
                && end.master.is_none_or(|master| bridges.contains(&master))
        };
        (is_nobodys(link) && is_nobodys(other) && !(link.up && other.up)).then_some(other)
    }

    /// The other end where it is in the same namespace; `Ok(None)` for what is no veth; the namespace where it is in another.
    fn other_end(&self, link: &Link) -> Result<Option<&Link>, Option<NetnsId>> {
        let Some(peer) = link.peer.as_ref().filter(|_| link.kind == LinkKind::Veth) else { return Ok(None) };
        match peer.namespace {
            Observed::Known(namespace) if namespace == self.namespace.id => {
                let other = self.links.iter().find(|other| other.index == peer.index);
                other.map(Some).ok_or(Some(namespace))
            }
            Observed::Known(namespace) => Err(Some(namespace)),
            Observed::Missing(_) => Err(None),
        }
    }
}

/// The ids of every network that the engine or its database knows, shortened as they are in bridges' names.
fn known_ids(snapshot: &Snapshot, engine: &Engine) -> Result<BTreeSet<String>, Gap> {
    let listed = engine.networks.known()?.iter().map(|network| network.id.short().0.to_owned());
    let stored = snapshot.network_database.value().into_iter().flat_map(NetworkDatabase::networks);
    Ok(listed.chain(stored.map(|network| network.network_id().short().0.to_owned())).collect())
}

/// Another engine in the same namespace names its bridges in the same way.
fn other_engines(host: &Host, engine: &Engine, namespace: &NetworkNamespace) -> Result<(), Gap> {
    let is_here = |process: &&Process| process.network_namespace.value() == Some(&namespace.id);
    match other_daemons(host, *engine.daemon.known()?)?.find(is_here) {
        None => Ok(()),
        Some(other) => {
            let cause = format!(
                "{} {} runs in the same network, and its bridges look the same",
                other.name, other.pid
            );
            Err(Gap::new(GapKind::Unsupported, "bridges that are nobody's", cause))
        }
    }
}

/// Every link that is up has one.
fn is_link_local(address: std::net::IpAddr) -> bool {
    matches!(address, std::net::IpAddr::V6(address) if address.is_unicast_link_local())
}

fn is_short_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// libnetwork names both ends `veth` and seven digits.
fn is_engines_veth(name: &str) -> bool {
    name.strip_prefix("veth").is_some_and(|digits| {
        digits.len() == 7 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}
