//! Bytes to nouns and back: the formats of the kernel, of the engine and of porthole's own file.

pub mod multiplexed;
pub mod session;
pub mod snapshot_file;

pub mod accounts;
pub mod bolt;
pub mod capability;
pub mod cgroup;
pub mod cgroup_file;
pub mod conntrack_counters;
pub mod content;
pub mod dns;
pub mod docker_proxy;
pub mod engine_api;
pub mod engine_settings;
pub mod executable;
pub mod firewall;
pub mod grpc;
pub mod http;
pub mod http1;
pub mod http2;
pub mod icmp;
pub mod mask;
pub mod mount_info;
pub mod netlink;
pub mod network_backup;
pub mod network_database;
pub mod os_release;
pub mod proc_limits;
pub mod proc_locks;
pub mod proc_net;
pub mod proc_net_unix;
pub mod proc_stat;
pub mod proc_status;
pub mod tar;
pub mod terminal_output;

mod proc_error;
mod socket_record;

pub use proc_error::ProcError;
pub use socket_record::{AddressFamily, SocketRecord, SocketStates};
