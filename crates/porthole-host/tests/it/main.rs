//! Tests against the real kernel, in namespaces of their own. They need root and fail without it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and its roles speak to it")]

mod change;
mod daemons;
mod firewall;
mod firewall_walk;
mod links;
mod probes;
mod processes;
mod roles;
mod rule_trace;
mod sockets;
mod unprivileged;
mod world;
