//! Scenarios: a host in, findings out, and many hosts on which there must be none.

mod bridges;
mod confirm;
mod containers;
mod diagnose;
mod engine;
mod firewall;
mod forwarding;
mod kernel_settings;
mod lab;
mod locality;
mod netdb;
mod network_limits;
mod networks;
mod nouns;
mod packets;
mod paused;
mod ports;
mod proxies;
mod rules;
mod sockets;
mod spec;
mod storage;
mod target;
mod topology;
mod wiring;
