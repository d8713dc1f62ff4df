//! Streaming the sockets of single namespaces, with flat memory but for one table of who holds what.

use std::io;
use std::ops::ControlFlow;

use porthole_model::{Gap, GapKind, NetnsId, Observed, Pid, Socket, SocketOwner};
use porthole_wire::SocketRecord;

use crate::failure::{Right, gap};
use crate::netlink_client::NetlinkClient;
use crate::owners::OwnerTable;
use crate::places::Place;
use crate::{LinuxHost, SocketFilter, enter, socket_source};

/// How many sockets without a known owner are held back until every process has been looked into.
const HELD_BACK: usize = 4096;

/// What is done with each socket.
type Sink<'a> = &'a mut dyn FnMut(Socket) -> ControlFlow<()>;

/// Who is in which network namespace, from one pass over the processes, for reading the sockets of several.
pub struct SocketInventory<'a> {
    host: &'a LinuxHost,
    members: Vec<(Pid, Option<NetnsId>)>,
    table: OwnerTable<'a>,
}

impl LinuxHost {
    /// One cheap pass over the processes. What it finds is used for every namespace that is asked of it.
    pub fn socket_inventory(&self) -> Result<SocketInventory<'_>, Gap> {
        let pids = self.proc.pids().map_err(|error| gap("processes", "/proc", error, Right::Root))?;
        let members = pids.into_iter().map(|pid| (pid, self.proc.network_namespace(pid).ok())).collect();
        Ok(SocketInventory { host: self, members, table: OwnerTable::new(&self.proc) })
    }

    /// Hands each socket of a process's network namespace that `filter` asks for to `sink`, until that breaks off.
    pub fn each_socket(&self, namespace_of: Pid, filter: &SocketFilter, sink: Sink<'_>) -> Result<(), Gap> {
        self.socket_inventory()?.each_socket(namespace_of, filter, sink)
    }
}

impl SocketInventory<'_> {
    /// The processes in a namespace, lowest id first.
    pub fn processes_in(&self, namespace: NetnsId) -> Vec<Pid> {
        let members = self.members.iter().filter(|member| member.1 == Some(namespace));
        members.map(|member| member.0).collect()
    }

    /// Hands each socket of a process's network namespace that `filter` asks for to `sink`, until that breaks off.
    ///
    /// Owners are looked for among the processes of that namespace first. A socket that none of them holds may
    /// belong to one outside, as an engine's resolver does, so it comes last, after a look into all others.
    pub fn each_socket(
        &mut self,
        namespace_of: Pid,
        filter: &SocketFilter,
        sink: Sink<'_>,
    ) -> Result<(), Gap> {
        let namespace = self.host.network_namespace_of(namespace_of);
        if filter.owners {
            self.table.scan(&self.likely_owners(&namespace));
        }
        let mut held_back = Vec::new();
        let mut left = false;
        self.records(namespace_of, &namespace, filter, &mut |record| {
            let owners = self.owners(filter, &record);
            if held_back.len() < HELD_BACK && is_unclaimed(&record, &owners) {
                held_back.push(record);
                return ControlFlow::Continue(());
            }
            let flow = sink(record.into_socket(owners));
            left = flow.is_break();
            flow
        })?;
        if !left && !held_back.is_empty() {
            self.give_back(held_back, filter, sink);
        }
        Ok(())
    }

    fn give_back(&mut self, held_back: Vec<SocketRecord>, filter: &SocketFilter, sink: Sink<'_>) {
        self.table.scan(&self.everyone());
        for record in held_back {
            let owners = self.owners(filter, &record);
            if sink(record.into_socket(owners)).is_break() {
                return;
            }
        }
    }

    /// Those in the namespace, and those of which it is not known where they are.
    fn likely_owners(&self, namespace: &Observed<NetnsId>) -> Vec<Pid> {
        match namespace.value() {
            Some(id) => self.processes_in(*id),
            None => self.everyone(),
        }
    }

    fn everyone(&self) -> Vec<Pid> {
        self.members.iter().map(|member| member.0).collect()
    }

    fn owners(&self, filter: &SocketFilter, record: &SocketRecord) -> Observed<Vec<SocketOwner>> {
        if filter.owners {
            self.table.owners(record.inode)
        } else {
            Observed::Missing(Gap::not_asked("owner of the socket"))
        }
    }

    /// By netlink where porthole may go, else from the files that `/proc` shows to everyone.
    fn records(
        &self,
        pid: Pid,
        namespace: &Observed<NetnsId>,
        filter: &SocketFilter,
        each: socket_source::Each<'_>,
    ) -> Result<(), Gap> {
        let what = format!("sockets of process {pid}'s network namespace");
        let client = namespace.known().and_then(|id| self.client(*id, pid));
        match client {
            Ok(mut client) => {
                let mut count = 0;
                let read = socket_source::from_kernel(&mut client, filter, &mut |record| {
                    count += 1;
                    each(record)
                });
                match read {
                    // The kernel has none of its diag modules; the files have the same rows.
                    Err(error) if error.kind() == io::ErrorKind::NotFound && count == 0 => {
                        self.records_of_files(pid, what, filter, each)
                    }
                    read => read.map_err(|error| gap(what, "sock_diag", error, Right::Root)),
                }
            }
            Err(refusal) if matches!(refusal.kind, GapKind::Permission | GapKind::Unsupported) => {
                self.records_of_files(pid, what, filter, each)
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn records_of_files(
        &self,
        pid: Pid,
        what: String,
        filter: &SocketFilter,
        each: socket_source::Each<'_>,
    ) -> Result<(), Gap> {
        let directory = self.host.proc.process_path(pid, "net");
        socket_source::from_files(&directory, filter, each)
            .map_err(|error| gap(what, &directory.display().to_string(), error, Right::Tracing))
    }

    /// A socket that was opened in the namespace stays there; the thread that opened it ends.
    fn client(&self, namespace: NetnsId, pid: Pid) -> Result<NetlinkClient, Gap> {
        let mut place = Place::of_process(&self.host.proc, namespace, pid);
        for member in self.processes_in(namespace) {
            place.add_process(&self.host.proc, member);
        }
        let opened = enter::one(&self.host.proc, &place, &|_| NetlinkClient::sockets())?;
        opened.map_err(|error| gap("sockets", "socket(AF_NETLINK)", error, Right::Root))
    }
}

fn is_unclaimed(record: &SocketRecord, owners: &Observed<Vec<SocketOwner>>) -> bool {
    record.inode != 0 && owners.value().is_some_and(Vec::is_empty)
}
