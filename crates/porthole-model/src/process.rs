//! Processes, and what the docker-proxy processes among them say of themselves.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{ContainerId, MaskedText, NetnsId, Observed, Pid, Port, TransportProtocol, Uid};

/// A process, as `/proc/PID` shows it. Threads of the kernel are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its id.
    pub pid: Pid,
    /// Its parent.
    pub parent: Pid,
    /// Its name in the kernel, at most 15 bytes.
    pub name: String,
    /// Its arguments, with what looks like a credential masked.
    pub arguments: Observed<Vec<MaskedText>>,
    /// Its real user.
    pub uid: Uid,
    /// When it started, in clock ticks since boot: with the pid, its identity.
    pub started: u64,
    /// Its network namespace.
    pub network_namespace: Observed<NetnsId>,
    /// The container that its control group names, whichever engine runs it.
    pub container: Observed<Option<ContainerId>>,
}

/// A docker-proxy process: the engine's relay for one published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerProxy {
    /// Its process.
    pub pid: Pid,
    /// `-proto`.
    pub protocol: TransportProtocol,
    /// `-host-ip`.
    pub host_address: IpAddr,
    /// `-host-port`.
    pub host_port: Port,
    /// `-container-ip`.
    pub container_address: IpAddr,
    /// `-container-port`.
    pub container_port: Port,
}
