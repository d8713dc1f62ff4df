//! Firewalls: from the kernel's messages and iptables-save's lines to [`porthole_model::firewall`].

pub mod hooks;
pub mod ip_set;
pub mod iptables_save;
pub mod legacy;
pub mod nftables;

mod bytes;
mod told;
mod wording;
mod xt;

pub use wording::words;

/// The names of ipsets by the number under which the rules of `-m set` know them.
pub type IpSetNames = std::collections::BTreeMap<u16, String>;
