//! The relay between real sockets, and between the real docker client and real engines.

mod conformance;
mod engines;
mod idle;
mod observing;
mod probes;
mod server;
mod stand;
mod stopping;
