//! A place outside: a network namespace that nobody else can name, and a veth pair from it to the host.
//!
//! The namespace is held by a descriptor alone. Without it the kernel removes the namespace, and with that both ends of
//! the pair, so nothing is left after a kill. On the host there is the interface, one neighbour and one route for each
//! family, all of them the interface's own; no address, and no sysctl is set.

use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::{Duration, Instant};

use porthole_model::{Gap, GapKind, InterfaceIndex, MacAddress, NetnsId, OutsidePlace, Route, RouteKind};
use porthole_wire::netlink::{link, route, wiring};
use rustix::thread::UnshareFlags;

use super::addresses;
use crate::failure::{Right, gap};
use crate::netlink_client::NetlinkClient;
use crate::places::Place;
use crate::procfs::ProcFs;
use crate::{enter, stack};

/// The name of the host's end; the kernel fills in the first free number.
const NAME: &str = "porthole%d";

/// The name of the end that nobody sees.
const INNER_NAME: &str = "eth0";

/// Whom the inner end sends everything to. Nobody has these addresses: the neighbour is written down.
const IPV4_GATEWAY: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
const IPV6_GATEWAY: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// How long the kernel may take to see that both ends are on: it looks after that once a second when it is busy
/// (`linkwatch_nextevent`), and until then drops what is sent.
const CARRIER: Duration = Duration::from_secs(3);

/// The kernel's main routing table.
const MAIN_TABLE: u32 = 254;

/// A place outside.
pub(super) struct Outside {
    place: Place,
    _namespace: File,
    inner: End,
    host: End,
    name: String,
    ipv4: Result<IpAddr, Gap>,
    ipv6: Result<IpAddr, Gap>,
}

/// One end of the pair, and a client in its namespace.
struct End {
    client: NetlinkClient,
    index: InterfaceIndex,
    mac: MacAddress,
}

impl Outside {
    /// Makes the place, with an interface in the namespace of `host`.
    pub(super) fn make(proc: &ProcFs, host: &Place, with_ipv6: bool) -> Result<Self, Gap> {
        let (client, routes) = host_routes(proc, host)?;
        let (namespace, mut inner) = new_namespace(proc)?;
        let macs = (addresses::mac(), addresses::mac());
        let pair = make_pair(&mut inner, host, macs).map_err(|error| failed("RTM_NEWLINK", error))?;
        let id = NetnsId(namespace.metadata().map_err(|error| failed("fstat", error))?.ino());
        let unasked = || Err(Gap::not_asked("IPv6 from outside"));
        let mut outside = Self {
            place: Place::of_descriptor(proc, id, namespace.as_raw_fd()),
            _namespace: namespace,
            inner: End { client: inner, index: pair.0, mac: macs.0 },
            host: End { client, index: pair.1, mac: macs.1 },
            name: String::new(),
            ipv4: addresses::ipv4(&routes),
            ipv6: if with_ipv6 { addresses::ipv6(&routes) } else { unasked() },
        };
        outside.switch_on().map_err(|error| failed("RTM_NEWLINK", error))?;
        let uplinks = [false, true].map(|is_ipv6| outside.uplink(&routes, is_ipv6));
        outside.ipv4 = outside.lay(proc, host, outside.ipv4.clone(), uplinks[0].as_deref());
        outside.ipv6 = outside.lay(proc, host, outside.ipv6.clone(), uplinks[1].as_deref());
        Ok(outside)
    }

    /// The namespace.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// What a person should know of it.
    pub(super) fn described(&self) -> OutsidePlace {
        let addresses = [&self.ipv4, &self.ipv6].into_iter().flatten().copied().collect();
        OutsidePlace { interface: self.name.clone(), addresses }
    }

    /// The address of that family.
    pub(super) fn address(&self, is_ipv6: bool) -> Result<IpAddr, Gap> {
        if is_ipv6 { self.ipv6.clone() } else { self.ipv4.clone() }
    }

    /// Whether the host would send answers here: a network manager may have taken the interface for its own, and
    /// routing rules may lead elsewhere.
    pub(super) fn check(&mut self, is_ipv6: bool) -> Result<(), Gap> {
        let address = self.address(is_ipv6)?;
        let way = self.host.client.get(&route::request_to(address), route::decode);
        match way.map(|way| way.interface) {
            Ok(Some(index)) if index == self.host.index => Ok(()),
            Ok(_) => {
                let cause = format!(
                    "the host does not send answers to {address} by {}: a routing rule leads elsewhere, or a network \
                     manager changed the interface",
                    self.name
                );
                Err(Gap::new(GapKind::Failed, "probe from outside", cause))
            }
            Err(error) => Err(failed("RTM_GETROUTE", error)),
        }
    }

    fn switch_on(&mut self) -> io::Result<()> {
        record_of(&mut self.host)?.name().clone_into(&mut self.name);
        act(&mut self.host.client, &wiring::link_up(self.host.index))?;
        act(&mut self.inner.client, &wiring::link_up(self.inner.index))?;
        let begin = Instant::now();
        for end in [&mut self.host, &mut self.inner] {
            while !record_of(end)?.is_operational() {
                if begin.elapsed() > CARRIER {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                thread::sleep(Duration::from_millis(1));
            }
        }
        Ok(())
    }

    /// The interface that leads from the host to everywhere.
    fn uplink(&mut self, routes: &[Route], is_ipv6: bool) -> Option<String> {
        let mut defaults = routes.iter().filter(|route| {
            route.destination.length == 0
                && route.destination.address.is_ipv6() == is_ipv6
                && route.table == MAIN_TABLE
                && route.kind == RouteKind::Unicast
        });
        let index = defaults.next()?.interface?;
        let record = self.host.client.get(&link::request_of(index), link::decode).ok()?;
        Some(record.name().to_owned())
    }

    /// Lays the way there and back for one family.
    fn lay(
        &mut self,
        proc: &ProcFs,
        host: &Place,
        address: Result<IpAddr, Gap>,
        uplink: Option<&str>,
    ) -> Result<IpAddr, Gap> {
        let address = address?;
        if let Some(uplink) = uplink {
            same_forwarding(proc, host, [&self.name, uplink], address.is_ipv6())?;
        }
        self.connect(address).map_err(|error| way_failed(address, error))?;
        self.check(address.is_ipv6())?;
        Ok(address)
    }

    fn connect(&mut self, address: IpAddr) -> io::Result<()> {
        let gateway: IpAddr = if address.is_ipv4() { IPV4_GATEWAY.into() } else { IPV6_GATEWAY.into() };
        let (inner, host) = (&mut self.inner, &mut self.host);
        act(&mut inner.client, &wiring::lone_address(inner.index, address))?;
        act(&mut inner.client, &wiring::fixed_neighbour(inner.index, gateway, host.mac))?;
        act(&mut inner.client, &wiring::default_route(inner.index, gateway))?;
        act(&mut host.client, &wiring::fixed_neighbour(host.index, address, inner.mac))?;
        act(&mut host.client, &wiring::route_to_neighbour(host.index, address))
    }
}

impl Drop for Outside {
    /// At once; else the kernel does it a moment after the last descriptor is closed.
    fn drop(&mut self) {
        let _the_kernel_does_it_later = act(&mut self.inner.client, &link::removal(self.inner.index));
    }
}

/// What the host routes, and a client there.
fn host_routes(proc: &ProcFs, host: &Place) -> Result<(NetlinkClient, Vec<Route>), Gap> {
    let read = enter::one(proc, host, &|_| {
        let mut client = NetlinkClient::routes()?;
        let routes = stack::routes(&mut client)?;
        Ok((client, routes))
    })?;
    read.map_err(|error: io::Error| failed("RTM_GETROUTE", error))
}

/// A network namespace, held by its descriptor alone, and a client in it.
fn new_namespace(proc: &ProcFs) -> Result<(File, NetlinkClient), Gap> {
    let path = proc.path("thread-self/ns/net");
    let made = thread::scope(|scope| {
        let maker = thread::Builder::new().spawn_scoped(scope, || {
            unshare_network()?;
            Ok((File::open(&path)?, NetlinkClient::routes()?))
        })?;
        maker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    made.map_err(|error: io::Error| gap("probe from outside", "unshare", error, Right::SystemAdministration))
}

#[expect(unsafe_code, reason = "rustix marks unshare as unsafe, for what else it can unshare")]
fn unshare_network() -> io::Result<()> {
    // SAFETY: only the calling thread's network namespace changes, which nothing in memory depends on.
    Ok(unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }?)
}

/// Makes the pair; gives the index of the inner end, and that of the host's.
fn make_pair(
    inner: &mut NetlinkClient,
    host: &Place,
    macs: (MacAddress, MacAddress),
) -> io::Result<(InterfaceIndex, InterfaceIndex)> {
    let door = host.open()?;
    let descriptor = u32::try_from(door.as_raw_fd()).map_err(io::Error::other)?;
    let here = wiring::VethEnd { name: INNER_NAME, mac: macs.0 };
    let there = wiring::VethEnd { name: NAME, mac: macs.1 };
    act(inner, &wiring::veth_pair(here, there, descriptor))?;
    let links = inner.dump_all(&link::request(), |payload| link::decode(payload).map(Some))?;
    let pair = links.iter().find(|link| link.name() == INNER_NAME).and_then(link::LinkRecord::pair);
    pair.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
}

fn record_of(end: &mut End) -> io::Result<link::LinkRecord> {
    end.client.get(&link::request_of(end.index), link::decode)
}

/// Where new interfaces do not forward and the uplink does, or the other way round, a packet from here meets another
/// fate than one from there.
fn same_forwarding(proc: &ProcFs, host: &Place, [own, uplink]: [&str; 2], is_ipv6: bool) -> Result<(), Gap> {
    let family = if is_ipv6 { "ipv6" } else { "ipv4" };
    let value = |interface: &str| {
        let path = proc.path(&format!("sys/net/{family}/conf/{interface}/forwarding"));
        fs::read_to_string(path).map(|text| text.trim().to_owned())
    };
    let values = enter::one(proc, host, &|_| Ok((value(own)?, value(uplink)?)))?;
    let (own_value, uplink_value) =
        values.map_err(|error: io::Error| failed("/proc/sys/net, forwarding", error))?;
    if own_value == uplink_value {
        return Ok(());
    }
    let cause = format!(
        "net.{family}.conf.{uplink}.forwarding is {uplink_value}, and that of a new interface {own_value}, so a probe \
         would not travel as a packet by {uplink} does"
    );
    Err(Gap::new(GapKind::Failed, "probe from outside", cause))
}

/// The kernel refuses IPv6 on an interface where `disable_ipv6` is set.
fn way_failed(address: IpAddr, error: io::Error) -> Gap {
    if address.is_ipv6() {
        let cause = format!("the host has no IPv6 on new interfaces ({error})");
        return Gap::new(GapKind::Unsupported, "IPv6 from outside", cause);
    }
    failed("rtnetlink", error)
}

fn act(client: &mut NetlinkClient, request: &porthole_wire::netlink::message::Request) -> io::Result<()> {
    client.dump(request, &mut |_| Ok(()))
}

fn failed(call: &str, error: impl Into<io::Error>) -> Gap {
    gap("probe from outside", call, error, Right::Root)
}
