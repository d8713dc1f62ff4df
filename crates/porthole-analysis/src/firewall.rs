//! What a firewall does with packets.

mod journeys;
mod walk;

pub(crate) use journeys::CLIENT_PORT;
pub use journeys::{Aim, Arrival, Fate, Journey, Journeys, Seat, Stop, Uplink};
pub use walk::Walker;
