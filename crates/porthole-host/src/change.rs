//! Changes of a network namespace that can be taken back: each is made only where what was read of it is still so.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use porthole_model::{
    Gap, GapKind, InterfaceIndex, KernelChange, Link, MacAddress, Neighbour, NeighbourState, NetnsId, Pid,
};
use porthole_wire::netlink::link::LinkRecord;
use porthole_wire::netlink::message::Request;
use porthole_wire::netlink::{address, link, neighbour, route};

use crate::failure::{Right, gap};
use crate::netlink_client::NetlinkClient;
use crate::places::Place;
use crate::{LinuxHost, enter};

impl LinuxHost {
    /// Makes a change in the network namespace `namespace`, in which the process `pid` is.
    ///
    /// Where something is not as the change says that it is before, it is refused with [`GapKind::Vanished`].
    pub fn alter(&self, (pid, namespace): (Pid, NetnsId), change: &KernelChange) -> Result<(), Gap> {
        let place = Place::of_process(&self.proc, namespace, pid);
        let made = enter::one(&self.proc, &place, &|_| make(&self.proc.path("sys"), change))?;
        made.map_err(|refusal| refusal.into_gap(change))
    }
}

/// Why a change was not made.
enum Refusal {
    /// Something is not as it was read.
    Changed(String),
    /// The kernel said no.
    Failed(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

impl Refusal {
    fn into_gap(self, change: &KernelChange) -> Gap {
        let (what, call) = match change {
            KernelChange::Sysctl { name, .. } => (format!("sysctl {name}"), "writing it"),
            KernelChange::Up { link, .. } | KernelChange::Master { link, .. } => {
                (format!("interface '{link}'"), "RTM_NEWLINK")
            }
            KernelChange::Address { address, .. } => {
                (format!("address {address}"), "RTM_NEWADDR, RTM_DELADDR")
            }
            KernelChange::Neighbour { address, .. } => {
                (format!("neighbour entry for {address}"), "RTM_NEWNEIGH, RTM_DELNEIGH")
            }
            KernelChange::DefaultRoute { gateway, .. } => {
                (format!("default route via {gateway}"), "RTM_NEWROUTE, RTM_DELROUTE")
            }
        };
        match self {
            Self::Changed(now) => Gap::new(GapKind::Vanished, what, now),
            Self::Failed(error) => gap(what, call, error, Right::Root),
        }
    }
}

fn make(sysctls: &Path, change: &KernelChange) -> Result<(), Refusal> {
    match change {
        KernelChange::Sysctl { name, from, to } => write(&sysctls.join(name.replace('.', "/")), from, to),
        KernelChange::Up { link, up } => Interfaces::read()?.switch(link, *up),
        KernelChange::Master { link, from, to } => {
            Interfaces::read()?.plug(link, from.as_deref(), to.as_deref())
        }
        KernelChange::Address { link, address, present } => {
            Interfaces::read()?.on(link, |index| address::change(index, *address, *present))
        }
        KernelChange::Neighbour { link, address, mac, present: true } => {
            Interfaces::read()?.on(link, |index| neighbour::permanent(index, *address, *mac))
        }
        KernelChange::Neighbour { link, address, mac, present: false } => {
            Interfaces::read()?.forget(link, *address, *mac)
        }
        KernelChange::DefaultRoute { link, gateway, present } => {
            Interfaces::read()?.on(link, |index| route::default_route(index, *gateway, *present))
        }
    }
}

fn write(path: &Path, from: &str, to: &str) -> Result<(), Refusal> {
    let now = fs::read_to_string(path)?;
    if now.trim() != from {
        return Err(Refusal::Changed(format!("it is {} by now", now.trim())));
    }
    Ok(fs::write(path, to)?)
}

/// The interfaces of a namespace, and the way to change something of them.
struct Interfaces {
    client: NetlinkClient,
    links: Vec<LinkRecord>,
}

impl Interfaces {
    fn read() -> io::Result<Self> {
        let mut client = NetlinkClient::routes()?;
        let links = client.dump_all(&link::request(), |payload| link::decode(payload).map(Some))?;
        Ok(Self { client, links })
    }

    fn named(&self, name: &str) -> Result<&Link, Refusal> {
        let found = self.links.iter().map(LinkRecord::link).find(|link| link.name == name);
        found.ok_or_else(|| Refusal::Changed(format!("there is no interface '{name}' any more")))
    }

    fn send(&mut self, request: &Request) -> Result<(), Refusal> {
        Ok(self.client.dump(request, &mut |_| Ok(()))?)
    }

    fn on(&mut self, name: &str, request: impl Fn(InterfaceIndex) -> Request) -> Result<(), Refusal> {
        let request = request(self.named(name)?.index);
        self.send(&request)
    }

    fn switch(&mut self, name: &str, up: bool) -> Result<(), Refusal> {
        if self.named(name)?.up == up {
            let now = if up { "up" } else { "down" };
            return Err(Refusal::Changed(format!("it is {now} by now")));
        }
        self.on(name, |index| link::switch(index, up))
    }

    fn plug(&mut self, name: &str, from: Option<&str>, to: Option<&str>) -> Result<(), Refusal> {
        let index_of = |name: Option<&str>| -> Result<Option<InterfaceIndex>, Refusal> {
            name.map(|name| self.named(name).map(|link| link.index)).transpose()
        };
        if self.named(name)?.master != index_of(from)? {
            return Err(Refusal::Changed("it is plugged in elsewhere by now".to_owned()));
        }
        let bridge = index_of(to)?;
        self.on(name, |index| link::plug(index, bridge))
    }

    fn forget(&mut self, name: &str, address: IpAddr, mac: MacAddress) -> Result<(), Refusal> {
        let index = self.named(name)?.index;
        let entries = self.client.dump_all(&neighbour::request(), neighbour::decode)?;
        let wanted =
            Neighbour { interface: index, address, mac: Some(mac), state: NeighbourState::Permanent };
        if !entries.contains(&wanted) {
            return Err(Refusal::Changed("there is no such permanent entry any more".to_owned()));
        }
        self.send(&neighbour::removal(index, address))
    }
}
