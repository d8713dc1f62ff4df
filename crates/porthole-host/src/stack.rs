//! What a network namespace holds, read by a thread that is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::os::fd::AsRawFd;

use porthole_model::{
    FdbEntry, Gap, GapKind, InterfaceAddress, Link, LinkKind, Neighbour, NetnsId, NetworkStack, Observed,
    PathMtu, Route, RoutingRule, Scope, Socket, Topic,
};
use porthole_wire::netlink::route::Entry;
use porthole_wire::netlink::{address, link, namespace_id, neighbour, route, routing_rule};
use porthole_wire::{AddressFamily, SocketRecord};

use crate::failure::{Right, gap, namespace_name};
use crate::netlink_client::NetlinkClient;
use crate::owners::OwnerTable;
use crate::places::Place;
use crate::procfs::ProcFs;
use crate::{SocketFilter, connections, firewall, socket_source, sysctls};

/// Reads what a scope asks for.
pub(crate) struct Reader<'a> {
    pub(crate) proc: &'a ProcFs,
    pub(crate) scope: &'a Scope,
    pub(crate) places: &'a [Place],
    pub(crate) owners: &'a OwnerTable<'a>,
    /// The namespace that porthole itself is in.
    pub(crate) own: Option<NetnsId>,
}

impl Reader<'_> {
    /// Reads the namespace that the calling thread is in, which is `place`.
    pub(crate) fn read(&self, place: &Place) -> NetworkStack {
        use Topic::{ForwardingDatabase, Links, Routes};
        let links = self.asked(Links, place, "links", |client| self.links(client, place));
        let (routes, path_mtus) = match self.asked(Routes, place, "routes", routing) {
            Observed::Known((routes, paths)) => (Observed::Known(routes), Observed::Known(paths)),
            Observed::Missing(gap) => (Observed::Missing(gap.clone()), Observed::Missing(gap)),
        };
        NetworkStack {
            connection_tracking: connections::read(self.proc, self.scope, place, leads_on(&links)),
            links,
            addresses: self.asked(Links, place, "addresses", addresses),
            routes,
            path_mtus,
            routing_rules: self.asked(Routes, place, "routing rules", routing_rules),
            neighbours: self.asked(Routes, place, "neighbours", neighbours),
            forwarding_database: self.asked(
                ForwardingDatabase,
                place,
                "forwarding databases",
                forwarding_database,
            ),
            sysctls: if self.scope.has(Topic::Sysctls) { sysctls::read(self.proc) } else { BTreeMap::new() },
            sockets: self.sockets(place),
            firewall: firewall::read(self.proc, self.scope, place, self.own),
        }
    }

    /// Where porthole may not go, `/proc/PID/net` still shows the sockets.
    pub(crate) fn or_fallback(&self, place: &Place, stack: Observed<NetworkStack>) -> Observed<NetworkStack> {
        let (Some(gap), Some(filter)) = (stack.gap(), SocketFilter::of_scope(self.scope)) else {
            return stack;
        };
        let Some(pid) = place.processes.first().filter(|_| gap.kind == GapKind::Permission) else {
            return stack;
        };
        let sockets = self.collect_sockets(place, "/proc/PID/net", |each| {
            socket_source::from_files(&self.proc.process_path(*pid, "net"), &filter, each)
        });
        Observed::Known(NetworkStack { sockets, ..unseen(gap) })
    }

    fn asked<T>(
        &self,
        topic: Topic,
        place: &Place,
        what: &str,
        read: impl FnOnce(&mut NetlinkClient) -> io::Result<T>,
    ) -> Observed<T> {
        let what = format!("{what} of {}", namespace_name(place.id));
        if !self.scope.has(topic) {
            return Observed::Missing(Gap::not_asked(what));
        }
        let result = NetlinkClient::routes().and_then(|mut client| read(&mut client));
        result.map_err(|error| gap(what, "rtnetlink", error, Right::Root)).into()
    }

    fn links(&self, client: &mut NetlinkClient, place: &Place) -> io::Result<Vec<Link>> {
        let records = client.dump_all(&link::request(), |payload| link::decode(payload).map(Some))?;
        let numbers = records.iter().filter_map(link::LinkRecord::peer_namespace).collect();
        let known = self.numbered_namespaces(client, numbers)?;
        let namespace = |number| match number {
            None => Observed::Known(place.id),
            Some(number) => known.get(&number).copied().ok_or_else(|| unseen_namespace(number)).into(),
        };
        Ok(records.into_iter().map(|record| record.into_link(namespace)).collect())
    }

    /// Which namespaces these numbers mean here. Every known namespace is asked for until all are found; the one
    /// with most processes first, for it is usually where the other ends are.
    fn numbered_namespaces(
        &self,
        client: &mut NetlinkClient,
        mut wanted: BTreeSet<i32>,
    ) -> io::Result<BTreeMap<i32, NetnsId>> {
        let mut known = BTreeMap::new();
        let mut places: Vec<&Place> = self.places.iter().collect();
        places.sort_by_key(|place| std::cmp::Reverse(place.processes.len()));
        for place in places {
            if wanted.is_empty() {
                break;
            }
            let Ok(door) = place.open() else { continue };
            let number = client.get(&namespace_id::request(door.as_raw_fd()), namespace_id::decode)?;
            known.extend(number.filter(|number| wanted.remove(number)).map(|number| (number, place.id)));
        }
        Ok(known)
    }

    fn sockets(&self, place: &Place) -> Observed<Vec<Socket>> {
        let Some(filter) = SocketFilter::of_scope(self.scope) else {
            return Observed::Missing(Gap::not_asked(format!("sockets of {}", namespace_name(place.id))));
        };
        let sockets = self.collect_sockets(place, "sock_diag", |each| {
            socket_source::from_kernel(&mut NetlinkClient::sockets()?, &filter, each)
        });
        match sockets {
            // Without the kernel's diag modules the files of this very thread's namespace have the same rows.
            Observed::Missing(_) => self.collect_sockets(place, "/proc/thread-self/net", |each| {
                socket_source::from_files(&self.proc.path("thread-self/net"), &filter, each)
            }),
            known @ Observed::Known(_) => known,
        }
    }

    fn collect_sockets(
        &self,
        place: &Place,
        call: &str,
        read: impl FnOnce(socket_source::Each<'_>) -> io::Result<()>,
    ) -> Observed<Vec<Socket>> {
        let mut sockets = Vec::new();
        let result = read(&mut |record: SocketRecord| {
            let owners = self.owners.owners(record.inode);
            sockets.push(record.into_socket(owners));
            ControlFlow::Continue(())
        });
        let what = || format!("sockets of {}", namespace_name(place.id));
        result.map(|()| sockets).map_err(|error| gap(what(), call, error, Right::Root)).into()
    }
}

/// Whether there may be networks behind this namespace: one whose links are not known may have a bridge.
fn leads_on(links: &Observed<Vec<Link>>) -> bool {
    links.value().is_none_or(|links| links.iter().any(|link| link.kind == LinkKind::Bridge))
}

fn addresses(client: &mut NetlinkClient) -> io::Result<Vec<InterfaceAddress>> {
    client.dump_all(&address::request(), |payload| address::decode(payload).map(Some))
}

/// The routes of the client's namespace, of every table.
pub(crate) fn routes(client: &mut NetlinkClient) -> io::Result<Vec<Route>> {
    routing(client).map(|(routes, _)| routes)
}

/// The routes of every table, and what routers told of paths.
fn routing(client: &mut NetlinkClient) -> io::Result<(Vec<Route>, Vec<PathMtu>)> {
    let (mut routes, mut paths) = (Vec::new(), Vec::new());
    for family in [AddressFamily::V4, AddressFamily::V6] {
        let decode = |payload: &[u8]| route::decode_entry(payload).map(Some);
        for entry in client.dump_all(&route::request(family), decode)? {
            match entry {
                Entry::Table(route) => routes.push(route),
                Entry::Path(path) => paths.push(path),
                Entry::Redirect => {}
            }
        }
    }
    Ok((routes, paths))
}

fn routing_rules(client: &mut NetlinkClient) -> io::Result<Vec<RoutingRule>> {
    let mut rules = Vec::new();
    for family in [AddressFamily::V4, AddressFamily::V6] {
        rules.extend(client.dump_all(&routing_rule::request(family), routing_rule::decode)?);
    }
    Ok(rules)
}

fn neighbours(client: &mut NetlinkClient) -> io::Result<Vec<Neighbour>> {
    client.dump_all(&neighbour::request(), neighbour::decode)
}

fn forwarding_database(client: &mut NetlinkClient) -> io::Result<Vec<FdbEntry>> {
    client.dump_all(&neighbour::forwarding_database_request(), neighbour::decode_forwarding_entry)
}

fn unseen_namespace(number: i32) -> Gap {
    let cause = if number < 0 {
        "the kernel has no number for it here".to_owned()
    } else {
        format!("number {number} means none of the namespaces that porthole sees")
    };
    Gap::new(GapKind::Failed, "network namespace of a link's other end", cause)
}

/// A stack of which nothing could be read, for one and the same reason.
fn unseen(gap: &Gap) -> NetworkStack {
    NetworkStack {
        links: Observed::Missing(gap.clone()),
        addresses: Observed::Missing(gap.clone()),
        routes: Observed::Missing(gap.clone()),
        routing_rules: Observed::Missing(gap.clone()),
        path_mtus: Observed::Missing(gap.clone()),
        neighbours: Observed::Missing(gap.clone()),
        forwarding_database: Observed::Missing(gap.clone()),
        sysctls: BTreeMap::new(),
        sockets: Observed::Missing(gap.clone()),
        firewall: Observed::Missing(gap.clone()),
        connection_tracking: Observed::Missing(gap.clone()),
    }
}
