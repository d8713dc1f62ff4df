//! The files, the sockets and the answers of one subject, on the machine that it runs on.

use std::ops::ControlFlow;
use std::time::Duration;

use porthole_host::{DnsDoors, LinuxHost, SocketFilter, SocketInventory};
use porthole_model::{
    DnsOutcome, DnsProbe, DnsReading, DnsSubject, EngineKind, Gap, Observed, Pid, Port, Socket,
    SocketEndpoint,
};
use porthole_wire::dns;

use crate::collect::names;

/// Reads and asks. No file, socket or server keeps it longer than `wait`, or is an error.
pub(super) fn read(host: &LinuxHost, subject: &DnsSubject, wait: Duration) -> DnsReading {
    let daemon = daemon(host, subject);
    let host_side = daemon.unwrap_or(Pid(std::process::id()));
    let subject = &named(host, subject);
    let mut inventory = host.socket_inventory();
    let text = |path| host.settings_file_of(subject.pid, path).map(|file| file.map(|file| file.content));
    let mut reading = DnsReading {
        resolver_file: names::resolver_file(host, subject.pid),
        hosts_file: text("/etc/hosts").map(|text| dns::hosts_file(&text.unwrap_or_default())),
        name_services: text("/etc/nsswitch.conf")
            .map(|text| text.and_then(|text| dns::hosts_services(&text))),
        host: names::of_host(host, daemon),
        engine_sockets: bound(&mut inventory, subject.pid, &SocketFilter::listeners()),
        host_stubs: bound(&mut inventory, host_side, &name_servers()),
        shares_host_network: shares_network(host, subject.pid, host_side),
        probes: Vec::new(),
    };
    let doors =
        DnsDoors { container: host.door_of(subject.pid).into(), host: host.door_of(host_side).into() };
    let visits = porthole_analysis::dns_visits(subject, &reading);
    reading.probes = porthole_host::ask_servers(&doors, &visits, wait);
    let again = porthole_analysis::dns_visits_again(subject, &reading);
    // Most of these servers have just shown that they are quick, and those that have not are dead.
    reading.probes.extend(porthole_host::ask_servers(&doors, &again, wait / 3));
    reading
}

/// Whether a question went out.
pub(super) fn was_asked(probe: &DnsProbe) -> bool {
    !matches!(probe.outcome, DnsOutcome::NotAsked(_))
}

/// The engine's process: as the caller found it, or by its name.
fn daemon(host: &LinuxHost, subject: &DnsSubject) -> Option<Pid> {
    let kind = subject.engine.as_ref().map_or(EngineKind::Docker, |engine| engine.kind);
    subject.daemon.or_else(|| host.process_named(kind.process_name()).ok())
}

/// A process in a container of an engine has a name there: the beginning of the container's id.
fn named(host: &LinuxHost, subject: &DnsSubject) -> DnsSubject {
    let mut subject = subject.clone();
    if subject.own_name.is_none()
        && let Observed::Known(Some(container)) = host.container_of(subject.pid)
    {
        subject.own_name = Some(container.short().to_string());
    }
    subject
}

/// Whoever waits for questions.
fn name_servers() -> SocketFilter {
    SocketFilter { port: Some(Port(53)), ..SocketFilter::listeners() }
}

/// The sockets on loopback addresses, or on all.
fn bound(
    inventory: &mut Result<SocketInventory<'_>, Gap>,
    pid: Pid,
    filter: &SocketFilter,
) -> Observed<Vec<Socket>> {
    let mut sockets = Vec::new();
    let mut take = |socket: Socket| {
        if let SocketEndpoint::Internet(internet) = &socket.endpoint {
            let address = internet.local.ip();
            if address.is_loopback() || address.is_unspecified() {
                sockets.push(socket);
            }
        }
        ControlFlow::Continue(())
    };
    let read = match inventory {
        Ok(inventory) => inventory.each_socket(pid, filter, &mut take),
        Err(gap) => Err(gap.clone()),
    };
    read.map(|()| sockets).into()
}

fn shares_network(host: &LinuxHost, one: Pid, other: Pid) -> bool {
    let (one, other) = (host.network_namespace_of(one), host.network_namespace_of(other));
    one.value().is_some() && one.value() == other.value()
}
