//! The whole binary on real engines, in private labs.

mod audit;
mod bad_input;
mod content;
mod cp;
mod debug;
mod debug_kills;
mod debug_sidecar;
mod debug_sidecar_as_target;
mod debug_sidecar_terminal;
mod debug_stopped;
mod debug_stopped_kills;
mod debug_stopped_remote;
mod debug_terminal;
mod endpoints;
mod faults;
mod forward;
mod healthy;
mod help;
mod net_tools;
mod plugin;
mod recorded;
mod sockets;
mod support;
mod take_over;
mod tap;
mod tap_kills;
mod tap_live;
mod tap_raw;
mod tap_remote;
mod testbox;
mod through_engine;
#[cfg(feature = "toolbox")]
mod toolbox;
mod topology;
mod traffic;
mod unprivileged;
