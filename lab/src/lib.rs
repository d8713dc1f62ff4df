//! Real, private Docker and Podman hosts: each lab is one machine's worth of namespaces with a real engine, an
//! outside world with a client, a DNS server and a web server, and a `Drop` that leaves nothing behind.
//!
//! ```no_run
//! use porthole_lab::{Engine, Lab};
//!
//! let lab = Lab::start(Engine::newest())?;
//! lab.run("web", &["-p", "8080:80"], "peer:1", &["http", "80"]);
//! assert_eq!(lab.outside_peer(&["get", "http://10.77.0.2:8080/"]).code, 0);
//! # Ok::<(), porthole_lab::LabError>(())
//! ```

mod apt;
mod builder;
mod cgroup;
mod claim;
mod clients;
mod command;
mod contents;
mod daemon;
mod engine;
mod error;
mod fetch;
mod first;
mod garbage;
mod host;
mod images;
mod lab;
mod outside;
mod peer;
mod process;
mod registry;
mod settings;
mod slot;
mod ssh;
mod start;
mod systemd;
mod tree;
mod users;

pub use builder::LabBuilder;
pub use clients::Clients;
pub use command::Output;
pub use engine::Engine;
pub use error::LabError;
pub use garbage::{Kept, collect_garbage, list};
pub use host::{Attached, Identity};
pub use lab::Lab;
pub use process::program_pid;
pub use tree::fetch_all;
