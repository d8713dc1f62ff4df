//! The way of a name: the files that a C library reads (resolv.conf, hosts, nsswitch.conf), and DNS messages.

mod hosts_file;
mod message;
mod name_services;
mod remarks;
mod resolver_file;

pub use hosts_file::hosts_file;
pub use message::{MessageError, Received, answer, question};
pub use name_services::hosts_services;
pub use resolver_file::{name_server, resolver_file};
