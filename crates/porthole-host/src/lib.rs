//! The kernel's answers as nouns: processes, network namespaces and what is in them, read from procfs and netlink.
//!
//! *Invariant:* this crate knows no engine and decides nothing; what it cannot read is a [`Gap`](porthole_model::Gap).

mod accounts;
mod admission;
mod change;
mod connections;
mod daemon;
mod descendants;
mod dns;
mod door;
mod enter;
mod entry;
mod failure;
mod file_ids;
mod files;
mod firewall;
mod foreground_job;
mod held_root;
mod host;
mod identity;
mod limits;
mod link_removal;
mod name_services;
mod namespace_kinds;
mod netlink_client;
mod own_program;
mod own_stack;
mod owners;
mod places;
mod probe;
mod processes;
mod procfs;
mod program;
mod pseudo_terminal;
mod raw_terminal;
mod resources;
mod rule_trace;
mod socket_filter;
mod socket_inventory;
mod socket_source;
mod stack;
mod stand_in;
mod storage;
mod sysctls;
mod terminal;
pub mod tree;
mod user_namespace;
#[cfg(all(target_env = "gnu", target_feature = "crt-static", target_arch = "x86_64"))]
mod versioned_names;

pub use accounts::FileOwner;
pub use admission::Admission;
pub use descendants::{Descendants, signal_group};
pub use dns::{DnsDoors, SettingsFile, ask_servers};
pub use door::ProcessDoor;
pub use entry::{
    EntryFailure, EntryPlan, Extent, FailureKind, Graft, Placement, Report, Request, Session, SessionMount,
    SessionTerminal, carry_out, keep, kept_line,
};
pub use files::{HeldDirectory, ProcessFiles, SettledFile};
pub use foreground_job::{disregard_stop_key, has_untold_stop};
pub use held_root::{
    HeldRoot, HoldError, MountSource, PlannedMount, RootAccess, RootPlan, hold_container, hold_root,
    is_holder,
};
pub use host::{LinuxHost, Roots};
pub use limits::{ask_to_end, be_called, end_by, kill, own_user, raise_descriptor_limit, stand_alone};
pub use name_services::pin_name_services;
pub use own_program::OwnProgram;
pub use porthole_wire::{AddressFamily, SocketStates};
pub use program::{RunningProgram, StartedProgram};
pub use pseudo_terminal::{PseudoTerminal, begin_with_terminal};
pub use raw_terminal::{Cells, RawTerminal, cells};
pub use rule_trace::{RuleTrace, TraceNews, TracedPackets};
pub use socket_filter::SocketFilter;
pub use socket_inventory::SocketInventory;
pub use stand_in::{HeldSocket, Mounted, MountedChange, SocketPlace};
pub use terminal::{Foreground, is_in_foreground, is_taken, stop_as_terminal_does};
