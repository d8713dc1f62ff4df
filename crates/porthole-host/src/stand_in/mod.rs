//! A unix socket that stands in for another: at its path, and wherever its file is mounted.

mod held;
mod mounts;
mod place;
mod room;
mod visit;

pub use held::HeldSocket;
pub use mounts::{Mounted, MountedChange};
pub use place::SocketPlace;
