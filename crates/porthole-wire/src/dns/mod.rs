//! The way of a name: the files that a C library reads (resolv.conf, hosts, nsswitch.conf), the engine's own settings, and
//! DNS messages.

mod engine_settings;
mod hosts_file;
mod message;
mod name_services;
mod remarks;
mod resolver_file;

pub use engine_settings::{SettingsError, servers_in_arguments, servers_in_settings, settings_file};
pub use hosts_file::hosts_file;
pub use message::{MessageError, Received, answer, question};
pub use name_services::hosts_services;
pub use resolver_file::{name_server, resolver_file};
