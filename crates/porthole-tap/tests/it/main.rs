//! The relay between real sockets, and between the real docker client and real engines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod audit;
mod certificates;
mod clients;
mod conformance;
mod engines;
mod http2;
mod idle;
mod limits;
mod observing;
mod probes;
mod record;
mod roles;
mod server;
mod stand;
mod stopping;
mod tls;
mod tls_files;
