//! Scenarios: a host in, findings out, and many hosts on which there must be none.

mod bridges;
mod confirm;
mod containers;
mod diagnose;
mod engine;
mod forwarding;
mod lab;
mod locality;
mod netdb;
mod networks;
mod nouns;
mod paused;
mod ports;
mod probing;
mod proxies;
mod sockets;
mod spec;
mod storage;
mod target;
mod topology;
mod wiring;
