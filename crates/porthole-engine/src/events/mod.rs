//! The engine's events as they happen, across broken connections and restarts of the engine, each once.
//!
//! An engine keeps its last 256 events (moby, `daemon/events/events.go`) and sends those again that happened since a
//! moment it is told. So after a break everything since the oldest event still remembered here is asked for, and what
//! was seen before is left out. Where the engine remembers nothing of what was seen, it has forgotten more, which a
//! restart does, and that is said.
//!
//! A connection can be dead without an end, and an engine throws events away for who reads too slowly. So from time to
//! time it is asked what it remembers, and a stream that did not bring all of it is begun anew.

mod decode;
mod follow;
mod listening;
mod memory;
mod query;

pub use follow::EventStream;
pub use query::{EventMoment, EventQuery};
