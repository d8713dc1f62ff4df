//! Registries of images: who may pull from them, and why a pull failed.

mod credentials;
mod helper_program;
mod reference;
mod trouble;

pub(crate) use credentials::{Authorization, authorize};
pub(crate) use reference::has_tag;
pub use reference::registry_of;
pub use trouble::{PullTrouble, pull_trouble};
