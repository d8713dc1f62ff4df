//! A root file system put together from layers, as a container's is, and held by a process in namespaces of its own:
//! to be entered like a running container, and gone with that process.

mod holder;
mod layers;
mod mounts;
mod plan;
mod process;

pub use holder::{HeldRoot, HoldError};
pub use plan::{MountSource, PlannedMount, RootAccess, RootPlan};
pub use process::{hold_container, hold_root, is_holder};
