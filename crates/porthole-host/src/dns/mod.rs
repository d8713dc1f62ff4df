//! The way of a name on a host: the files that a process sees, and questions asked from its network.

mod files;
mod from_places;
mod tcp;
mod udp;
mod visit;

#[cfg(test)]
mod tests;

pub use files::SettingsFile;
pub use visit::{DnsDoors, ask_servers};
