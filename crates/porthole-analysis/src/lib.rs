//! From a snapshot to findings: the checks and their runner, the topology, and which container is meant.
//!
//! Everything here is a pure function of what was read: no clock, no file, no socket, no panic.

mod attachment;
mod case;
mod checks;
mod confirm;
mod diagnose;
mod dns;
mod endpoint;
mod exchange_filter;
mod exit_code;
mod firewall;
mod fold;
mod locality;
mod mending;
mod near_calls;
pub mod netdb;
mod places;
mod ports;
mod probes;
mod refusal;
#[cfg(test)]
mod sample_exchange;
mod shell;
mod sockets;
pub mod target;
mod topology;
mod traffic;
mod traffic_diff;
mod version;
mod version_trouble;

pub use case::Case;
pub use checks::{Check, Concern, Documentation, Found, check, checks};
pub use confirm::confirm;
pub use diagnose::{diagnose, diagnose_networks, doctor_scope, networks_scope};
pub use dns::{dns_ladder, dns_subject, dns_visits, dns_visits_again};
pub use exchange_filter::{Filter, FilterError, FilterProblem};
pub use firewall::{Aim, Arrival, Fate, Journey, Journeys, Seat, Stop, Uplink, Walker};
pub use locality::locality;
pub use near_calls::near_calls;
pub use places::{container_namespace, engine_namespace, namespace_of};
pub use ports::{ports_counted, ports_scope, ports_since, published_ports};
pub use probes::{probe_plan, probing_process};
pub use refusal::{
    KnownContainer, Refusal, RefusalFacts, RefusalMeaning, RefusalNeed, refusal_meaning, refusal_need,
};
pub use shell::word as shell_word;
pub use sockets::{SocketPlace, socket_container, socket_places};
pub use topology::{topology, topology_of};
pub use traffic::{TrafficTally, traffic_summary};
pub use traffic_diff::{CallBodies, DiffOf, traffic_diff};
pub use version_trouble::{EngineApi, version_trouble};
