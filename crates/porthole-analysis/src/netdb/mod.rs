//! The engine's networks, as its database, its API and the kernel have them: what is nobody's, and how to make again
//! what is lost.

mod command;
mod orphans;
mod repair;
mod restore;

pub use command::step_command;
pub use orphans::{OrphanKind, OrphanLink, Orphans, orphans};
pub use repair::{RepairPlan, repair_plan};
pub use restore::{KeptNetwork, RestorePlan, in_the_way, restore_plan};
