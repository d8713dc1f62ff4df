//! Facts that the tests of every format print.

mod dns;
mod exchange;
mod netdb;
mod ports;
mod report;
mod snapshot;
mod sockets;
mod topology;

use porthole_model::{Gap, GapKind};

pub(crate) use dns::{dns, sound_dns};
pub(crate) use exchange::{container_names, exchanges};
pub(crate) use netdb::{names, network_database};
pub(crate) use ports::{ports, ports_by_two_uplinks, sound_ports};
pub(crate) use report::{healthy, troubled, without_engine};
pub(crate) use snapshot::snapshot;
pub(crate) use sockets::sockets;
pub(crate) use topology::{end, row, topology};

pub(crate) fn gap() -> Gap {
    Gap::new(GapKind::Permission, "sockets of network namespace 4026532281", "permission denied (setns)")
        .with_remedy("run porthole as root")
}
