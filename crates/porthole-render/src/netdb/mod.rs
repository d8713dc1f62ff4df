//! The engine's network database, and what is done about it: plans, questions and outcomes.

mod plans;
mod show;

pub use plans::{
    CleanItem, ResetFacts, ResetOutcome, StepOutcome, backup_written, clean_plan, reset_done, reset_plan,
    steps_done, steps_plan,
};
pub use show::{Names, keys, show};
