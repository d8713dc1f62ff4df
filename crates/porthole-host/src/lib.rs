//! The kernel's answers as nouns: processes, network namespaces and what is in them, read from procfs and netlink.
//!
//! *Invariant:* this crate knows no engine and decides nothing; what it cannot read is a [`Gap`](porthole_model::Gap).

mod accounts;
mod daemon;
mod descendants;
mod dns;
mod door;
mod doorway;
mod enter;
mod entry;
mod failure;
mod held_root;
mod host;
mod identity;
mod limits;
mod name_services;
mod netlink_client;
mod own_stack;
mod owners;
mod places;
mod processes;
mod procfs;
mod pseudo_terminal;
mod raw_terminal;
mod socket_filter;
mod socket_inventory;
mod socket_source;
mod stack;
mod stand_in;
mod sysctls;
mod terminal;
pub mod tree;
#[cfg(all(target_env = "gnu", target_feature = "crt-static", target_arch = "x86_64"))]
mod versioned_names;

pub use accounts::FileOwner;
pub use descendants::{Descendants, signal_group};
pub use dns::{DnsDoors, ask_servers};
pub use door::ProcessDoor;
pub use doorway::Doorway;
pub use entry::{
    EntryFailure, EntryPlan, FailureKind, Graft, Placement, Report, Request, Session, SessionMount,
    SessionTerminal, carry_out, keep, kept_line,
};
pub use held_root::{
    HeldRoot, HoldError, MountSource, PlannedMount, RootAccess, RootPlan, hold_container, hold_root,
    is_holder,
};
pub use host::{LinuxHost, Roots};
pub use limits::{ask_to_end, be_called, raise_descriptor_limit, stand_alone};
pub use name_services::pin_name_services;
pub use porthole_wire::{AddressFamily, SocketStates};
pub use pseudo_terminal::{PseudoTerminal, begin_with_terminal};
pub use raw_terminal::{Cells, RawTerminal, cells};
pub use socket_filter::SocketFilter;
pub use socket_inventory::SocketInventory;
pub use stand_in::{HeldSocket, Mounted, MountedChange, SocketPlace};
pub use terminal::{Foreground, is_taken, stop_as_terminal_does};
