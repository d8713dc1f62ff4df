//! One network namespace alone: that of the calling thread, for a tool that runs inside it, or that of a process.

use std::io;
use std::net::IpAddr;

use porthole_model::{Firewall, Gap, NetnsId, NetworkStack, Observed, Pid, Route, Scope, Topic};
use porthole_wire::netlink::route;

use crate::LinuxHost;
use crate::enter;
use crate::firewall;
use crate::netlink_client::NetlinkClient;
use crate::owners::OwnerTable;
use crate::places::Place;
use crate::stack::Reader;

impl LinuxHost {
    /// Links, addresses, routes and neighbours of the calling thread's own network namespace.
    pub fn own_stack(&self) -> NetworkStack {
        let scope = Scope::of(&[Topic::Links, Topic::Routes]);
        // Where /proc is not mounted the kernel answers all the same; only the name in a gap suffers.
        let id = self.own_network_namespace().value().copied().unwrap_or(NetnsId(0));
        let place = Place::of_own_thread(&self.proc, id);
        let owners = OwnerTable::new(&self.proc);
        let places = std::slice::from_ref(&place);
        Reader { proc: &self.proc, scope: &scope, places, owners: &owners, own: Some(id) }.read(&place)
    }

    /// What a scope asks for of the network namespace of one process; of no other is anything read.
    pub fn stack_of(&self, process: Pid, scope: &Scope) -> Result<NetworkStack, Gap> {
        let namespace = *self.network_namespace_of(process).known()?;
        let place = Place::of_process(&self.proc, namespace, process);
        let owners = OwnerTable::new(&self.proc);
        let places = std::slice::from_ref(&place);
        let own = self.own_network_namespace().value().copied();
        let reader = Reader { proc: &self.proc, scope, places, owners: &owners, own };
        enter::one(&self.proc, &place, &|place| reader.read(place))
    }

    /// The firewall of the calling thread's own network namespace, with iptables-save's words or without.
    pub fn own_firewall(&self, with_wording: bool) -> Observed<Firewall> {
        let topics: &[Topic] =
            if with_wording { &[Topic::Firewall, Topic::FirewallWording] } else { &[Topic::Firewall] };
        let id = self.own_network_namespace().value().copied().unwrap_or(NetnsId(0));
        let place = Place::of_own_thread(&self.proc, id);
        firewall::read(&self.proc, &Scope::of(topics), &place, Some(id))
    }

    /// The route that the kernel would take to an address, from this namespace.
    pub fn route_to(&self, destination: IpAddr) -> io::Result<Route> {
        NetlinkClient::routes()?.get(&route::request_to(destination), route::decode)
    }

    /// The sockets of the calling thread's own network namespace, through a filter.
    pub fn own_sockets(&self, filter: &crate::SocketFilter) -> Result<Vec<porthole_model::Socket>, Gap> {
        let mut sockets = Vec::new();
        let own = Pid(self.proc.own_pid().unwrap_or_else(|_| std::process::id()));
        self.each_socket(own, filter, &mut |socket| {
            sockets.push(socket);
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(sockets)
    }
}
