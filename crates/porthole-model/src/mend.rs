//! Changes that mend a finding and can be taken back exactly.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{ContainerId, IpPrefix, MacAddress, NetnsId, Pid};

/// What mends a finding and can be taken back: it restarts nothing, deletes nothing that is anybody's, and opens nothing
/// that the engine does not open itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mend {
    /// What is to be done, in order.
    pub steps: Vec<MendStep>,
    /// The commands that take it back, in order.
    pub undo: Vec<String>,
}

/// One of its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MendStep {
    /// In a network namespace.
    Kernel {
        /// The namespace, and a process that is in it.
        place: (Pid, NetnsId),
        /// What is changed there.
        change: KernelChange,
    },
    /// Whether a container is paused.
    Pause {
        /// The container.
        container: ContainerId,
        /// Whether it is paused afterwards.
        paused: bool,
    },
}

impl MendStep {
    /// The step that takes it back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        match self {
            Self::Kernel { place, change } => Self::Kernel { place: *place, change: change.inverse() },
            Self::Pause { container, paused } => {
                Self::Pause { container: container.clone(), paused: !paused }
            }
        }
    }
}

/// One change of a network namespace. What is said to be before must be so, or the change is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KernelChange {
    /// A parameter.
    Sysctl {
        /// Its name: `net.ipv4.ip_forward`.
        name: String,
        /// Its value before.
        from: String,
        /// Its value afterwards.
        to: String,
    },
    /// Whether an interface is set up.
    Up {
        /// The interface.
        link: String,
        /// Whether it is up afterwards.
        up: bool,
    },
    /// The bridge that an interface is plugged into.
    Master {
        /// The interface.
        link: String,
        /// The bridge before.
        from: Option<String>,
        /// The bridge afterwards.
        to: Option<String>,
    },
    /// An address of an interface.
    Address {
        /// The interface.
        link: String,
        /// The address, with the length of its network.
        address: IpPrefix,
        /// Whether the interface has it afterwards.
        present: bool,
    },
    /// A permanent entry of the neighbour table.
    Neighbour {
        /// The interface.
        link: String,
        /// The address of the neighbour.
        address: IpAddr,
        /// The Ethernet address it is said to have.
        mac: MacAddress,
        /// Whether the table has it afterwards.
        present: bool,
    },
    /// The default route of a family.
    DefaultRoute {
        /// The interface it leads to.
        link: String,
        /// The router.
        gateway: IpAddr,
        /// Whether there is one afterwards.
        present: bool,
    },
}

impl KernelChange {
    /// The change that takes it back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let mut inverse = self.clone();
        match &mut inverse {
            Self::Sysctl { from, to, .. } => std::mem::swap(from, to),
            Self::Master { from, to, .. } => std::mem::swap(from, to),
            Self::Up { up: present, .. }
            | Self::Address { present, .. }
            | Self::Neighbour { present, .. }
            | Self::DefaultRoute { present, .. } => *present = !*present,
        }
        inverse
    }
}
