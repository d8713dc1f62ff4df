//! The engine's events as they happen, across broken connections and restarts of the engine, each once.
//!
//! An engine keeps its last 256 events (moby, `daemon/events/events.go`) and sends those again that happened since a
//! moment it is told. So after a break everything since the oldest event still remembered here is asked for, and what
//! was seen before is left out. Where the engine's answer does not begin with an event that was seen, it has forgotten
//! some, which a restart does, and that is said.

mod decode;
mod follow;
mod memory;
mod query;

pub use follow::EventStream;
pub use query::{EventMoment, EventQuery};
