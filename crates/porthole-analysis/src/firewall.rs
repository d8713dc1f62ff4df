//! What a firewall does with packets.

mod walk;

pub use walk::Walker;
